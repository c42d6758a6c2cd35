import PQueue from 'p-queue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clocked, hold, never, record, turns, type Clocked } from './support.js'

/** The queues that have been given a job, and how many each. */
const jobs = new Map<PQueue, number>()

const { add } = PQueue.prototype

beforeEach(() => {
  jobs.clear()
  PQueue.prototype.add = function (this: PQueue, ...args: Parameters<typeof add>) {
    jobs.set(this, (jobs.get(this) ?? 0) + 1)
    return add.apply(this, args)
  } as typeof add
})

afterEach(() => {
  PQueue.prototype.add = add
})

const onlyQueue = (): PQueue => {
  expect(jobs.size).toBe(1)
  return [...jobs.keys()][0]!
}

const inUse = ({ supervisor }: Clocked): number => {
  const { running, stopping } = supervisor.status().slots
  return running + stopping
}

describe('p-queue', () => {
  it('carries every slot: as many jobs are pending as functions hold a slot, whenever the turn is over', async () => {
    const clocked10 = clocked({ concurrency: 10, timeout: 100, grace: 50 })
    const { clock, supervisor } = clocked10
    const held = Array.from({ length: 60 }, (_, i) => hold(supervisor, { name: String(i) }))
    const queue = onlyQueue()
    expect([queue.pending, inUse(clocked10)]).toEqual([10, 10])
    let busiest = 0
    for (let step = 0; step < 60; step++) {
      if (step % 3 === 0) held[(step * 7) % 60]!.resolve()
      if (step % 5 === 0) held[(step * 11) % 60]!.handle.cancel()
      if (step % 4 === 0) clock.advance(20)
      if (step === 20) supervisor.concurrency = 3
      if (step === 35) supervisor.concurrency = 15
      expect(queue.pending).toBeGreaterThanOrEqual(inUse(clocked10))
      await turns(3)
      expect(queue.pending).toBe(inUse(clocked10))
      busiest = Math.max(busiest, queue.pending)
    }
    expect(busiest).toBe(15)
    for (const { resolve } of held) resolve()
    for (let i = 0; i < 30; i++) {
      clock.advance(50)
      await turns(3)
    }
    expect([queue.pending, queue.size, inUse(clocked10), jobs.size]).toEqual([0, 0, 0, 1])
  })

  it('never has more jobs than the limit, at any event on the way', async () => {
    const supervised = clocked({ concurrency: 4, timeout: 30, grace: 10 })
    const { clock, supervisor } = supervised
    const seen: [number, number][] = []
    for (const event of ['task:started', 'task:stopping', 'task:settled', 'task:abandoned'] as const) {
      supervisor.on(event, () => {
        const [queue] = jobs.keys()
        seen.push([inUse(supervised), queue?.pending ?? 0])
      })
    }
    for (let i = 0; i < 100; i++) {
      const ms = (i * 13) % 50
      supervisor.spawn(() => new Promise<void>((resolve) => void clock.setTimer(ms, resolve)))
      if (i % 4 === 0) supervisor.spawn(() => i)
    }
    for (let i = 0; i < 200; i++) {
      clock.advance(10)
      await turns(1)
    }
    expect(seen.length).toBeGreaterThan(200)
    expect(seen.every(([used, pending]) => used <= pending && pending <= 4)).toBe(true)
    expect(onlyQueue().pending).toBe(0)
  })

  it('gets the new limit as its own concurrency', () => {
    const { supervisor } = clocked({ concurrency: 2 })
    const held = hold(supervisor)
    const queue = onlyQueue()
    for (const limit of [7, 1, Infinity, 3]) {
      supervisor.concurrency = limit
      expect(queue.concurrency).toBe(limit)
    }
    held.resolve()
  })

  it('keeps the slot of a function that was told to stop until it has stopped or been abandoned', async () => {
    const supervised = clocked({ concurrency: 1, timeout: 10, grace: 100 })
    const { clock, supervisor } = supervised
    const seen = record(supervisor, ['task:abandoned'])
    supervisor.spawn(never)
    const queue = onlyQueue()
    clock.advance(10)
    await turns()
    expect([queue.pending, supervisor.status().slots.stopping]).toEqual([1, 1])
    clock.advance(100)
    await turns()
    expect([queue.pending, seen.length]).toEqual([0, 1])
  })

  it('has no job for a promise already started, nor for what never runs', async () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    supervisor.spawn(never())
    supervisor.spawn(Promise.resolve())
    supervisor.pause()
    supervisor.spawn(() => 1).cancel()
    await turns()
    expect([...jobs.values()]).toEqual([])
    supervisor.resume()
    const held = hold(supervisor)
    expect([...jobs.values()]).toEqual([1])
    held.resolve()
    supervisor.cancelAll()
    await turns()
    expect(onlyQueue().pending).toBe(0)
  })
})

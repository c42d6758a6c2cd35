import { describe, expect, it } from 'vitest'
import type { TaskSupervisorOptions } from 'taskward'
import { laneOf, mail } from './lane-support.js'
import { hold, record, turns } from './support.js'

describe("a lane's queueLimit", () => {
  const full = (onOverflow: 'reject' | 'drop-oldest' | 'drop-newest', rest: TaskSupervisorOptions = {}) => {
    const set = mail({ concurrency: 1, queueLimit: 2 }, { onOverflow, ...rest })
    const held = hold(set.supervisor, { lane: 'mail' })
    const waiting = [set.spawn('first'), set.spawn('second')]
    return { ...set, held, waiting }
  }

  it("with 'reject' fails the newcomer and says whose queue is full", () => {
    const { supervisor, spawn, waiting } = full('reject')
    const newcomer = spawn('newcomer')
    expect(newcomer.snapshot()).toMatchObject({
      ...{ status: 'failed', attempt: 0, lane: 'mail' },
      error: { code: 'TASK_QUEUE_FULL', message: expect.stringMatching(/lane 'mail' is full \(limit 2\)/) as string },
    })
    expect(waiting.map(({ status }) => status)).toEqual(['pending', 'pending'])
    expect(supervisor.status().totals).toMatchObject({ rejected: 1, failed: 1 })
    // Nobody else is turned away.
    expect(supervisor.spawn(() => 1).status).toBe('completed')
    expect(laneOf(supervisor)).toMatchObject({ waiting: 2, queueLimit: 2 })
  })

  it("with 'drop-newest' cancels the newcomer", () => {
    const { spawn, waiting } = full('drop-newest')
    expect(spawn('newcomer').snapshot()).toMatchObject({ status: 'cancelled', error: { code: 'TASK_DROPPED' } })
    expect(waiting.map(({ status }) => status)).toEqual(['pending', 'pending'])
  })

  it("with 'drop-oldest' displaces the longest waiting of the lowest priority of the lane, and of no other", async () => {
    const { supervisor, started, spawn, held, waiting } = full('drop-oldest', {
      ...{ concurrency: 2, lanes: { mail: { concurrency: 1, queueLimit: 2 }, other: {} } },
    })
    const other = hold(supervisor, { lane: 'other' })
    const older = supervisor.spawn(() => 1, { lane: 'other', priority: -9 })
    waiting[0]!.setPriority(1)
    spawn('newcomer')
    expect([...waiting, older].map(({ status }) => status)).toEqual(['pending', 'cancelled', 'pending'])
    expect(waiting[1]!.snapshot().error).toMatchObject({ code: 'TASK_DROPPED' })
    spawn('another', { priority: 5 })
    expect(laneOf(supervisor).waiting).toBe(2)
    held.resolve()
    other.resolve()
    await turns()
    expect(started.map(([name]) => name)).toEqual(['another', 'first'])
  })

  it("with 'drop-oldest' and nobody to displace drops the newcomer", () => {
    const { supervisor, spawn } = mail({ concurrency: 1, queueLimit: 0 }, { onOverflow: 'drop-oldest' })
    hold(supervisor, { lane: 'mail' })
    expect(spawn('newcomer').snapshot()).toMatchObject({ status: 'cancelled', error: { code: 'TASK_DROPPED' } })
  })

  it('of 0 lets in who can start at once, and nobody else', async () => {
    const { clock, supervisor, spawn } = mail({ concurrency: 1, queueLimit: 0, rate: { limit: 2, interval: 100 } })
    expect(spawn('a').status).toBe('completed')
    const held = hold(supervisor, { lane: 'mail' })
    expect([held.handle.status, spawn('no place').status]).toEqual(['running', 'failed'])
    held.resolve()
    await turns()
    expect(spawn('no token').status).toBe('failed')
    clock.advance(100)
    expect(spawn('b').status).toBe('completed')
  })

  it("is looked at before the queue's, which holds for lanes too", () => {
    const { supervisor, spawn } = full('reject', { queueLimit: 3 })
    expect(spawn('lane').snapshot().error?.message).toContain('lane')
    supervisor.pause()
    supervisor.spawn(() => 1)
    expect(supervisor.status().queue).toMatchObject({ waiting: 3, saturated: true })
    expect(supervisor.spawn(() => 1).snapshot().error?.message).not.toContain('lane')
  })

  it('turns no retry away', async () => {
    const { clock, supervisor, spawn } = mail({ concurrency: 1, queueLimit: 1 })
    const failing = supervisor.spawn(({ attempt }) => Promise.reject(new Error(String(attempt))), {
      ...{ lane: 'mail', retry: { attempts: 2, delay: 10, jitter: 'none' } },
    })
    await turns()
    const held = hold(supervisor, { lane: 'mail' })
    spawn('waiting')
    clock.advance(10)
    expect([failing.status, laneOf(supervisor).waiting]).toEqual(['pending', 2])
    expect(spawn('newcomer').status).toBe('failed')
    held.resolve()
    await turns()
    expect([failing.status, failing.attempt]).toEqual(['failed', 2])
  })

  it('has room again as soon as somebody who waits has gone', () => {
    const { spawn, waiting } = full('reject')
    waiting[0]!.cancel()
    expect([spawn('third').status, spawn('fourth').status]).toEqual(['pending', 'failed'])
  })

  it('does not count who has a slot and a place waiting for him until a function that is being called returns', () => {
    const { supervisor, started, spawn } = mail({ concurrency: 1, queueLimit: 1 }, { concurrency: 1 })
    const statuses: string[] = []
    supervisor.spawn(() => {
      spawn('first')
      statuses.push(spawn('too many').status)
      supervisor.concurrency = 2
      for (const name of ['second', 'too many']) statuses.push(spawn(name).status)
    })
    expect(statuses).toEqual(['failed', 'pending', 'failed'])
    expect(started.map(([name]) => name)).toEqual(['first', 'second'])
  })

  it('announces an overflow as saturation', () => {
    const { supervisor, spawn } = full('reject')
    const seen = record(supervisor, ['supervisor:saturated'])
    spawn('newcomer')
    spawn('newcomer')
    expect(seen).toMatchObject([{ payload: { reason: 'queue' } }])
  })
})

import { describe, expect, it } from 'vitest'
import type { LaneStatus } from 'taskward'
import { laneOf, mail, type Lanes } from './lane-support.js'
import { clocked, hold, never, turns } from './support.js'

describe("a lane's cap", () => {
  it('holds, and what waits before it starts as places come back, first come first served', async () => {
    const { supervisor, started, spawn } = mail({ concurrency: 2 })
    const held = [hold(supervisor, { lane: 'mail' }), hold(supervisor, { lane: 'mail' })]
    for (const name of ['a', 'b', 'c']) spawn(name)
    expect([started, laneOf(supervisor)]).toMatchObject([[], { limit: 2, running: 2, waiting: 3, state: 'saturated' }])
    held[1]!.resolve()
    await turns()
    expect(started.map(([name]) => name)).toEqual(['a', 'b', 'c'])
    expect(laneOf(supervisor)).toMatchObject({ running: 1, waiting: 0, state: 'open' })
  })

  it('blocks neither another lane nor those in none: they start at once, as if nobody waited', () => {
    const { supervisor, spawn } = mail({ concurrency: 1 }, { lanes: { mail: { concurrency: 1 }, other: {} } })
    hold(supervisor, { lane: 'mail' })
    for (let count = 0; count < 100; count++) spawn(String(count))
    expect(supervisor.spawn(() => 1, { lane: 'other' }).status).toBe('completed')
    expect(supervisor.spawn(() => 1).status).toBe('completed')
    expect(supervisor.status().queue.waiting).toBe(100)
  })

  it('is no right to a slot: a lane with places waits for slots like all', async () => {
    const { supervisor, started, spawn } = mail({ concurrency: 5 }, { concurrency: 1 })
    const held = hold(supervisor)
    spawn('a')
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 1, state: 'open' })
    held.resolve()
    await turns()
    expect(started).toHaveLength(1)
  })

  it.each([
    ['timed out', { timeout: 50, grace: 100 }, () => undefined, 'failed'],
    ['cancelled', { grace: 100 }, (cancel: () => void) => cancel(), 'cancelled'],
  ] as const)('counts a function that was %s until it has really stopped', async (_, own, act, status) => {
    const { clock, supervisor, started, spawn } = mail({ concurrency: 1 })
    const held = hold(supervisor, { lane: 'mail', ...own })
    spawn('next')
    clock.advance(50)
    act(() => held.handle.cancel())
    expect(held.handle.status).toBe(status)
    await turns()
    expect([started, laneOf(supervisor)]).toMatchObject([[], { running: 1, waiting: 1, state: 'saturated' }])
    held.resolve()
    await turns()
    expect([started, laneOf(supervisor)]).toMatchObject([[['next', 50]], { running: 0, waiting: 0, state: 'open' }])
  })

  it('does not count an abandoned one, whenever it settles', async () => {
    const { clock, supervisor, started, spawn } = mail({ concurrency: 1 })
    const held = hold(supervisor, { lane: 'mail', timeout: 50, grace: 100 })
    spawn('next')
    clock.advance(149)
    expect(started).toEqual([])
    clock.advance(1)
    expect(started).toEqual([['next', 150]])
    const third = hold(supervisor, { lane: 'mail' })
    expect(laneOf(supervisor).running).toBe(1)
    held.resolve()
    await turns()
    expect([laneOf(supervisor).running, supervisor.status().totals.late]).toEqual([1, 1])
    third.resolve()
    await turns()
    expect(laneOf(supervisor)).toMatchObject({ running: 0, state: 'open' })
  })

  it('keeps a timed-out attempt from being followed by the next until it has stopped', async () => {
    const { clock, supervisor, started, spawn } = mail({ concurrency: 1 })
    const attempts: (() => void)[] = []
    const retried = supervisor.spawn(() => new Promise<void>((resolve) => attempts.push(resolve)), {
      ...{ lane: 'mail', timeout: 50, grace: 1_000, retry: { attempts: 2, delay: 10, jitter: 'none' } },
    })
    clock.advance(50)
    expect(retried.status).toBe('pending')
    clock.advance(100)
    expect([attempts.length, laneOf(supervisor)]).toMatchObject([1, { running: 1, waiting: 0 }])
    spawn('other')
    attempts[0]!()
    await turns()
    // Whoever has come in the meantime has come first.
    expect([started, attempts.length, laneOf(supervisor).running]).toEqual([[['other', 150]], 2, 1])
    attempts[1]!()
    await turns()
    expect(retried.status).toBe('completed')
  })

  it('does not count a promise handed over, which runs anyway, at a full cap too', async () => {
    const { supervisor } = mail({ concurrency: 1, queueLimit: 0, rate: { limit: 1, interval: 1_000 } })
    const adopted = [1, 2, 3].map((n) => supervisor.spawn(Promise.resolve(n), { lane: 'mail' }))
    const endless = supervisor.spawn(never(), { lane: 'mail' })
    expect([...adopted, endless].map(({ status }) => status)).toEqual(Array(4).fill('running'))
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 0, state: 'open' })
    // It has taken no token either.
    const held = hold(supervisor, { lane: 'mail' })
    expect([held.handle.status, laneOf(supervisor).state]).toEqual(['running', 'saturated'])
    endless.cancel()
    expect(await adopted[2]!.result).toBe(3)
    expect(laneOf(supervisor).running).toBe(1)
  })

  it('holds also where a listener cancels the task that is just starting', async () => {
    const { supervisor, started, spawn } = mail({ concurrency: 1 })
    supervisor.once('task:started', ({ task }) => void supervisor.cancel(task.id))
    expect(spawn('cancelled').status).toBe('cancelled')
    expect([started, laneOf(supervisor).running]).toEqual([[], 0])
    spawn('next')
    await turns()
    expect(started.map(([name]) => name)).toEqual(['next'])
  })

  it('is passed over by setPriority no more than by anything else', async () => {
    const { supervisor, started, spawn } = mail({ concurrency: 1 })
    const held = hold(supervisor, { lane: 'mail' })
    spawn('a')
    const b = spawn('b')
    expect(b.setPriority(9)).toBe(true)
    await turns()
    expect([started, laneOf(supervisor).waiting]).toEqual([[], 2])
    held.resolve()
    await turns()
    expect(started.map(([name]) => name)).toEqual(['b', 'a'])
  })
})

describe('status().lanes', () => {
  it('shows each lane from the start, in the order given', () => {
    const { supervisor } = clocked({
      lanes: { b: {}, a: { concurrency: 3, queueLimit: 7, rate: { limit: 1, interval: 1 } }, none: undefined },
    })
    const open = { limit: Infinity, running: 0, waiting: 0, queueLimit: Infinity, oldestWaitMs: 0, state: 'open' }
    expect(Object.entries(supervisor.status().lanes)).toEqual([
      ['b', open],
      ['a', { ...open, limit: 3, queueLimit: 7 }],
      ['none', open],
    ])
    expect(clocked().supervisor.status().lanes).toEqual({})
  })

  it("calls a lane 'saturated' at its cap, else 'rate-limited' without a token, else 'open'", async () => {
    const { clock, supervisor } = mail({ concurrency: 1, rate: { limit: 2, interval: 100 } })
    const first = hold(supervisor, { lane: 'mail' })
    expect(laneOf(supervisor).state).toBe('saturated')
    first.resolve()
    await turns()
    expect(laneOf(supervisor).state).toBe('open')
    const second = hold(supervisor, { lane: 'mail' })
    expect(laneOf(supervisor).state).toBe('saturated')
    second.resolve()
    await turns()
    expect(laneOf(supervisor).state).toBe('rate-limited')
    clock.advance(99)
    expect(laneOf(supervisor).state).toBe('rate-limited')
    clock.advance(1)
    // With nobody waiting there is no timer: the state is that of the moment all the same.
    expect(laneOf(supervisor).state).toBe('open')
  })

  it('tells how long the longest waiting has waited, from when its time had come', async () => {
    const { clock, supervisor, spawn } = mail({ concurrency: 1 })
    const held = hold(supervisor, { lane: 'mail' })
    spawn('delayed', { delay: 50 })
    clock.advance(20)
    expect(laneOf(supervisor)).toMatchObject({ waiting: 0, oldestWaitMs: 0 })
    const early = spawn('early')
    clock.advance(100)
    expect(laneOf(supervisor)).toMatchObject({ waiting: 2, oldestWaitMs: 100 })
    early.cancel()
    expect(laneOf(supervisor)).toMatchObject({ waiting: 1, oldestWaitMs: 70 })
    held.resolve()
    await turns()
    expect(laneOf(supervisor)).toMatchObject({ waiting: 0, oldestWaitMs: 0 })
  })
})

describe('the name of a lane', () => {
  it('is in the record, live and stored, and lists and filters go by it', async () => {
    const { supervisor } = clocked({ lanes: { mail: {}, 'mail ': {}, Ärger: {} } })
    const ids = (items: { id: string }[]) => items.map(({ id }) => id)
    const live = hold(supervisor, { lane: 'mail' })
    const done = supervisor.spawn(() => 1, { lane: 'mail' })
    const similar = supervisor.spawn(() => 1, { lane: 'mail ' })
    const failed = supervisor.spawn(() => Promise.reject(new Error('no')), { lane: 'Ärger' })
    supervisor.spawn(() => 1)
    await turns()
    expect((await supervisor.get(done.id))?.lane).toBe('mail')
    expect(ids((await supervisor.list({ lane: 'mail', order: 'oldest' })).items)).toEqual([live.handle.id, done.id])
    expect(ids((await supervisor.list({ lane: 'mail ' })).items)).toEqual([similar.id])
    expect(ids((await supervisor.list({ lane: 'Ärger', status: 'failed' })).items)).toEqual([failed.id])
    expect((await supervisor.history(failed.id)).map(({ to }) => to)).toEqual(['pending', 'running', 'failed'])
    live.resolve()
  })

  it('chooses whom cancel tells', async () => {
    const { supervisor } = clocked({ lanes: { mail: { concurrency: 1 }, other: {} } })
    const other = hold(supervisor, { lane: 'other' })
    const none = hold(supervisor)
    const running = hold(supervisor, { lane: 'mail' })
    const waiting = hold(supervisor, { lane: 'mail' })
    expect(supervisor.cancel({ lane: 'mial' })).toBe(0)
    expect(supervisor.cancel({ lane: 'mail', status: 'pending' })).toBe(1)
    expect(supervisor.cancel({ lane: 'mail' })).toBe(1)
    expect([other, none, running, waiting].map(({ handle }) => handle.status)).toEqual([
      ...['running', 'running', 'cancelled', 'cancelled'],
    ])
    running.resolve()
    await turns()
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 0 })
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('may be %s', async (name) => {
    const lanes = JSON.parse(`{ "${name}": { "concurrency": 1 } }`) as Lanes
    const { supervisor } = clocked({ lanes })
    const held = hold(supervisor, { lane: name })
    const waiting = supervisor.spawn(() => 1, { lane: name })
    expect(waiting.snapshot()).toMatchObject({ status: 'pending', lane: name })
    expect(Object.keys(supervisor.status().lanes)).toEqual([name])
    const status = Object.getOwnPropertyDescriptor(supervisor.status().lanes, name)?.value as LaneStatus
    expect(status).toMatchObject({ limit: 1, running: 1, waiting: 1 })
    held.resolve()
    await turns()
    expect(waiting.status).toBe('completed')
    expect(({} as Record<string, unknown>)['concurrency']).toBeUndefined()
  })

  it.each(['__proto__', 'constructor', 'toString'])('is not %s unless it was declared', (name) => {
    const { supervisor } = clocked({ lanes: { mail: {} } })
    expect(() => supervisor.spawn(() => 1, { lane: name })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

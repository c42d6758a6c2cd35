import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskSupervisorOptions } from 'taskward'
import { clocked, hold, never, turns } from './support.js'

describe('the limit at run time', () => {
  it('is a number from 1, and anything else is misuse and changes nothing', () => {
    const supervisor = new TaskSupervisor({ concurrency: 3 })
    for (const limit of [0, -1, 1.5, NaN, '5', null, undefined]) {
      expect(() => (supervisor.concurrency = limit as number)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      )
    }
    expect(supervisor.concurrency).toBe(3)
    supervisor.concurrency = Infinity
    expect([supervisor.concurrency, supervisor.status().slots.limit]).toEqual([Infinity, Infinity])
  })

  it('raised starts as many as fit, at once', () => {
    const supervisor = new TaskSupervisor({ concurrency: 1 })
    const handles = Array.from({ length: 6 }, () => hold(supervisor).handle)
    supervisor.concurrency = 4
    expect(handles.map(({ status }) => status)).toEqual([...Array<string>(4).fill('running'), 'pending', 'pending'])
    supervisor.concurrency = Infinity
    expect(handles.every(({ status }) => status === 'running')).toBe(true)
    supervisor.cancelAll()
  })

  it('lowered below what runs starts nothing until running and stopping fit', async () => {
    const { clock, supervisor } = clocked({ concurrency: 4, grace: 1_000 })
    const held = Array.from({ length: 4 }, () => hold(supervisor))
    const waiting = hold(supervisor)
    supervisor.concurrency = 2
    held[0]!.handle.cancel()
    expect(supervisor.status().slots).toEqual({ limit: 2, running: 3, stopping: 1, abandoned: 0 })
    held[1]!.resolve()
    await turns()
    expect(waiting.handle.status).toBe('pending')
    held[2]!.resolve()
    await turns()
    // One runs, one is stopping: two of two.
    expect([waiting.handle.status, supervisor.status().slots]).toEqual([
      'pending',
      { limit: 2, running: 1, stopping: 1, abandoned: 0 },
    ])
    clock.advance(1_000)
    expect([waiting.handle.status, supervisor.status().slots]).toEqual([
      'running',
      { limit: 2, running: 2, stopping: 0, abandoned: 1 },
    ])
    supervisor.cancelAll()
  })

  it('lowered and raised again within a turn neither loses nor invents a slot', async () => {
    const supervisor = new TaskSupervisor({ concurrency: 5 })
    const held = Array.from({ length: 20 }, () => hold(supervisor))
    for (const limit of [1, 7, 2, 9, 3, 6]) supervisor.concurrency = limit
    const running = (): number => held.filter(({ handle }) => handle.status === 'running').length
    expect(running()).toBe(9)
    for (const { handle, resolve } of held) if (handle.status === 'running') resolve()
    await turns()
    expect(running()).toBe(6)
    for (const { resolve } of held) resolve()
    await supervisor.onIdle()
    expect(supervisor.status()).toMatchObject({ slots: { running: 0 }, totals: { completed: 20 } })
  })

  it.each([1, 2, 3, 7])('of %i is never exceeded by functions that are alive, abandoned ones aside', async (limit) => {
    const { clock, supervisor } = clocked({ concurrency: limit, timeout: 100, grace: 50 })
    let alive = 0
    let most = 0
    const abandoned = (): number => supervisor.status().slots.abandoned
    const work = (ms: number) => async () => {
      alive++
      most = Math.max(most, alive - abandoned())
      await new Promise<void>((resolve) => void clock.setTimer(ms, resolve))
      alive--
    }
    for (let i = 0; i < 60; i++) {
      const handle = supervisor.spawn(work((i * 37) % 200), { priority: i % 3 })
      if (i % 7 === 0) handle.cancel()
    }
    for (let at = 0; at < 10_000 && alive + supervisor.status().queue.waiting > 0; at += 10) {
      clock.advance(10)
      if (at === 300) supervisor.cancel({ status: 'running' })
      await turns(2)
    }
    await supervisor.onIdle()
    expect([most, alive]).toEqual([limit, 0])
  })
})

describe('promises already started', () => {
  it('take no slot and do not queue, and the cap holds beside them', () => {
    const supervisor = new TaskSupervisor({ concurrency: 2, queueLimit: 1 })
    const adopted = Array.from({ length: 10 }, () => supervisor.spawn(never()))
    const held = Array.from({ length: 3 }, () => hold(supervisor).handle)
    expect(adopted.every(({ status }) => status === 'running')).toBe(true)
    expect(held.map(({ status }) => status)).toEqual(['running', 'running', 'pending'])
    expect(supervisor.status()).toMatchObject({
      slots: { running: 2, stopping: 0 },
      queue: { waiting: 1 },
    })
    expect(supervisor.spawn(never()).status).toBe('running')
    supervisor.cancelAll()
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 2 })
  })

  it('free no slot when they settle, time out or are abandoned', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1, timeout: Infinity, grace: 10 })
    const running = hold(supervisor)
    const waiting = hold(supervisor)
    supervisor.spawn(Promise.resolve())
    supervisor.spawn(never(), { timeout: 5 })
    await turns()
    clock.advance(5)
    clock.advance(10)
    expect(supervisor.status().slots).toEqual({ limit: 1, running: 1, stopping: 0, abandoned: 1 })
    expect([running.handle.status, waiting.handle.status]).toEqual(['running', 'pending'])
    running.resolve()
    await turns()
    expect(waiting.handle.status).toBe('running')
    waiting.resolve()
  })
})

describe('overflow', () => {
  const full = (options: TaskSupervisorOptions) => {
    const { supervisor } = clocked({ concurrency: 1, ...options })
    return { supervisor, running: hold(supervisor) }
  }
  const end = async (handle: { settled: Promise<unknown> }): Promise<unknown> => handle.settled

  it.each([
    ['reject', { status: 'failed', error: { code: 'TASK_QUEUE_FULL' }, reason: { name: 'TaskRejectedError' } }],
    ['drop-newest', { status: 'cancelled', error: { code: 'TASK_DROPPED' }, reason: { name: 'TaskRejectedError' } }],
    ['drop-oldest', { status: 'cancelled', error: { code: 'TASK_DROPPED' }, reason: { name: 'TaskRejectedError' } }],
  ] as const)('with a queueLimit of 0 and %s ends whoever finds no slot', async (onOverflow, outcome) => {
    const { supervisor, running } = full({ queueLimit: 0, onOverflow })
    const newcomer = supervisor.spawn(() => 1)
    expect(await end(newcomer)).toMatchObject(outcome)
    expect(newcomer.snapshot()).toMatchObject({ attempt: 0, startedAt: null })
    running.resolve()
    await running.handle.settled
    await turns()
    // A free slot is no queue: with nothing to wait for, work starts.
    expect(await end(supervisor.spawn(() => 2))).toEqual({ status: 'completed', value: 2 })
    expect(supervisor.status().totals).toMatchObject({ spawned: 3, completed: 2, rejected: 1 })
  })

  it('with drop-oldest drops the longest waiting of the lowest priority', async () => {
    const { supervisor } = full({ queueLimit: 3, onOverflow: 'drop-oldest' })
    const high = supervisor.spawn(() => 1, { priority: 2 })
    const low = [1, 2].map(() => supervisor.spawn(() => 1, { priority: -1 }))
    const newcomer = supervisor.spawn(() => 1, { priority: 0 })
    expect([high, ...low, newcomer].map(({ status }) => status)).toEqual(['pending', 'cancelled', 'pending', 'pending'])
    expect(await end(low[0]!)).toMatchObject({ error: { code: 'TASK_DROPPED' } })
    supervisor.spawn(() => 1, { priority: 0 })
    expect([low[1]!.status, supervisor.status().queue.waiting]).toEqual(['cancelled', 3])
    supervisor.cancelAll()
  })

  it('with drop-newest and reject leaves those that wait alone', () => {
    for (const onOverflow of ['drop-newest', 'reject'] as const) {
      const { supervisor } = full({ queueLimit: 2, onOverflow })
      const waiting = [1, 2].map(() => supervisor.spawn(() => 1, { priority: -5 }))
      const newcomer = supervisor.spawn(() => 1, { priority: 100 })
      expect(waiting.map(({ status }) => status)).toEqual(['pending', 'pending'])
      expect(newcomer.status).toBe(onOverflow === 'reject' ? 'failed' : 'cancelled')
      supervisor.cancelAll()
    }
  })

  it('while paused counts those that wait, though slots are free', async () => {
    const { supervisor } = clocked({ concurrency: 5, queueLimit: 2 })
    supervisor.pause()
    const handles = [1, 2, 3].map(() => supervisor.spawn(() => 1))
    expect(handles.map(({ status }) => status)).toEqual(['pending', 'pending', 'failed'])
    supervisor.resume()
    await supervisor.onIdle()
    expect(supervisor.status().totals).toMatchObject({ completed: 2, failed: 1, rejected: 1 })
  })

  it('has an error record with attempt 0 for what was rejected, and none for what was dropped', async () => {
    for (const [onOverflow, expected] of [
      ['reject', [0]],
      ['drop-newest', []],
    ] as const) {
      const { supervisor } = full({ queueLimit: 0, onOverflow })
      await supervisor.spawn(() => 1).settled
      expect((await supervisor.errors()).items.map(({ attempt }) => attempt)).toEqual(expected)
      supervisor.cancelAll()
    }
  })
})

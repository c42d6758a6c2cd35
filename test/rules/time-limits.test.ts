import { describe, expect, it } from 'vitest'
import { isTaskTimeoutError, type TaskContext } from 'taskward'
import { clocked, hold, never, turns } from './support.js'

const AGAIN = { attempts: 10, backoff: 'constant', delay: 100, jitter: 'none' } as const

const boom = (): never => {
  throw new Error('boom')
}

describe('delay', () => {
  it('keeps a task from starting before its time, though slots are free', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.spawn(() => calls++, { delay: 100 })
    expect(handle.snapshot()).toMatchObject({ status: 'pending', runAt: clock.now() + 100, startedAt: null })
    expect(supervisor.status()).toMatchObject({ queue: { waiting: 0, oldestWaitMs: 0 }, tasks: [{ id: handle.id }] })
    clock.advance(99)
    expect(calls).toBe(0)
    clock.advance(1)
    expect([calls, handle.status, handle.snapshot().runAt]).toEqual([1, 'completed', null])
    expect(supervisor.status().waitMs.max).toBe(0)
    await supervisor.close()
  })

  it('of 0 is none', () => {
    const { supervisor } = clocked()
    expect(supervisor.spawn(() => 1, { delay: 0 }).status).toBe('completed')
  })

  it('without end keeps a task pending until it is cancelled', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.spawn(() => 1, { delay: Infinity })
    clock.advance(2 ** 50)
    expect(handle.snapshot()).toMatchObject({ status: 'pending', runAt: null })
    expect(handle.cancel()).toBe(true)
    const report = await supervisor.close()
    expect(report).toMatchObject({ cancelled: 0, persisted: true })
  })

  it('may end after the last instant that is a date', async () => {
    const { supervisor } = clocked()
    const handle = supervisor.spawn(() => 1, { delay: Number.MAX_SAFE_INTEGER })
    expect(handle.snapshot()).toMatchObject({ status: 'pending', runAt: null })
    supervisor.cancelAll()
    await supervisor.close()
  })

  it('takes no place in the queue, and meets its limit when it is over', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    const holder = hold(supervisor)
    const delayed = [supervisor.spawn(() => 1, { delay: 100 }), supervisor.spawn(() => 2, { delay: 200 })]
    const waiting = supervisor.spawn(() => 3)
    expect(waiting.status).toBe('pending')
    clock.advance(100)
    expect(delayed[0]!.snapshot().error?.code).toBe('TASK_QUEUE_FULL')
    holder.resolve()
    await turns()
    clock.advance(100)
    expect([waiting.status, delayed[1]!.status]).toEqual(['completed', 'completed'])
    await supervisor.close()
  })

  it('is over before queueTimeout begins', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const holder = hold(supervisor, { timeout: Infinity })
    const handle = supervisor.spawn(() => 1, { delay: 100, queueTimeout: 50 })
    clock.advance(100)
    clock.advance(49)
    expect(handle.status).toBe('pending')
    clock.advance(1)
    expect(await handle.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_QUEUE_TIMEOUT' } })
    holder.resolve()
    await supervisor.close()
  })

  it('can be cancelled, and is awaited by drain and close', async () => {
    const { clock, supervisor } = clocked()
    const [cancelled, kept] = [supervisor.spawn(() => 1, { delay: 100 }), supervisor.spawn(() => 2, { delay: 100 })]
    expect(cancelled.cancel()).toBe(true)
    const closing = supervisor.close()
    clock.advance(100)
    expect(await closing).toMatchObject({ completed: 1, cancelled: 0 })
    expect([cancelled.status, kept.status]).toEqual(['cancelled', 'completed'])
  })
})

describe('deadline', () => {
  it('ends a task that waits, one that runs, and one that is delayed, with TASK_DEADLINE', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const deadline = clock.now() + 100
    const running = supervisor.spawn(never, { deadline, grace: 0 })
    const waiting = supervisor.spawn(() => 1, { deadline })
    const delayed = supervisor.spawn(() => 1, { deadline, delay: 200 })
    clock.advance(99)
    expect([running.status, waiting.status, delayed.status]).toEqual(['running', 'pending', 'pending'])
    clock.advance(1)
    for (const handle of [running, waiting, delayed]) {
      expect(await handle.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DEADLINE' } })
    }
    expect(supervisor.status().totals).toMatchObject({ failed: 3, timedOut: 3 })
    expect((await supervisor.errors()).items.map(({ attempt }) => attempt).sort()).toEqual([0, 0, 1])
  })

  it('bounds all attempts: none follows that could not begin in time', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.spawn(() => (calls++, boom()), { deadline: clock.now() + 250, retry: AGAIN })
    for (let step = 0; step < 3; step++) clock.advance(100)
    const outcome = await handle.settled
    expect([calls, outcome]).toMatchObject([
      3,
      { error: { code: 'TASK_DEADLINE', details: { cause: { message: 'boom' } } } },
    ])
    expect((await supervisor.errors()).items.map(({ attempt }) => attempt)).toEqual([3, 2, 1])
    expect(supervisor.status().totals).toMatchObject({ retried: 2, timedOut: 1 })
    await supervisor.close()
  })

  it('ends a task whose retry waits for a slot, or for its last attempt to stop', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const deadline = clock.now() + 500
    const stopping = supervisor.spawn(never, { deadline, timeout: 50, grace: 1_000, retry: AGAIN })
    clock.advance(50)
    const waiting = supervisor.spawn(never, { deadline })
    clock.advance(449)
    expect([stopping.status, waiting.status]).toEqual(['pending', 'pending'])
    clock.advance(1)
    expect(stopping.snapshot().error?.code).toBe('TASK_DEADLINE')
    expect(waiting.snapshot().error?.code).toBe('TASK_DEADLINE')
    expect(supervisor.status().slots.stopping).toBe(1)
    clock.advance(600)
    expect(supervisor.status().slots).toMatchObject({ stopping: 0, abandoned: 1 })
    await supervisor.close()
  })

  it('in the past never lets the task run', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    for (const deadline of [clock.now(), clock.now() - 1, 0]) {
      const handle = supervisor.spawn(() => calls++, { deadline })
      expect(await handle.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DEADLINE' } })
    }
    expect(calls).toBe(0)
    await supervisor.close()
  })

  it('is what context.deadline tells, where the timeout is later', () => {
    const { clock, supervisor } = clocked()
    const seen: unknown[] = []
    const work = ({ deadline }: TaskContext) => void seen.push(deadline === null ? null : deadline - clock.now())
    supervisor.spawn(work, { timeout: 50, deadline: clock.now() + 100 })
    supervisor.spawn(work, { timeout: 200, deadline: clock.now() + 100 })
    supervisor.spawn(work, { timeout: Infinity })
    expect(seen).toEqual([50, 100, null])
  })

  it('ends what was handed over as a promise too', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.spawn(never(), { deadline: clock.now() + 100 })
    clock.advance(100)
    expect(await handle.settled).toMatchObject({ error: { code: 'TASK_DEADLINE' } })
  })
})

describe('stallTimeout', () => {
  it('ends an attempt that gives no sign of life, with its last five labels', async () => {
    const { clock, supervisor } = clocked()
    let context!: TaskContext
    const handle = supervisor.spawn((given) => ((context = given), never()), { stallTimeout: 100, timeout: Infinity })
    for (let beat = 1; beat <= 7; beat++) {
      clock.advance(99)
      context.heartbeat(`page ${beat}`)
    }
    clock.advance(99)
    expect([handle.status, context.signal.aborted]).toEqual(['running', false])
    clock.advance(1)
    const outcome = await handle.settled
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'TASK_STALLED', details: { heartbeats: ['page 3', 'page 4', 'page 5', 'page 6', 'page 7'] } },
    })
    expect(isTaskTimeoutError(context.signal.reason)).toBe(true)
    expect(supervisor.status().totals.timedOut).toBe(1)
    // Too late to change anything.
    context.heartbeat('again')
    expect(handle.status).toBe('failed')
  })

  it('starts anew with each attempt, and is retried', async () => {
    const { clock, supervisor } = clocked({ stallTimeout: 100 })
    const attempts: number[] = []
    const handle = supervisor.spawn(
      ({ attempt, signal }) => {
        attempts.push(attempt)
        if (attempt === 2) return 'done'
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      },
      { retry: AGAIN },
    )
    clock.advance(100)
    await turns()
    clock.advance(100)
    expect([await handle.result, attempts]).toEqual(['done', [1, 2]])
    expect((await supervisor.errors()).items).toMatchObject([
      { error: { code: 'TASK_STALLED', details: { limitMs: 100 } } },
    ])
    await supervisor.close()
  })

  it('does not push back the timeout', async () => {
    const { clock, supervisor } = clocked()
    let context!: TaskContext
    const handle = supervisor.spawn((given) => ((context = given), never()), { stallTimeout: 100, timeout: 150 })
    clock.advance(90)
    context.heartbeat()
    clock.advance(60)
    expect(await handle.settled).toMatchObject({ error: { code: 'TASK_TIMEOUT' } })
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { isTaskTimeoutError, type RetryOptions, type TaskContext } from 'taskward'
import { clocked, deferred, durableStore, hold, namesOf, never, record, turns } from './support.js'

const EXACT = { attempts: 3, backoff: 'constant', delay: 100, jitter: 'none' } as const satisfies RetryOptions

const boom = (): never => {
  throw Object.assign(new Error('boom'), { code: 'E_BOOM' })
}

/** Fails so many times, and then gives a value. */
const failing = (times: number, value: unknown = 'value') => {
  let calls = 0
  const work = () => (calls++ < times ? boom() : value)
  return Object.assign(work, { calls: () => calls })
}

describe('a task with retry', () => {
  it('is tried again until an attempt succeeds, each attempt in its history with its error', async () => {
    const { clock, supervisor } = clocked()
    const seen = record(supervisor)
    const work = failing(2)
    const handle = supervisor.spawn(work, { name: 'receipt', retry: EXACT })
    expect([handle.status, handle.attempt, work.calls()]).toEqual(['pending', 1, 1])
    expect(handle.snapshot()).toMatchObject({ maxAttempts: 3, runAt: clock.now() + 100, error: null, finishedAt: null })
    clock.advance(99)
    expect(work.calls()).toBe(1)
    clock.advance(1)
    expect([handle.status, handle.attempt, work.calls()]).toEqual(['pending', 2, 2])
    clock.advance(100)
    expect(await handle.settled).toEqual({ status: 'completed', value: 'value' })
    expect(await handle.result).toBe('value')
    await turns()
    const started = clock.now() - 200
    expect(await supervisor.history(handle.id)).toMatchObject([
      { from: null, to: 'pending', at: started, attempt: 0, reason: null },
      { from: 'pending', to: 'running', at: started, attempt: 1 },
      { from: 'running', to: 'pending', at: started, attempt: 1, reason: 'E_BOOM', error: { message: 'boom' } },
      { from: 'pending', to: 'running', at: started + 100, attempt: 2 },
      { from: 'running', to: 'pending', at: started + 100, attempt: 2, reason: 'E_BOOM' },
      { from: 'pending', to: 'running', at: started + 200, attempt: 3 },
      { from: 'running', to: 'completed', at: started + 200, attempt: 3, reason: null, error: null },
    ])
    expect((await supervisor.errors()).items).toMatchObject([
      { taskId: handle.id, attempt: 2, error: { code: 'E_BOOM' } },
      { taskId: handle.id, attempt: 1, error: { code: 'E_BOOM' } },
    ])
    expect(namesOf(seen).filter((name) => name.startsWith('task:'))).toEqual([
      'task:spawned',
      ...['task:started', 'task:retrying', 'task:started', 'task:retrying'],
      ...['task:started', 'task:completed', 'task:settled'],
    ])
    expect(seen.find(({ event }) => event === 'task:retrying')?.payload).toMatchObject({
      task: { id: handle.id, status: 'pending', attempt: 1 },
      error: { code: 'E_BOOM' },
      delay: 100,
    })
    expect(handle.snapshot()).toMatchObject({ status: 'completed', runAt: null, attempt: 3 })
    const { totals, runMs, waitMs } = supervisor.status()
    expect(totals).toMatchObject({ spawned: 1, completed: 1, failed: 0, retried: 2 })
    expect([runMs.count, waitMs.count]).toEqual([3, 3])
    await supervisor.close()
  })

  it('fails with the last error when its attempts are used up, and onError is called once', async () => {
    const told: number[] = []
    const { clock, supervisor } = clocked({ retry: EXACT, onError: ({ attempt }) => void told.push(attempt) })
    let calls = 0
    const handle = supervisor.spawn(() => Promise.reject(new Error(`boom ${++calls}`)))
    for (let step = 0; step < 5; step++) {
      await turns(2)
      clock.advance(100)
    }
    const outcome = await handle.settled
    expect(outcome).toMatchObject({ status: 'failed', error: { message: 'boom 3' } })
    await expect(handle.result).rejects.toThrow('boom 3')
    await turns()
    expect([calls, told]).toEqual([3, [3]])
    expect((await supervisor.errors()).items.map(({ attempt }) => attempt)).toEqual([3, 2, 1])
    expect(supervisor.status().recentErrors.map(({ attempt }) => attempt)).toEqual([3, 2, 1])
    expect(supervisor.status().totals).toMatchObject({ failed: 1, retried: 2 })
    await supervisor.close()
  })

  it('holds no slot while it waits for its retry, and is not counted as waiting for one', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1, queueLimit: 0 })
    const handle = supervisor.spawn(failing(1), { retry: EXACT })
    const { slots, queue, tasks } = supervisor.status()
    expect([slots.running, slots.stopping, queue.waiting, queue.oldestWaitMs]).toEqual([0, 0, 0, 0])
    expect(tasks.map(({ id }) => id)).toEqual([handle.id])
    // Another has the slot meanwhile, and the retry waits for it, though the queue may hold nobody.
    const other = hold(supervisor)
    clock.advance(100)
    expect([handle.status, supervisor.status().queue.waiting]).toEqual(['pending', 1])
    clock.advance(30)
    expect(supervisor.status().queue.oldestWaitMs).toBe(30)
    other.resolve()
    expect(await handle.settled).toMatchObject({ status: 'completed' })
    await supervisor.close()
  })

  it('runs each attempt in the context of its spawn', async () => {
    const request = new AsyncLocalStorage<string>()
    const { clock, supervisor } = clocked()
    const seen: unknown[] = []
    request.run('a', () => supervisor.spawn(() => { seen.push(request.getStore()); boom() }, { retry: EXACT })) // prettier-ignore
    request.run('b', () => clock.advance(100))
    request.run('c', () => clock.advance(100))
    expect(seen).toEqual(['a', 'a', 'a'])
    await supervisor.close()
  })

  it('can be cancelled while it waits, and is not tried again', async () => {
    const { clock, supervisor } = clocked()
    const work = failing(5)
    const handle = supervisor.spawn(work, { retry: EXACT })
    expect(handle.cancel('enough')).toBe(true)
    clock.advance(1_000)
    expect(await handle.settled).toMatchObject({ status: 'cancelled', error: { code: 'TASK_CANCELLED' } })
    expect([work.calls(), supervisor.status().totals.retried]).toEqual([1, 1])
    await supervisor.onIdle()
    await supervisor.close()
  })

  it('may be given another priority while it waits', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const started: string[] = []
    const fail = failing(1)
    const work = ({ name }: TaskContext) => (started.push(name), name === 'retried' ? fail() : undefined)
    const retried = supervisor.spawn(work, { name: 'retried', retry: EXACT })
    const { version } = retried.snapshot()
    expect([retried.setPriority(5), retried.snapshot()]).toMatchObject([true, { priority: 5, version: version + 1 }])
    const holder = hold(supervisor)
    supervisor.spawn(work, { name: 'other' })
    clock.advance(100)
    holder.resolve()
    await turns()
    expect(started).toEqual(['retried', 'retried', 'other'])
    await supervisor.close()
  })

  it('with a delay of 0 and no end of attempts starves nobody', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.spawn(() => (calls++, boom()), { retry: { ...EXACT, attempts: Infinity, delay: 0 } })
    expect([calls, handle.snapshot().maxAttempts]).toEqual([1, Number.MAX_SAFE_INTEGER])
    for (let step = 0; step < 20; step++) clock.advance(0)
    expect(calls).toBe(21)
    handle.cancel()
    await supervisor.close()
  })

  it('is there after a crash as it stood, with a durable store', async () => {
    const store = durableStore()
    const { clock, supervisor } = clocked({ store })
    const handle = supervisor.spawn(failing(1), { retry: EXACT })
    await turns()
    expect(await store.get(handle.id)).toMatchObject({ status: 'pending', attempt: 1, runAt: clock.now() + 100 })
    expect(await store.history(handle.id)).toHaveLength(3)
    expect((await store.errors({})).items).toHaveLength(1)
    clock.advance(100)
    expect(await handle.persisted).toBe(true)
    expect((await store.history(handle.id)).map(({ to }) => to)).toEqual([
      ...['pending', 'running', 'pending', 'running', 'completed'],
    ])
    await supervisor.close()
  })

  it('waits until the end of a drain, and is told to stop by it', async () => {
    const { clock, supervisor } = clocked()
    const [short, long] = [failing(1), failing(1)]
    const first = supervisor.spawn(short, { retry: EXACT })
    const second = supervisor.spawn(long, { retry: { ...EXACT, delay: 10_000 } })
    const closing = supervisor.close({ timeout: 500, grace: 0 })
    for (let step = 0; step < 6; step++) {
      clock.advance(100)
      await turns(2)
    }
    expect(await closing).toMatchObject({ completed: 1, cancelled: 1 })
    expect([(await first.settled).status, short.calls()]).toEqual(['completed', 2])
    expect(await second.settled).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
    // It has run, so it was not refused.
    expect([long.calls(), supervisor.status().totals.rejected]).toEqual([1, 0])
  })
})

describe('retry.when', () => {
  it('decides, and is given what was thrown and the number of the attempt', async () => {
    const seen: unknown[] = []
    const { clock, supervisor } = clocked()
    const thrown = [new TypeError('first'), 'second']
    const when = (error: unknown, attempt: number) => (seen.push([error, attempt]), error instanceof TypeError)
    const handle = supervisor.spawn(({ attempt }) => { throw thrown[attempt - 1] }, { retry: { ...EXACT, when } }) // prettier-ignore
    clock.advance(100)
    expect(await handle.settled).toMatchObject({ status: 'failed', reason: 'second' })
    expect(seen).toEqual([
      [thrown[0], 1],
      [thrown[1], 2],
    ])
    await supervisor.close()
  })

  it('is given the TaskTimeoutError of an attempt that was timed out', async () => {
    const seen: unknown[] = []
    const { clock, supervisor } = clocked()
    const when = (error: unknown) => (seen.push(isTaskTimeoutError(error) && error.code), false)
    const handle = supervisor.spawn(never, { timeout: 50, retry: { ...EXACT, when } })
    clock.advance(50)
    expect([await handle.settled, seen]).toMatchObject([{ error: { code: 'TASK_TIMEOUT' } }, ['TASK_TIMEOUT']])
  })

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
      'mine',
    ],
    ['answers with a promise', () => Promise.reject(new Error('lost')), 'answers at once'],
  ])('that %s is a hook error, and means no', async (_, when, message) => {
    // prettier-ignore
    const { supervisor } = clocked()
    const seen = record(supervisor, ['hook:error'])
    const handle = supervisor.spawn(boom, { retry: { ...EXACT, when: when as () => boolean } })
    expect(await handle.settled).toMatchObject({ status: 'failed', error: { code: 'E_BOOM' } })
    await turns()
    expect(seen).toMatchObject([
      { payload: { where: 'retry.when', error: { message: expect.stringContaining(message) } } },
    ])
    await supervisor.close()
  })

  it('may cancel the task it is asked about', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const when = () => supervisor.cancelAll() > 0
    const handle = supervisor.spawn(boom, { retry: { ...EXACT, when } })
    expect(await handle.settled).toMatchObject({ status: 'cancelled' })
    clock.advance(1_000)
    expect(supervisor.status()).toMatchObject({
      slots: { running: 0, stopping: 0 },
      totals: { cancelled: 1, failed: 0 },
    })
    await supervisor.onIdle()
    await supervisor.close()
  })
})

describe('an attempt that is timed out and is to be retried', () => {
  const slow = (stopped: Promise<void>) => {
    const attempts: TaskContext[] = []
    const work = async (context: TaskContext): Promise<string> => {
      attempts.push(context)
      if (context.attempt === 1) await stopped
      return `attempt ${context.attempt}`
    }
    return { work, attempts }
  }

  it('has its outcome at once, and keeps its slot as stopping; the next begins when it has really stopped', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const seen = record(supervisor)
    const stopped = deferred()
    const { work, attempts } = slow(stopped.promise)
    const handle = supervisor.spawn(work, { timeout: 50, grace: 5_000, retry: EXACT })
    const { signal } = attempts[0]!
    clock.advance(50)
    expect([handle.status, signal.aborted, isTaskTimeoutError(signal.reason)]).toEqual(['pending', true, true])
    expect(handle.snapshot()).toMatchObject({ stoppingSince: clock.now(), runAt: clock.now() + 100, abandoned: false })
    const { slots, queue, totals, tasks } = supervisor.status()
    expect([slots, queue.waiting]).toMatchObject([{ running: 0, stopping: 1 }, 0])
    expect([totals.timedOut, totals.retried, tasks.length]).toEqual([1, 1, 1])
    clock.advance(1_000)
    expect([handle.status, attempts.length]).toEqual(['pending', 1])
    stopped.resolve()
    await turns()
    expect([await handle.settled, attempts.length]).toEqual([{ status: 'completed', value: 'attempt 2' }, 2])
    expect(attempts[1]!.signal.aborted).toBe(false)
    expect(handle.snapshot()).toMatchObject({ stoppingSince: null, abandoned: false })
    // What the first came to is late, and changed nothing.
    expect(supervisor.status().totals).toMatchObject({ late: 1, completed: 1, failed: 0 })
    expect(namesOf(seen).filter((name) => name.startsWith('task:'))).toEqual([
      ...['task:spawned', 'task:started', 'task:stopping', 'task:retrying', 'task:late', 'task:started'],
      ...['task:completed', 'task:settled'],
    ])
    await supervisor.close()
  })

  it('waits out its pause though it stops at once', async () => {
    const { clock, supervisor } = clocked()
    const attempts: number[] = []
    const handle = supervisor.spawn(
      ({ attempt, signal }) =>
        new Promise<number>((resolve, reject) => {
          attempts.push(attempt)
          if (attempt === 2) resolve(attempt)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
      { timeout: 50, retry: EXACT },
    )
    clock.advance(50)
    await turns()
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 0 })
    clock.advance(99)
    expect(attempts).toEqual([1])
    clock.advance(1)
    expect(await handle.result).toBe(2)
    expect(supervisor.status().totals.late).toBe(0)
    await supervisor.close()
  })

  it('is abandoned when its grace is over: the next begins, and both are listed once', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const stopped = deferred()
    const gate = deferred()
    const { work, attempts } = slow(stopped.promise)
    const handle = supervisor.spawn(
      async (context) => {
        const value = await work(context)
        if (context.attempt === 2) await gate.promise
        return value
      },
      { timeout: 50, grace: 200, retry: EXACT },
    )
    clock.advance(50)
    clock.advance(199)
    expect([handle.status, attempts.length]).toEqual(['pending', 1])
    clock.advance(1)
    expect([handle.status, handle.attempt, attempts.length]).toEqual(['running', 2, 2])
    const { slots, tasks, totals } = supervisor.status()
    expect(slots).toMatchObject({ running: 1, stopping: 0, abandoned: 1 })
    expect([tasks.map(({ id }) => id), totals.abandoned]).toEqual([[handle.id], 1])
    stopped.resolve()
    await turns()
    expect(supervisor.status().slots).toMatchObject({ running: 1, abandoned: 0 })
    gate.resolve()
    expect(await handle.result).toBe('attempt 2')
    expect(supervisor.status().totals).toMatchObject({ late: 1, abandoned: 1 })
    await supervisor.close()
  })

  it.each([0, 60, 500])('never overlaps the next, with a pause of %i ms', async (delay) => {
    const { clock, supervisor } = clocked()
    let alive = 0
    let most = 0
    const stopping: { signal: AbortSignal; stop: () => void }[] = []
    const handle = supervisor.spawn(
      ({ signal }) => {
        most = Math.max(most, ++alive)
        return new Promise<void>((resolve) => {
          const stop = () => {
            alive--
            resolve()
          }
          stopping.push({ signal, stop })
        })
      },
      { timeout: 50, grace: Infinity, retry: { ...EXACT, delay } },
    )
    for (let step = 1; step <= 100; step++) {
      clock.advance(25)
      // One that was told to stop takes its time.
      if (step % 4 === 0 && stopping[0]?.signal.aborted) stopping.shift()!.stop()
      await turns(2)
      if (handle.status === 'failed' && alive === 0) break
    }
    expect([most, alive, handle.status, handle.attempt]).toEqual([1, 0, 'failed', 3])
    await supervisor.close()
  })

  it('can be cancelled while it stops', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const stopped = deferred()
    const { work, attempts } = slow(stopped.promise)
    const handle = supervisor.spawn(work, { timeout: 50, grace: 5_000, retry: EXACT })
    clock.advance(50)
    expect(handle.cancel()).toBe(true)
    expect(await handle.settled).toMatchObject({ status: 'cancelled' })
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 1 })
    stopped.resolve()
    await turns()
    clock.advance(1_000)
    expect([attempts.length, supervisor.status().slots.stopping]).toEqual([1, 0])
    await supervisor.onIdle()
    await supervisor.close()
  })
})

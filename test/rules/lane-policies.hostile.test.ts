import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import { isTaskTimeoutError, type LanePolicy, type SpawnOptions } from 'taskward'
import { guarded, laneOf, mail } from './lane-support.js'
import { deferred, hold, never, record, turns } from './support.js'

const HELD_BACK = { code: 'TASK_TIMEOUT', message: expect.stringContaining("policy of lane 'mail'") as string }

describe('a hostile policy', () => {
  const error = new Error('of the policy')
  const thrice = (fn: () => Promise<unknown>): PromiseLike<never> => {
    void fn()
    const then = (_: unknown, reject: (reason: unknown) => void) => {
      for (let count = 0; count < 3; count++) reject(error)
    }
    return { then } as PromiseLike<never>
  }
  type Hostile = [name: string, execute: LanePolicy['execute'], calls: number]
  const refusing: Hostile[] = [
    ['throws synchronously', () => { throw error }, 0], // prettier-ignore
    ['rejects without calling', () => Promise.reject(error), 0],
    ['throws after calling', (fn) => { void fn(); throw error }, 1], // prettier-ignore
    ['rejects after calling', async (fn) => { await fn(); throw error }, 1], // prettier-ignore
    ['gives a thenable whose then throws', () => ({ then() { throw error } }), 0], // prettier-ignore
    ['gives a thenable whose then cannot be read', () => ({ get then(): never { throw error } }), 0], // prettier-ignore
    ['gives a thenable that calls back three times', thrice, 1],
  ]

  it.each(refusing)('that %s fails the attempt with its error, and no other task', async (_, execute, calls) => {
    const { supervisor, started, spawn, reported } = guarded({ execute })
    const handle = spawn('a')
    const outcome = await handle.settled
    expect(outcome).toMatchObject({ status: 'failed', reason: error })
    await turns()
    expect(started).toHaveLength(calls)
    // Where it has not called the function, that is its own failure: reported once, however often it happens.
    spawn('b')
    await turns()
    expect(reported).toHaveLength(calls === 0 ? 1 : 0)
    expect(laneOf(supervisor)).toMatchObject({ running: 0, state: calls === 0 ? 'broken' : 'open' })
    expect(supervisor.spawn(() => 1).status).toBe('completed')
  })

  it.each<[string, LanePolicy['execute'], unknown]>([
    ['undefined', () => undefined as never, undefined],
    ['a value', () => 5 as never, 5],
    ['null', () => null as never, null],
  ])('that gives %s and no promise has answered with it', async (_, execute, value) => {
    const { supervisor, spawn, started, reported } = guarded({ execute })
    expect(await spawn('a').settled).toEqual({ status: 'completed', value })
    expect([started, reported, laneOf(supervisor).running]).toEqual([[], [], 0])
  })

  it('that hangs before calling is given up after 5 s, and calls in vain later', async () => {
    const calls: (() => Promise<unknown>)[] = []
    const execute = (fn: () => Promise<unknown>) => {
      calls.push(fn)
      return never()
    }
    const { clock, supervisor, started, spawn, reported } = guarded({ execute })
    const handle = spawn('a')
    clock.advance(4_999)
    expect([handle.status, laneOf(supervisor).running]).toEqual(['running', 1])
    clock.advance(1)
    expect(handle.snapshot()).toMatchObject({ status: 'failed', error: HELD_BACK })
    expect(isTaskTimeoutError(((await handle.settled) as { reason: unknown }).reason)).toBe(true)
    expect([reported.length, laneOf(supervisor).running]).toEqual([1, 0])
    await expect(calls[0]!()).rejects.toMatchObject({ message: expect.stringContaining('not called') as string })
    await turns()
    expect([started, reported.length, supervisor.status().totals.late]).toEqual([[], 1, 0])
  })

  it('that hangs before calling is followed by the next attempt, where there is one', async () => {
    let executions = 0
    const execute = (fn: () => Promise<unknown>) => (++executions === 1 ? never() : fn())
    const { clock, spawn } = guarded({ execute })
    const handle = spawn('a', { retry: { attempts: 2, delay: 10, jitter: 'none' } })
    clock.advance(5_000)
    expect(handle.status).toBe('pending')
    clock.advance(10)
    await turns()
    expect([handle.status, handle.attempt]).toEqual(['completed', 2])
  })

  it.each([
    ['a value', () => 'done', { status: 'completed', value: 'done' }],
    ['a failure', () => Promise.reject(error), { status: 'failed', reason: error }],
  ])(
    'that hangs after the function has come to %s is given up after 5 s: that is the outcome',
    async (_, fn, outcome) => {
      const execute = async (call: () => Promise<unknown>) => {
        await call().catch(() => undefined)
        return never()
      }
      const { clock, supervisor, reported } = guarded({ execute })
      const handle = supervisor.spawn<unknown>(fn, { lane: 'mail' })
      await turns()
      clock.advance(4_999)
      expect(handle.status).toBe('running')
      clock.advance(1)
      expect(await handle.settled).toMatchObject(outcome)
      expect([reported.length, laneOf(supervisor).running, supervisor.status().totals.late]).toEqual([1, 0, 0])
    },
  )

  it('is given the function all the time that the task has: only its own time counts', async () => {
    const { clock, supervisor, reported } = guarded({ execute: (fn) => fn() })
    const held = hold(supervisor, { lane: 'mail', timeout: 100_000 })
    clock.advance(99_999)
    expect([held.handle.status, reported]).toEqual(['running', []])
    held.resolve()
    expect((await held.handle.settled).status).toBe('completed')
  })

  it('that calls twice at once calls once', async () => {
    const answers: PromiseSettledResult<unknown>[] = []
    const execute = async (fn: () => Promise<unknown>) => {
      answers.push(...(await Promise.allSettled([fn(), fn()])))
    }
    const { supervisor, spawn, reported } = guarded({ execute })
    let calls = 0
    const work = deferred()
    const handle = supervisor.spawn(() => (calls++, work.promise), { lane: 'mail' })
    await turns()
    expect([calls, handle.status, supervisor.status().slots.running]).toEqual([1, 'running', 1])
    work.resolve()
    await handle.settled
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect([reported, supervisor.status().totals.late]).toEqual([[], 0])
    expect(await spawn('next').settled).toMatchObject({ status: 'completed' })
  })

  it('that calls again when the attempt is over calls nothing, and nothing becomes an unhandled rejection', async () => {
    let again: (() => Promise<unknown>) | undefined
    const execute = (fn: () => Promise<unknown>) => {
      again = fn
      return fn()
    }
    const { supervisor, started, spawn, reported } = guarded({ execute })
    const handle = spawn('a')
    await handle.settled
    void again!()
    await turns()
    expect([started.length, reported, handle.status]).toEqual([1, [], 'completed'])
    expect(supervisor.status()).toMatchObject({ slots: { running: 0 }, totals: { late: 0, completed: 1 } })
  })

  it('that answers before the function has stopped ends the attempt; slot and place stay taken till it has', async () => {
    const { clock, supervisor, reported } = guarded({
      execute: (fn) => {
        void fn()
        return Promise.resolve('early')
      },
    })
    const late = record(supervisor, ['task:stopping', 'task:late', 'task:completed'])
    const held = hold(supervisor, { lane: 'mail', grace: 1_000 })
    expect(await held.handle.settled).toEqual({ status: 'completed', value: 'early' })
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 1 })
    clock.advance(500)
    expect(laneOf(supervisor).running).toBe(1)
    held.resolve()
    await turns()
    expect(laneOf(supervisor).running).toBe(0)
    expect(late.map(({ event }) => event).sort()).toEqual(['task:completed', 'task:late', 'task:stopping'])
    expect([supervisor.status().totals.late, reported]).toEqual([1, []])
  })

  it('that answers early delays the next attempt till the function of this one has stopped (rule 6)', async () => {
    let alive = 0
    let most = 0
    const stops: (() => void)[] = []
    const { clock, supervisor } = guarded({
      execute: (fn) => {
        void fn()
        return Promise.reject(error)
      },
    })
    const handle = supervisor.spawn(
      async () => {
        most = Math.max(most, ++alive)
        await new Promise<void>((resolve) => stops.push(resolve))
        alive--
      },
      { lane: 'mail', grace: 60_000, retry: { attempts: 2, delay: 10, jitter: 'none' } },
    )
    await turns()
    clock.advance(1_000)
    await turns()
    expect([handle.status, handle.attempt, stops.length]).toEqual(['pending', 1, 1])
    stops[0]!()
    await turns()
    expect([handle.attempt, stops.length, most]).toEqual([2, 2, 1])
    stops[1]!()
    await turns()
    expect(supervisor.status()).toMatchObject({ slots: { running: 0, stopping: 0 }, totals: { failed: 1, retried: 1 } })
  })

  it('with a getter `state` that throws is neither broken nor a harm to status', async () => {
    const policy = { execute: (fn: () => Promise<unknown>) => fn(), get state(): never { throw error } } // prettier-ignore
    const { supervisor, spawn } = guarded(policy)
    expect(laneOf(supervisor).state).toBe('open')
    expect((await spawn('a').settled).status).toBe('completed')
    expect(supervisor.status().lanes).toMatchObject({ mail: { state: 'open' } })
  })

  it.each([['open'], ['1'], [0], [2], [NaN], [true], [{}], [null]])('with the state %o is not broken', (state) => {
    const { supervisor } = guarded({ execute: (fn: () => Promise<unknown>) => fn(), state } as LanePolicy)
    expect(laneOf(supervisor).state).toBe('open')
  })

  it('whose execute can no longer be read fails its attempts and nothing else', async () => {
    let isRead = false
    const policy = {
      get execute(): LanePolicy['execute'] {
        if (isRead) throw error
        return (fn) => fn()
      },
    }
    const { spawn, reported } = guarded(policy)
    isRead = true
    expect(await spawn('a').settled).toMatchObject({ status: 'failed', reason: error })
    expect(reported).toHaveLength(1)
  })

  it('is called with itself as this, once for each attempt, with a function that takes nothing', async () => {
    const calls: unknown[] = []
    class Own implements LanePolicy {
      readonly #secret = 5
      execute(fn: (...given: unknown[]) => Promise<unknown>): Promise<unknown> {
        calls.push(this.#secret)
        return fn('what', 'ever')
      }
    }
    const { supervisor } = guarded(new Own())
    const handle = supervisor.spawn((...given) => given.length, { lane: 'mail' })
    expect([await handle.result, calls]).toEqual([1, [5]])
  })

  it('leaves adopted promises alone', async () => {
    const execute = vi.fn(() => Promise.reject(error))
    const { supervisor } = guarded({ execute })
    expect(await supervisor.spawn(Promise.resolve(5), { lane: 'mail' }).result).toBe(5)
    expect(execute).not.toHaveBeenCalled()
  })

  it('that spawns into its own lane, again and again, does not exhaust the stack', async () => {
    let left = 5_000
    const { supervisor, started, spawn } = mail(
      {
        policy: {
          execute: (fn) => {
            if (left-- > 0) spawn('nested')
            return fn()
          },
        },
      },
      { concurrency: Infinity },
    )
    spawn('first')
    await supervisor.onIdle()
    expect([started.length, supervisor.status().totals.completed]).toEqual([5_001, 5_001])
  })

  it('does not outlast close: what it holds back is cancelled in time', async () => {
    const { clock, supervisor, spawn } = guarded({ execute: () => never() })
    const handle = spawn('a')
    const closed = supervisor.close({ timeout: 100, grace: 50 })
    await turns()
    clock.advance(100)
    await turns()
    expect(await closed).toMatchObject({ cancelled: 1, abandoned: [] })
    expect(handle.snapshot()).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
  })

  it("counts its own time in the task's timeout; what it holds back then leaves slot and place at once", async () => {
    const { clock, supervisor, spawn } = guarded({ execute: () => never() })
    const handle = spawn('a', { timeout: 100, grace: 1_000 })
    clock.advance(100)
    expect(handle.snapshot()).toMatchObject({ status: 'failed', error: { code: 'TASK_TIMEOUT' } })
    expect(supervisor.status()).toMatchObject({ slots: { running: 0, stopping: 0 }, lanes: { mail: { running: 0 } } })
    clock.advance(10_000)
    await turns()
    expect(supervisor.status().totals).toMatchObject({ failed: 1, timedOut: 1, late: 0 })
  })

  it.each<[string, (cancel: () => void) => void, SpawnOptions]>([
    ['cancelled', (cancel) => cancel(), {}],
    ['timed out', () => undefined, { timeout: 1 }],
  ])('leaves no timer behind for those who were %s while it held them back (rule 13)', async (_, act, own) => {
    const { clock, supervisor, spawn } = guarded({ execute: () => never() }, { concurrency: 10 })
    spawn('first').cancel()
    await supervisor.onIdle()
    const { timers } = clock
    for (let count = 0; count < 100; count++) {
      const handle = spawn('held back', own)
      act(() => handle.cancel())
      clock.advance(1)
    }
    await supervisor.onIdle()
    expect(clock.timers).toBe(timers)
  })

  it('is called in the context of the spawn, also where the task has waited for another (rule 12)', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const execute = (fn: () => Promise<unknown>) => {
      seen.push(storage.getStore())
      return fn()
    }
    const { supervisor, spawn } = guarded({ execute }, { concurrency: 1 })
    const first = deferred()
    storage.run('the first', () => {
      supervisor.spawn(() => first.promise, { lane: 'mail' })
    })
    storage.run('the second', () => spawn('second'))
    spawn('in none')
    storage.run('the third', () => {
      first.resolve()
    })
    await turns()
    expect(seen).toEqual(['the first', 'the second', undefined])
  })
})

describe('work that settles twice, in a lane with a policy', () => {
  /** Calls back at once, and again when told. */
  const twice = (again: { now?: () => void }): PromiseLike<string> => {
    const then = (fulfil: (value: string) => void) => {
      fulfil('first')
      again.now = () => fulfil('second')
    }
    return { then } as PromiseLike<string>
  }

  it.each([
    ['without a policy', undefined],
    ['with one', { execute: (fn: () => Promise<unknown>) => fn() }],
  ])('%s is late the second time, before and after its outcome is told', async (_, policy) => {
    const { supervisor } = mail({ policy })
    const again: { now?: () => void } = {}
    const handle = supervisor.spawn(() => twice(again), { lane: 'mail' })
    again.now!()
    expect(await handle.settled).toEqual({ status: 'completed', value: 'first' })
    again.now!()
    await turns()
    expect(supervisor.status()).toMatchObject({ totals: { completed: 1, late: 2 }, slots: { running: 0, stopping: 0 } })
  })

  it('gives back no slot while a policy that has called again is having its function run', async () => {
    const second = deferred()
    const again: { now?: () => void } = {}
    const execute = async (fn: () => Promise<unknown>) => {
      await fn()
      return fn()
    }
    const { supervisor } = guarded({ execute }, { concurrency: 1 })
    let calls = 0
    const handle = supervisor.spawn<unknown>(() => (++calls === 1 ? twice(again) : second.promise), {
      lane: 'mail',
      grace: 100,
    })
    await turns()
    expect(calls).toBe(2)
    again.now!()
    handle.cancel()
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 1 })
    again.now!()
    expect(supervisor.spawn(() => 1).status).toBe('pending')
    second.resolve()
    await turns()
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 0 })
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import * as cockatiel from 'cockatiel'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { isTaskCancelledError } from 'taskward'
import { guarded, laneOf, mail } from './lane-support.js'
import { deferred, hold, never, turns } from './support.js'

const { handleAll } = cockatiel

describe('a circuit breaker of cockatiel', () => {
  // It asks Date whether its circuit may be tried again.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    return () => vi.useRealTimers()
  })

  const breaking = () => {
    const breaker = cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new cockatiel.ConsecutiveBreaker(2),
    })
    const set = guarded(breaker)
    const fail = async () => {
      const handle = set.supervisor.spawn(() => Promise.reject(new Error('the server is down')), { lane: 'mail' })
      await turns()
      return handle
    }
    return { ...set, breaker, fail }
  }

  it('opens after failures: then nothing is called, each attempt fails at once with its error, and it is reported once', async () => {
    const { supervisor, started, spawn, fail, reported } = breaking()
    expect((await fail()).snapshot().error?.message).toBe('the server is down')
    expect(laneOf(supervisor).state).toBe('open')
    await fail()
    expect(laneOf(supervisor).state).toBe('broken')
    const refused = [spawn('a'), spawn('b')]
    await turns()
    for (const handle of refused) {
      const outcome = await handle.settled
      expect(outcome).toMatchObject({ status: 'failed', reason: expect.any(cockatiel.BrokenCircuitError) as unknown })
    }
    expect([started, reported]).toMatchObject([[], [{ payload: { where: 'policy of lane mail' } }]])
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 0, state: 'broken' })
  })

  it('is tried again after its time, and open again once that has gone well', async () => {
    const { supervisor, started, spawn, fail } = breaking()
    await fail()
    await fail()
    spawn('refused')
    await turns()
    vi.setSystemTime(Date.now() + 10_000)
    expect(laneOf(supervisor).state).toBe('broken')
    spawn('probe')
    await turns()
    expect([started.map(([name]) => name), laneOf(supervisor).state]).toEqual([['probe'], 'open'])
  })

  it('is reported anew once it has been whole in between', async () => {
    const { spawn, fail, reported } = breaking()
    for (let count = 1; count <= 3; count++) {
      await fail()
      await fail()
      for (let refusals = 0; refusals < 5; refusals++) spawn('refused')
      await turns()
      expect(reported).toHaveLength(count)
      vi.setSystemTime(Date.now() + 10_000)
      spawn('probe')
      await turns()
    }
  })

  it("shows a lane that is held open by hand as 'broken', before and after anything is spawned", async () => {
    const { supervisor, started, spawn, breaker } = breaking()
    const { dispose } = breaker.isolate()
    expect(laneOf(supervisor).state).toBe('broken')
    const refused = spawn('refused')
    await turns()
    expect([refused.status, laneOf(supervisor).state]).toEqual(['failed', 'broken'])
    dispose()
    spawn('welcome')
    await turns()
    expect([started.map(([name]) => name), laneOf(supervisor).state]).toEqual([['welcome'], 'open'])
  })

  it('is waited out by retries of the task, which see its error', async () => {
    const { clock, supervisor, started, spawn, fail } = breaking()
    await fail()
    await fail()
    const seen: unknown[] = []
    const retried = spawn('retried', {
      retry: {
        ...{ attempts: 5, delay: 4_000, backoff: 'constant', jitter: 'none' },
        when: (error) => seen.push(error instanceof cockatiel.BrokenCircuitError) > 0,
      },
    })
    for (let waited = 0; waited < 3; waited++) {
      await turns()
      expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 0, state: 'broken' })
      clock.advance(4_000)
      vi.setSystemTime(Date.now() + 4_000)
    }
    await turns()
    clock.advance(4_000)
    await turns()
    expect([retried.status, seen, started.length]).toEqual(['completed', [true, true, true, true], 1])
  })

  it("takes a slot and a token for a call that it refuses, as for any attempt, and shows 'broken' before all else", async () => {
    const { supervisor, spawn, clock } = mail({
      ...{ concurrency: 1, rate: { limit: 1, interval: 100 } },
      policy: { execute: () => Promise.reject(new Error('refused')) },
    })
    spawn('a')
    await turns()
    const waiting = spawn('b')
    expect([waiting.status, laneOf(supervisor).state]).toEqual(['pending', 'broken'])
    clock.advance(100)
    await turns()
    expect(waiting.status).toBe('failed')
  })
})

describe('other policies of cockatiel', () => {
  it('bulkhead: holds functions back, whose attempts have their slot; full, it refuses', async () => {
    const { supervisor, started, spawn, reported } = guarded(cockatiel.bulkhead(1, 1))
    const first = hold(supervisor, { lane: 'mail' })
    const second = spawn('second')
    expect([second.status, started, laneOf(supervisor).running]).toEqual(['running', [], 2])
    const third = spawn('third')
    await turns()
    expect((await third.settled).status).toBe('failed')
    expect([reported.length, laneOf(supervisor).state]).toEqual([1, 'broken'])
    first.resolve()
    await turns()
    expect([second.status, laneOf(supervisor)]).toMatchObject(['completed', { running: 0, state: 'open' }])
  })

  it('bulkhead: never calls the function of a task that was cancelled meanwhile, and is not blamed for it', async () => {
    const { supervisor, started, spawn, reported } = guarded(cockatiel.bulkhead(1, 5))
    const first = hold(supervisor, { lane: 'mail' })
    const cancelled = spawn('cancelled')
    const timedOut = spawn('timed out', { timeout: 0 })
    const next = spawn('next')
    cancelled.cancel()
    expect(laneOf(supervisor).running).toBe(3)
    supervisor.cancel(timedOut.id)
    expect(laneOf(supervisor).running).toBe(2)
    first.resolve()
    await turns()
    expect([started.map(([name]) => name), next.status]).toEqual([['next'], 'completed'])
    expect([reported, laneOf(supervisor)]).toMatchObject([[], { running: 0, state: 'open' }])
    expect(supervisor.status()).toMatchObject({ slots: { running: 0, stopping: 0 }, totals: { late: 0 } })
  })

  it('bulkhead: around a breaker that leaves out cancelled tasks, opens it for none of them', async () => {
    const breaker = cockatiel.circuitBreaker(
      cockatiel.handleWhen((error) => !isTaskCancelledError(error)),
      { halfOpenAfter: 10_000, breaker: new cockatiel.ConsecutiveBreaker(1) },
    )
    const { supervisor, spawn, reported } = guarded(cockatiel.wrap(breaker, cockatiel.bulkhead(1, 9)))
    const running = supervisor.spawn(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { lane: 'mail' },
    )
    const heldBack = [spawn('a'), spawn('b')]
    const last = spawn('last')
    for (const handle of [running, ...heldBack]) handle.cancel()
    await turns(20)
    expect([last.status, breaker.state, reported]).toEqual(['completed', cockatiel.CircuitState.Closed, []])
  })

  it('bulkhead: keeps the AsyncLocalStorage context of each spawn through its queue (rule 12)', async () => {
    const storage = new AsyncLocalStorage<string>()
    const { supervisor } = guarded(cockatiel.bulkhead(1, 100), { concurrency: 3 })
    const seen: [string, string | undefined][] = []
    const request = (name: string) =>
      storage.run(name, () =>
        supervisor.spawn(
          async () => {
            seen.push([name, storage.getStore()])
            await turns(1)
            seen.push([name, storage.getStore()])
          },
          { lane: 'mail', retry: { attempts: 1 } },
        ),
      )
    for (let count = 0; count < 10; count++) request(`request ${String(count)}`)
    await supervisor.onIdle()
    expect(seen).toHaveLength(20)
    for (const [expected, actual] of seen) expect(actual).toBe(expected)
  })

  it('fallback: what it gives is the outcome, also where nothing was called', async () => {
    const instead = cockatiel.fallback(handleAll, 'instead')
    const { supervisor, reported } = guarded(instead)
    const failing = supervisor.spawn(() => Promise.reject(new Error('no')), { lane: 'mail' })
    expect(await failing.settled).toEqual({ status: 'completed', value: 'instead' })
    expect((await supervisor.errors()).items).toEqual([])
    const breaker = cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new cockatiel.ConsecutiveBreaker(1),
    })
    breaker.isolate()
    const isolated = guarded(cockatiel.wrap(instead, breaker))
    expect(await isolated.spawn('a').settled).toEqual({ status: 'completed', value: 'instead' })
    expect([isolated.started, isolated.reported, reported]).toEqual([[], [], []])
  })

  it('wrap: one around the other; that its circuit is open is told by what it refuses', async () => {
    const breaker = cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new cockatiel.ConsecutiveBreaker(2),
    })
    const policy = cockatiel.wrap(cockatiel.bulkhead(1, 10), breaker)
    const { supervisor, started, spawn, reported } = guarded(policy)
    const failing = [1, 2].map(() => supervisor.spawn(() => Promise.reject(new Error('no')), { lane: 'mail' }))
    const refused = [spawn('a'), spawn('b')]
    await turns(20)
    for (const handle of [...failing, ...refused]) expect(handle.status).toBe('failed')
    expect([started, reported.length, laneOf(supervisor)]).toMatchObject([[], 1, { running: 0, state: 'broken' }])
  })

  it('noop: is as if there were none', async () => {
    const { spawn, supervisor } = guarded(cockatiel.noop)
    expect(await spawn('a').settled).toEqual({ status: 'completed', value: undefined })
    const thrown = new Error('mine')
    const handle = supervisor.spawn(() => { throw thrown }, { lane: 'mail' }) // prettier-ignore
    expect(await handle.settled).toMatchObject({ status: 'failed', reason: thrown })
  })
})

describe('timeout and retry of cockatiel', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return () => vi.useRealTimers()
  })

  it('timeout: answers while the function runs on: that is told to stop, and keeps slot and place', async () => {
    const policy = cockatiel.timeout(50, cockatiel.TimeoutStrategy.Aggressive)
    const { clock, supervisor, spawn } = mail({ policy, concurrency: 1 })
    const work = deferred()
    let signal: AbortSignal | undefined
    const handle = supervisor.spawn((context) => ((signal = context.signal), work.promise), {
      ...{ lane: 'mail', grace: 1_000 },
    })
    const next = spawn('next')
    await vi.advanceTimersByTimeAsync(50)
    await turns()
    expect(handle.snapshot()).toMatchObject({ status: 'failed', error: { message: /timed out after 50ms/ } })
    expect([signal?.aborted, isTaskCancelledError(signal?.reason)]).toEqual([true, true])
    expect(supervisor.status()).toMatchObject({ slots: { running: 0, stopping: 1 }, lanes: { mail: { running: 1 } } })
    expect([next.status, laneOf(supervisor).state]).toEqual(['pending', 'saturated'])
    clock.advance(999)
    work.resolve()
    await turns()
    await vi.advanceTimersByTimeAsync(0)
    expect(next.status).toBe('completed')
    expect(supervisor.status()).toMatchObject({ slots: { stopping: 0 }, totals: { late: 1, abandoned: 0 } })
  })

  it('timeout: one whose function does not stop is abandoned after its grace', async () => {
    const policy = cockatiel.timeout(50, cockatiel.TimeoutStrategy.Aggressive)
    const { clock, supervisor, spawn } = mail({ policy, concurrency: 1 })
    const handle = supervisor.spawn(() => never(), { lane: 'mail', grace: 1_000 })
    const next = spawn('next')
    await vi.advanceTimersByTimeAsync(50)
    await turns()
    clock.advance(1_000)
    await turns()
    expect([handle.snapshot().abandoned, next.status]).toEqual([true, 'completed'])
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 0, abandoned: 1 })
  })

  it('retry: calls the function again within one attempt, which has one outcome', async () => {
    const policy = cockatiel.retry(handleAll, { maxAttempts: 2, backoff: new cockatiel.ConstantBackoff(0) })
    const { supervisor, reported } = guarded(policy)
    let calls = 0
    const run = (failures: number) =>
      supervisor.spawn(({ attempt }) => (++calls <= failures ? Promise.reject(new Error('no')) : attempt), {
        lane: 'mail',
      })
    const handle = run(2)
    await vi.advanceTimersByTimeAsync(10)
    expect(await handle.settled).toEqual({ status: 'completed', value: 1 })
    calls = 0
    const failing = run(9)
    await vi.advanceTimersByTimeAsync(10)
    expect([failing.status, calls, reported]).toEqual(['failed', 3, []])
    expect((await supervisor.errors()).items).toHaveLength(1)
    expect(supervisor.status()).toMatchObject({ slots: { running: 0 }, totals: { late: 0, retried: 0 } })
  })

  it('retry: calls no more once the task was cancelled in between', async () => {
    const policy = cockatiel.retry(handleAll, { maxAttempts: 5, backoff: new cockatiel.ConstantBackoff(1_000) })
    const { supervisor, reported } = guarded(policy)
    const calls = vi.fn(() => Promise.reject(new Error('no')))
    const handle = supervisor.spawn(calls, { lane: 'mail' })
    await vi.advanceTimersByTimeAsync(500)
    handle.cancel('enough')
    // Between two calls nothing runs: there is nothing to wait for.
    expect(supervisor.status().slots).toMatchObject({ running: 0, stopping: 0 })
    await vi.advanceTimersByTimeAsync(60_000)
    await turns()
    expect([calls.mock.calls.length, handle.status, reported]).toEqual([1, 'cancelled', []])
    expect(laneOf(supervisor)).toMatchObject({ running: 0, state: 'open' })
  })
})

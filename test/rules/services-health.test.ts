import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import type { HealthCheckOptions } from 'taskward'
import { boom, scripted, SERVICE_EVENTS } from './services-support.js'
import { clocked, deferred, namesOf, never, record, turns } from './support.js'

/** A service that is looked after every second, with half a second for an answer. */
const watched = (check: HealthCheckOptions['check'], options: Parameters<typeof scripted>[1] = {}) => {
  const { clock, supervisor } = clocked()
  const seen = record(supervisor, [...SERVICE_EVENTS, 'hook:error'])
  const service = scripted(supervisor, { healthCheck: { check, interval: 1_000, timeout: 500 }, ...options })
  return { clock, supervisor, seen, ...service, runs: service.runs }
}

describe('a health check', () => {
  it('comes an interval after the start, and after each answer; two never overlap', async () => {
    const answers: { gate: ReturnType<typeof deferred<boolean>>; at: number }[] = []
    const { clock, supervisor } = watched(() => {
      const gate = deferred<boolean>()
      answers.push({ gate, at: clock.monotonic() })
      return gate.promise
    })
    clock.advance(999)
    expect(answers).toHaveLength(0)
    clock.advance(1)
    clock.advance(400)
    expect(answers).toHaveLength(1)
    answers[0]!.gate.resolve(true)
    await turns()
    clock.advance(1_000)
    expect(answers.map(({ at }) => at)).toEqual([1_000, 2_400])
    await supervisor.close()
  })

  it.each<[string, HealthCheckOptions['check'], RegExp]>([
    ['answers false', () => false, /^The health check of service 'poller' answered false$/],
    ['resolves to false', () => Promise.resolve(false), /answered false$/],
    ['says nothing', (() => undefined) as never, /answered undefined$/],
    ['throws', () => boom('no pulse'), /^The health check of service 'poller' failed: no pulse$/],
    ['rejects', () => Promise.reject(new Error('no pulse')), /failed: no pulse$/],
    [
      'throws a rejected promise',
      () => {
        throw Promise.reject(new Error('no pulse'))
      },
      /failed: /,
    ],
    ['is a thenable that throws', () => ({ then: () => boom('no pulse') }), /failed: no pulse$/],
  ])('that %s means that the service is unhealthy: it is stopped and started again', async (_, check, message) => {
    // prettier-ignore
    let isIll = true
    const { clock, supervisor, handle, runs, seen } = watched((context) => !isIll || check(context), { isDeaf: true })
    clock.advance(1_000)
    await turns()
    expect(handle.status()).toMatchObject({
      state: 'unhealthy',
      lastError: { message: expect.stringMatching(message) as string },
    })
    const { signal } = runs[0]!.context
    expect((signal.reason as Error).message).toBe("Service 'poller' was stopped: it is unhealthy")
    expect((signal.reason as { cause: Error }).cause.message).toMatch(message)
    isIll = false
    runs[0]!.reject(signal.reason)
    await turns()
    expect(handle.status().state).toBe('waiting')
    clock.advance(100)
    expect(handle.status()).toMatchObject({ state: 'running', restarts: 1 })
    clock.advance(5_000)
    expect(handle.status().state).toBe('running')
    expect(namesOf(seen)).toEqual(['service:started', 'service:restarting', 'service:started'])
    expect(seen[1]!.payload).toMatchObject({ error: { message: expect.stringMatching(message) as string }, delay: 100 })
    runs[1]!.resolve(1)
    await handle.stop()
    await supervisor.close()
  })

  it('that gives no answer in time means the same, its signal aborts, and its late answer counts for nothing', async () => {
    const gate = deferred<boolean>()
    let signal: AbortSignal | undefined
    const { clock, supervisor, handle } = watched((context) => {
      signal = context.signal
      return gate.promise
    })
    clock.advance(1_499)
    expect([handle.status().state, signal!.aborted]).toEqual(['running', false])
    clock.advance(1)
    expect([handle.status().state, signal!.aborted]).toEqual(['unhealthy', true])
    expect(handle.status().lastError).toMatchObject({
      code: 'TASK_TIMEOUT',
      message: "The health check of service 'poller' gave no answer within its timeout of 500 ms",
    })
    await turns()
    expect(handle.status().state).toBe('waiting')
    gate.resolve(false)
    await turns()
    clock.advance(100)
    expect(handle.status()).toMatchObject({ state: 'running', restarts: 1 })
    await supervisor.close()
  })

  it.each([true, false])('that is dropped is not followed by another when it answers %s late', async (answer) => {
    const gate = deferred<boolean>()
    const { clock, supervisor, handle, last } = watched(() => gate.promise)
    clock.advance(1_000)
    last.resolve(1)
    await turns()
    expect([handle.status().state, clock.timers]).toEqual(['waiting', 1])
    gate.resolve(answer)
    await turns()
    expect([handle.status().state, clock.timers]).toEqual(['waiting', 1])
    await supervisor.close()
  })

  it.each([
    ['permanent', 'waiting'],
    ['transient', 'waiting'],
    ['temporary', 'failed'],
  ] as const)('of a %s service that is unhealthy leaves it %s', async (restart, state) => {
    const { clock, supervisor, handle } = watched(() => false, { restart })
    clock.advance(1_000)
    await turns()
    expect(handle.status().state).toBe(state)
    if (state === 'failed') expect(await handle.settled).toEqual({ state, error: handle.status().lastError })
    await supervisor.close()
  })

  it('that goes on failing is over the limit like any other failure', async () => {
    const { clock, supervisor, handle } = watched(() => false, { maxRestarts: 2 })
    for (let step = 0; step < 10; step++) {
      clock.advance(1_000)
      await turns()
      clock.advance(100)
    }
    expect(await handle.settled).toMatchObject({
      error: { code: 'SERVICE_RESTART_LIMIT', details: { cause: { message: expect.stringContaining('answered false') as string } } },
    }) // prettier-ignore
    expect(handle.status().restarts).toBe(2)
    await supervisor.close()
  })

  it('of a service that does not stop is followed by a start when its grace is over', async () => {
    const { clock, supervisor, handle, runs } = watched(() => false, { isDeaf: true, grace: 300 })
    clock.advance(1_000)
    clock.advance(299)
    expect(handle.status().state).toBe('unhealthy')
    clock.advance(1)
    expect(handle.status().state).toBe('waiting')
    clock.advance(100)
    expect([handle.status().state, runs.length]).toEqual(['running', 2])
    runs[0]!.resolve(1)
    await turns()
    expect(handle.status().state).toBe('running')
    const stopped = handle.stop()
    runs[1]!.resolve(1)
    await stopped
    await supervisor.close()
  })

  it('is not asked while the service does not run, and one under way is dropped', async () => {
    const signals: AbortSignal[] = []
    const { clock, supervisor, handle, last, seen } = watched(({ signal }) => {
      signals.push(signal)
      return never()
    })
    clock.advance(1_000)
    last.resolve(1)
    await turns()
    expect([signals.length, signals[0]!.aborted, handle.status().state, clock.timers]).toEqual([1, true, 'waiting', 1])
    await handle.stop()
    clock.advance(10_000)
    expect([signals.length, clock.timers]).toEqual([1, 0])
    expect(namesOf(seen)).not.toContain('hook:error')
    await supervisor.close()
  })

  it('changes nothing about a stop: one that is unhealthy and told to stop is not started again', async () => {
    const { clock, supervisor, handle, runs } = watched(() => false, { isDeaf: true })
    clock.advance(1_000)
    expect(handle.status().state).toBe('unhealthy')
    const stopped = handle.stop()
    expect(handle.status().state).toBe('stopping')
    runs[0]!.resolve(1)
    await stopped
    clock.advance(10_000)
    expect([handle.status().state, runs.length, await handle.settled]).toEqual([
      ...['stopped', 1, { state: 'stopped', error: null }],
    ])
    await supervisor.close()
  })

  it('may stop or restart its own service', async () => {
    for (const act of ['stop', 'restart'] as const) {
      const { clock, supervisor, handle, runs } = watched((): boolean => {
        if (runs.length === 1) void handle[act]()
        return false
      })
      clock.advance(1_000)
      await turns()
      expect([handle.status().state, handle.status().lastError]).toEqual([act === 'stop' ? 'stopped' : 'running', null])
      await supervisor.close()
    }
  })

  it('runs in the context of supervise; a listener on its signal that throws harms nothing', async () => {
    const request = new AsyncLocalStorage<string>()
    const contexts: unknown[] = []
    const { clock, supervisor } = clocked()
    const seen = record(supervisor, ['hook:error'])
    const check: HealthCheckOptions['check'] = ({ signal }) => {
      contexts.push(request.getStore())
      signal.addEventListener('abort', () => boom())
      return never()
    }
    request.run('a', () => scripted(supervisor, { healthCheck: { check, interval: 10, timeout: 10 } }))
    request.run('b', () => clock.advance(20))
    expect([contexts, seen.length]).toEqual([['a'], 1])
    await supervisor.close()
  })

  it.each([
    [{ interval: Infinity }, 'running', 0],
    [{ interval: 10, timeout: Infinity }, 'running', 1],
    [{ interval: 0, timeout: 0 }, 'unhealthy', 1],
  ] as const)('takes the ends of its ranges: %o', async (times, state, calls) => {
    const { clock, supervisor } = clocked()
    let asked = 0
    const check = () => (asked++, never())
    const { handle, runs } = scripted(supervisor, { isDeaf: true, healthCheck: { check, ...times } })
    clock.advance(1)
    clock.advance(50)
    expect([handle.status().state, asked]).toEqual([state, calls])
    runs[0]!.resolve(1)
    await handle.stop()
    await supervisor.close()
  })
})

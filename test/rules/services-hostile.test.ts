import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type ServiceHandle, type TaskSupervisorOptions } from 'taskward'
import { boom, deaf, EVEN, obedient, scripted, SERVICE_EVENTS, type Run } from './services-support.js'
import { clocked, namesOf, never, record, turns, microtasks } from './support.js'

const nothing = (): void => undefined
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

describe('a service that throws at once, for ever, without a pause', () => {
  it('starves nobody', async () => {
    const supervisor = new TaskSupervisor()
    let calls = 0
    const handle = supervisor.supervise('storm', () => (calls++, boom()), {
      ...{ maxRestarts: Infinity, backoff: { delay: 0 } },
    })
    expect(calls).toBe(1)
    // Other work has its turn: a timer, a task.
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(await supervisor.run(() => 'done')).toBe('done')
    expect(calls).toBeGreaterThan(2)
    await handle.stop()
    const before = calls
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(calls).toBe(before)
    await supervisor.close()
  })

  it('is restarted no more often than its limit, each time in a later turn', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const storm = () => (calls++, boom())
    const handle = supervisor.supervise('storm', storm, { maxRestarts: 1_000, within: Infinity, backoff: { delay: 0 } })
    clock.advance(0)
    expect(calls).toBe(2)
    for (let step = 0; step < 2_000; step++) clock.advance(0)
    expect([calls, (await handle.settled).error!.code]).toEqual([1_001, 'SERVICE_RESTART_LIMIT'])
    await supervisor.close()
  })
})

describe('a function that acts on its own service while it is being called', () => {
  it('by restart, for ever, exhausts neither stack nor event loop', async () => {
    const supervisor = new TaskSupervisor()
    let calls = 0
    const handle: ServiceHandle = supervisor.supervise('self', ({ restarts }) => {
      calls++
      if (restarts > 0 && restarts < 20_000) handle.restart()
      return restarts < 20_000 ? undefined : never()
    })
    handle.restart()
    while (calls <= 100) await turns(1)
    expect(calls).toBeLessThan(1_000)
    await Promise.all([handle.stop(), turns()])
    expect(handle.status().state).toBe('stopped')
    await supervisor.close()
  })

  it('by supervising others, has those in the order of their start', async () => {
    const { supervisor } = clocked()
    supervisor.supervise('outer', (context) => {
      supervisor.supervise('inner', obedient)
      return obedient(context)
    })
    expect(supervisor.status().services.map(({ name, state }) => [name, state])).toEqual([
      ...[['outer', 'running'], ['inner', 'running']], // prettier-ignore
    ])
    expect(() => supervisor.supervise('outer', obedient)).toThrow('live service')
    await supervisor.close()
  })
})

describe('a listener that calls back in', () => {
  type Act = (handle: ServiceHandle, supervisor: TaskSupervisor) => unknown
  const acts: [string, Act, string][] = [
    ['stops the service', (handle) => void handle.stop(), 'stopped'],
    ['restarts the service once', once((handle) => handle.restart()), 'running'],
    [
      'stops and restarts it',
      once((handle) => {
        void handle.stop()
        handle.restart()
      }),
      'running',
    ],
    ['restarts and stops it', once((handle) => (handle.restart(), void handle.stop())), 'stopped'],
    ['closes the supervisor', (_, supervisor) => void supervisor.close({ mode: 'cancel', grace: 0 }), 'stopped'],
    ['throws', () => boom(), 'running'],
  ]

  function once(act: Act): Act {
    const seen = new WeakSet<object>()
    return (handle, supervisor) => {
      if (seen.has(handle)) return
      seen.add(handle)
      act(handle, supervisor)
    }
  }

  describe.each(acts)('and %s', (_, act, ending) => {
    it.each(['service:started', 'service:restarting'] as const)('within %s is obeyed', async (event) => {
      const { clock, supervisor } = clocked()
      const seen = record(supervisor, ['hook:error'])
      const { handle, runs } = scripted(supervisor)
      supervisor.on(event, ({ service }) => {
        expect(service).toEqual(handle.status())
        act(handle, supervisor)
      })
      runs[0]!.reject(new Error('boom'))
      for (let step = 0; step < 5; step++) {
        await turns()
        clock.advance(100)
      }
      expect([handle.status().state, runs.length <= 3]).toEqual([ending, true])
      expect(seen.filter(({ payload }) => !JSON.stringify(payload).includes('E_BOOM'))).toEqual([])
      await supervisor.close()
    })

    it.each(['service:failed', 'service:stopped'] as const)('within %s finds it ended', async (event) => {
      const { supervisor } = clocked()
      const { handle, runs } = scripted(supervisor, { restart: 'temporary' })
      supervisor.on(event, () => act(handle, supervisor))
      if (event === 'service:failed') runs[0]!.reject(new Error('boom'))
      else runs[0]!.resolve(1)
      const state = event === 'service:failed' ? 'failed' : 'stopped'
      expect((await handle.settled).state).toBe(state)
      await turns()
      const expected = ending === 'running' && act !== acts.at(-1)![1] ? 'running' : state
      // What was started anew and stopped again has stopped.
      expect([expected, 'stopped']).toContain(handle.status().state)
      await supervisor.close()
    })
  })

  it('as an abort listener that throws is reported, and harms nothing', async () => {
    const { supervisor } = clocked()
    const seen = record(supervisor, ['hook:error'])
    const { handle, last } = scripted(supervisor)
    last.context.signal.addEventListener('abort', () => boom())
    await handle.stop()
    expect(seen).toMatchObject([{ payload: { where: 'abort listener', error: { code: 'E_BOOM' } } }])
    await supervisor.close()
  })

  it('as a logger that lets the grace pass while it hears of a failure', async () => {
    const warn = (text: string) => {
      if (text.includes('failed while it stopped')) clock.advance(1_000)
    }
    const { clock, supervisor } = clocked({ logger: { ...SILENT, warn } })
    const seen = record(supervisor, [...SERVICE_EVENTS, 'hook:error'])
    const { handle, last } = scripted(supervisor, { isDeaf: true, grace: 100 })
    const stopped = handle.stop()
    last.reject(new Error('boom'))
    await stopped
    expect(namesOf(seen)).toEqual(['service:started', 'service:stopped'])
    await supervisor.close()
  })

  it('as a getter of what its health check failed with', async () => {
    const { clock, supervisor } = clocked()
    class Meddler extends Error {
      override get message(): string {
        void handle.stop()
        return 'boom'
      }
    }
    const check = () => {
      throw new Meddler()
    }
    const { handle, last } = scripted(supervisor, { isDeaf: true, healthCheck: { check, interval: 100 } })
    clock.advance(100)
    expect(handle.status()).toMatchObject({ state: 'stopping', lastError: null })
    last.resolve(1)
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    await supervisor.close()
  })

  it('as a thenable that settles again and again is heard once', async () => {
    const lines: string[] = []
    const { clock, supervisor } = clocked({ logger: { ...SILENT, warn: (text: string) => void lines.push(text) } })
    const settlers: (() => unknown)[] = []
    const thenable = { then: (resolve: () => unknown) => void settlers.push(resolve) }
    const handle = supervisor.supervise('poller', () => thenable, { backoff: EVEN })
    settlers[0]!()
    settlers[0]!()
    clock.advance(100)
    settlers[0]!()
    expect([handle.status().state, lines.filter((line) => line.includes('given up'))]).toEqual(['running', []])
    settlers[1]!()
    await handle.stop()
    await supervisor.close()
  })

  it('as a getter of the very error it failed with', async () => {
    for (const act of ['stop', 'restart'] as const) {
      const { supervisor } = clocked()
      const { handle, last } = scripted(supervisor)
      class Meddler extends Error {
        override get message(): string {
          void handle[act]()
          return 'boom'
        }
      }
      last.reject(new Meddler())
      await turns()
      expect(handle.status().state).toBe(act === 'stop' ? 'stopped' : 'running')
      await supervisor.close()
    }
  })
})

describe('hooks that fail', () => {
  const failing: [string, () => unknown][] = [
    ['throw', () => boom()],
    ['reject', () => Promise.reject(new Error('boom'))],
    ['hang', never],
  ]
  it.each(failing)('change nothing about a service when all of them %s', async (_, hook) => {
    const play = async (options: TaskSupervisorOptions, listener: (() => unknown) | null) => {
      const { clock, supervisor } = clocked(options)
      if (listener) for (const event of SERVICE_EVENTS) supervisor.on(event, listener)
      let asked = 0
      const check = () => ++asked % 2 === 1
      const healthCheck = { check, interval: 100 }
      const { handle } = scripted(supervisor, { healthCheck })
      const statuses = []
      for (let step = 0; step < 20; step++) {
        await turns(2)
        clock.advance(50)
        statuses.push(handle.status())
      }
      await supervisor.close()
      return [...statuses, handle.status()].map(({ lastError, ...status }) => [status, lastError?.message])
    }
    const logger = { debug: hook, info: hook, warn: hook, error: hook }
    expect(await play({ logger }, hook)).toEqual(await play({}, null))
  })
})

describe('whatever is done to a service, in whatever order', () => {
  const ACTS = ['stop', 'restart', 'resolve', 'reject', 'advance', 'turn', 'ill', 'well', 'supervise', 'close'] as const
  /** It has been told to stop, or else it has settled. */
  const expectOver = async ({ context, promise }: Run) => {
    let hasSettled = false
    const settled = (): void => {
      hasSettled = true
    }
    promise.then(settled, settled)
    await microtasks(3)
    expect(context.signal.aborted || hasSettled).toBe(true)
  }
  const steps = fc.array(fc.constantFrom(...ACTS), { maxLength: 40 })

  it('runs one function at a time, given-up ones aside, and comes to an end', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), fc.constantFrom('permanent', 'transient', 'temporary'), async (acts, isDeaf, restart) => {
        const { clock, supervisor } = clocked()
        const warnings = record(supervisor, ['hook:error'])
        const seen = record(supervisor, SERVICE_EVENTS)
        let isWell = true
        const healthCheck = { check: () => isWell, interval: 30, timeout: 10 }
        const { handle, runs } = scripted(supervisor, { restart, grace: 50, healthCheck, maxRestarts: 2, isDeaf })
        let isClosing = false
        for (const act of acts) {
          if (act === 'stop') void handle.stop()
          if (act === 'restart') handle.restart()
          if (act === 'resolve') runs.at(-1)!.resolve(1)
          if (act === 'reject') runs.at(-1)!.reject(new Error('boom'))
          if (act === 'advance') clock.advance(40)
          if (act === 'turn') await turns(2)
          if (act === 'ill' || act === 'well') isWell = act === 'well'
          if (act === 'supervise') try { supervisor.supervise('poller', deaf, { restart: 'temporary' }) } catch { /* it lives */ }
          if (act === 'close' && !isClosing) {
            isClosing = true
            void supervisor.close({ timeout: 1_000, grace: 1_000 })
          }
          expect(supervisor.status().services).toHaveLength(1)
          const { state, restarts, nextRestartAt, startedAt } = handle.status()
          expect((nextRestartAt !== null) === (state === 'waiting')).toBe(true)
          expect(startedAt).not.toBeNull()
          // Each start is the first or a restart, and all but the last have been told to stop, or have settled.
          expect(runs.length).toBe(restarts + 1)
          if (isDeaf) for (const run of runs.slice(0, -1)) await expectOver(run)
        }
        const startedAtMono = clock.monotonic()
        let report: unknown
        void supervisor.close({ timeout: 1_000, grace: 1_000 }).then((it) => (report = it))
        while (report === undefined && clock.monotonic() - startedAtMono < 2_000) {
          await turns(2)
          clock.advance(10)
        }
        await turns()
        expect(report).toBeDefined()
        expect(['stopped', 'failed']).toContain(handle.status().state)
        expect((await handle.settled).state).toMatch(/stopped|failed/)
        expect([warnings, clock.timers]).toEqual([[], 0])
        const ends = namesOf(seen).filter((name) => name === 'service:stopped' || name === 'service:failed')
        expect(ends.length).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 200 },
    )
  }, 60_000) // prettier-ignore
})

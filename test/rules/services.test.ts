import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError, type TaskSupervisor } from 'taskward'
import { boom, EVEN, obedient, scripted, SERVICE_EVENTS } from './services-support.js'
import { clocked, deferred, hold, namesOf, record, turns } from './support.js'

const onlyService = (supervisor: TaskSupervisor) => supervisor.status().services[0]

describe('supervise', () => {
  it('starts the function at once, and shows it until it has ended', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor)
    expect([handle.name, runs.length, runs[0]!.context.name, runs[0]!.context.restarts]).toEqual([
      ...['poller', 1, 'poller', 0],
    ])
    const startedAt = clock.now()
    clock.advance(1_000)
    const expected = { name: 'poller', state: 'running', startedAt, restarts: 0, nextRestartAt: null, lastError: null }
    expect(supervisor.status().services).toEqual([expected])
    expect(handle.status()).toEqual(expected)
    runs[0]!.resolve('done')
    await turns()
    clock.advance(99)
    expect(handle.status()).toEqual({ ...expected, state: 'waiting', nextRestartAt: startedAt + 1_100 })
    clock.advance(1)
    expect(handle.status()).toEqual({ ...expected, startedAt: startedAt + 1_100, restarts: 1 })
    expect(runs[1]!.context.restarts).toBe(1)
    await supervisor.close()
  })

  it('is "starting" while its function is being called', async () => {
    const { supervisor } = clocked()
    let state: string | undefined
    supervisor.supervise('poller', () => void (state = onlyService(supervisor)?.state), { restart: 'temporary' })
    expect(state).toBe('starting')
    await supervisor.close()
  })

  it('takes no slot, is in no total, and neither onIdle nor drain waits for it', async () => {
    const { supervisor } = clocked({ concurrency: 1 })
    scripted(supervisor)
    scripted(supervisor, {}, 'other')
    const task = hold(supervisor)
    const { slots, totals, names } = supervisor.status()
    expect([slots.running, totals.spawned, Object.keys(names)]).toEqual([1, 1, ['held']])
    task.resolve()
    await supervisor.onIdle()
    expect(await supervisor.drain()).toBe(true)
    await supervisor.close({ mode: 'cancel', grace: 0 })
  })

  it('spawns tasks in its supervisor, which belong to no task and outlive it', async () => {
    const { supervisor } = clocked()
    const { handle, last } = scripted(supervisor)
    const { spawn } = last.context
    const task = spawn(() => 'spawned', { name: 'child' })
    expect(task.snapshot()).toMatchObject({ name: 'child', parentId: null })
    last.resolve(undefined)
    await handle.stop()
    expect(await task.result).toBe('spawned')
    await supervisor.close()
  })

  it('runs in the context of its call, each time, but in that of no task', async () => {
    const request = new AsyncLocalStorage<string>()
    const { clock, supervisor } = clocked()
    const seen: unknown[] = []
    await request.run('a', () =>
      supervisor.run(() => {
        supervisor.supervise('poller', () => {
          seen.push(request.getStore())
          // A spawn from within is no task's: while the supervisor drains it is refused, as one from outside is.
          return supervisor.spawn(() => 1).settled.then(({ status }) => void seen.push(status))
        }, { restart: 'permanent', backoff: EVEN, maxRestarts: 1 }) // prettier-ignore
      }),
    )
    await turns()
    request.run('b', () => clock.advance(100))
    await turns()
    expect(seen).toEqual(['a', 'completed', 'a', 'completed'])
    await supervisor.close()
  })

  it('is not inside a live task, though it was supervised by one', async () => {
    const { supervisor } = clocked()
    const statuses: string[] = []
    const poll = deferred()
    const task = hold(supervisor)
    const outer = supervisor.spawn(async () => {
      supervisor.supervise('poller', async (context) => {
        await poll.promise
        statuses.push(context.spawn(() => 1).status)
        await obedient(context)
      })
      await task.promise
    })
    const closing = supervisor.close()
    poll.resolve()
    await turns()
    expect(statuses).toEqual(['cancelled'])
    task.resolve()
    expect(await outer.settled).toMatchObject({ status: 'completed' })
    await closing
  })

  it.each([
    ['a name that is none', '', () => 1, {}, /supervise\(\)\.name: expected well-formed text/],
    ['a function that is none', 'poller', {}, {}, /supervise\(\)\.fn: expected a function, got an object/],
    ['an unknown option', 'poller', () => 1, { restarts: 3 }, /supervise\(\)\.restarts: unknown option/],
    [
      'a restart that is none',
      'poller',
      () => 1,
      { restart: 'always' },
      /one of 'permanent', 'transient', 'temporary'/,
    ],
    ['too small a limit', 'poller', () => 1, { maxRestarts: -1 }, /maxRestarts: expected an integer from 0/],
    ['attempts', 'poller', () => 1, { backoff: { attempts: 3 } }, /supervise\(\)\.backoff\.attempts: unknown option/],
    ['no check', 'poller', () => 1, { healthCheck: {} }, /healthCheck\.check: expected a function, got undefined/],
    ['half a time', 'poller', () => 1, { healthCheck: { check: () => true, timeout: 0.5 } }, /healthCheck\.timeout/],
  ])('refuses %s as misuse', (_, name, fn, given, message) => {
    const { supervisor } = clocked()
    const supervise = () => supervisor.supervise(name, fn as never, given as never)
    expect(supervise).toThrow(message)
    expect(supervise).toThrow(expect.toSatisfy(isTaskOptionError) as Error)
    expect(supervisor.status().services).toEqual([])
  })

  it('lists one of a name in a scope, also above it, when it follows one that has ended', async () => {
    const { supervisor } = clocked()
    const scope = supervisor.scope('outer').scope('inner')
    for (let i = 0; i < 3; i++) {
      const handle = scope.supervise('poller', obedient, { backoff: EVEN })
      if (i < 2) await handle.stop()
    }
    for (const place of [scope, supervisor]) {
      expect(place.status().services.map(({ name, state }) => [name, state])).toEqual([['poller', 'running']])
    }
    await supervisor.close()
  })

  it('refuses a second live service of one name, and lets it follow one that has ended', async () => {
    const { supervisor } = clocked()
    const { handle, last } = scripted(supervisor, { isDeaf: true })
    expect(() => scripted(supervisor)).toThrow("supervise().name: there is a live service with the name 'poller'")
    const stopped = handle.stop()
    expect(() => scripted(supervisor)).toThrow('live service')
    last.resolve(1)
    await stopped
    const second = scripted(supervisor)
    expect(supervisor.status().services).toEqual([second.handle.status()])
    expect(second.handle.status().state).toBe('running')
    await supervisor.close()
  })

  it('shows services in order of start, and of those that have ended the last hundred', async () => {
    const { supervisor } = clocked()
    scripted(supervisor, {}, 'first')
    for (let i = 0; i < 150; i++) supervisor.supervise(`short ${String(i)}`, () => i, { restart: 'temporary' })
    scripted(supervisor, {}, 'last')
    const names = supervisor.status().services.map(({ name }) => name)
    expect([names.length, names[0], names[1], names.at(-2), names.at(-1)]).toEqual([
      ...[102, 'first', 'short 50', 'short 149', 'last'],
    ])
    await supervisor.close({ mode: 'cancel', grace: 0 })
  })
})

describe('the end of a service', () => {
  const ends: [string, (run: { resolve: (value: unknown) => void; reject: (reason: unknown) => void }) => void][] = [
    ['success', (run) => run.resolve(1)],
    ['failure', (run) => run.reject(new Error('boom'))],
  ]
  it.each([
    ['permanent', 'success', 'waiting', null],
    ['permanent', 'failure', 'waiting', 'boom'],
    ['transient', 'success', 'stopped', null],
    ['transient', 'failure', 'waiting', 'boom'],
    ['temporary', 'success', 'stopped', null],
    ['temporary', 'failure', 'failed', 'boom'],
  ] as const)('that is %s, by %s, leaves it %s', async (restart, end, state, message) => {
    const { supervisor } = clocked()
    const { handle, last } = scripted(supervisor, { restart })
    ends.find(([name]) => name === end)![1](last)
    await turns()
    const { lastError } = handle.status()
    expect([handle.status().state, lastError?.message ?? null]).toEqual([state, message])
    if (state !== 'waiting') expect(await handle.settled).toEqual({ state, error: lastError })
    await supervisor.close()
  })

  it.each<[string, () => unknown, string | null]>([
    ['a synchronous throw', () => boom(), 'boom'],
    ['a rejection', () => Promise.reject(new Error('boom')), 'boom'],
    ['a thenable that throws', () => ({ then: () => boom() }), 'boom'],
    [
      'a thenable that rejects and then resolves',
      () => ({ then: (yes: () => unknown, no: (e: unknown) => unknown) => [no(new Error('boom')), yes()] }),
      'boom',
    ],
    ['a foreign AbortError', () => Promise.reject(new DOMException('aborted', 'AbortError')), 'aborted'],
    [
      'a thrown rejected promise',
      () => {
        throw Promise.reject(new Error('boom'))
      },
      null,
    ],
    [
      'undefined thrown',
      () => {
        throw undefined
      },
      null,
    ],
  ])('is a failure: %s', async (_, fn, message) => {
    // prettier-ignore
    const { supervisor } = clocked()
    const handle = supervisor.supervise('poller', fn, { restart: 'temporary' })
    const { state, error } = await handle.settled
    expect(state).toBe('failed')
    if (message === null) expect(error!.message).not.toBe('')
    else expect(error!.message).toBe(message)
    await turns()
    await supervisor.close()
  })

  it.each<[string, () => unknown]>([
    ['no promise', () => 42],
    ['nothing', () => undefined],
    ['a promise', () => Promise.resolve()],
    ['a foreign thenable that calls back twice', () => ({ then: (yes: () => unknown) => [yes(), yes()] })],
  ])('is normal: %s', async (_, fn) => {
    const { supervisor } = clocked()
    const seen = record(supervisor, SERVICE_EVENTS)
    const handle = supervisor.supervise('poller', fn, { restart: 'transient' })
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    expect(namesOf(seen)).toEqual(['service:started', 'service:stopped'])
    await supervisor.close()
  })
})

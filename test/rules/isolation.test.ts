import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type Logger, type TaskEventName, type TaskSupervisorOptions } from 'taskward'
import { clocked, deferred, EVENTS, never, record, turns } from './support.js'

const boom = (): never => {
  throw new Error('boom')
}
const thrower = (): PromiseLike<unknown> => ({ then: boom }) as never
const twice = (): PromiseLike<unknown> =>
  ({
    then: (_: unknown, fail: (reason: unknown) => void) => {
      fail(new Error('boom'))
      fail(new Error('again'))
    },
  }) as never

/** What a hook may do instead of its work; each is one failure. */
const failures: [string, () => unknown][] = [
  ['throws', boom],
  ['throws undefined', () => throwIt(undefined)],
  ['throws a rejected promise', () => throwIt(Promise.reject(new Error('boom')))],
  ['rejects', () => Promise.reject(new Error('boom'))],
  ['rejects later', async () => void (await turns(1), boom())],
  ['gives a thenable that throws', thrower],
  ['gives a thenable that rejects twice', twice],
  ['gives what cannot be read', () => new Proxy({}, { get: boom, getPrototypeOf: boom, ownKeys: boom, has: boom })],
]

function throwIt(thrown: unknown): never {
  throw thrown
}

/** As a listener is declared: its answer is nobody's business. */
const hang: () => unknown = never

const silent = (): Logger => ({ debug: never0, info: never0, warn: never0, error: never0 })
const never0 = (): undefined => undefined

describe.each(failures)('a user function that %s (rule 11)', (_, fail) => {
  it('as a listener is reported once, and the others hear the same', async () => {
    const supervisor = new TaskSupervisor()
    const heard: string[] = []
    supervisor.on('task:completed', () => heard.push('before'))
    supervisor.on('task:completed', fail)
    supervisor.on('task:completed', () => heard.push('after'))
    const seen = record(supervisor, ['hook:error', 'task:settled'])
    expect(await supervisor.spawn(() => 1).settled).toEqual({ status: 'completed', value: 1 })
    await turns()
    expect(heard).toEqual(['before', 'after'])
    expect(seen.filter(({ event }) => event === 'task:settled')).toHaveLength(1)
    expect(seen.filter(({ event }) => event === 'hook:error')).toMatchObject([
      { payload: { where: expect.stringContaining('task:completed') } },
    ])
  })

  it('as onError is reported once, and the failure stands', async () => {
    const supervisor = new TaskSupervisor({ onError: fail })
    const seen = record(supervisor, ['hook:error'])
    const outcome = await supervisor.spawn(() => throwIt(new Error('own'))).settled
    await turns()
    expect(outcome).toMatchObject({ status: 'failed', error: { message: 'own' } })
    expect(seen).toMatchObject([{ payload: { where: 'onError' } }])
    expect((await supervisor.errors()).items).toHaveLength(1)
  })

  it.each(['debug', 'info', 'warn', 'error'] as const)('as logger.%s is reported once a call', async (level) => {
    let calls = 0
    const logger = { ...silent(), [level]: () => ((calls += 1), fail()) }
    const supervisor = new TaskSupervisor({ logger, concurrency: 1, monitor: { enabled: false } })
    const seen = record(supervisor, ['hook:error'])
    supervisor.spawn(() => 1)
    await supervisor.spawn(() => throwIt(new Error('own'))).settled
    const running = supervisor.spawn(async () => turns(1))
    supervisor.spawn(() => 1).cancel()
    await running.settled
    await turns()
    expect(calls).toBeGreaterThan(0)
    expect(seen.map(({ payload }) => (payload as { where: string }).where)).toEqual(
      Array<string>(calls).fill(`logger.${level}`),
    )
    expect(supervisor.status().totals).toMatchObject({ completed: 2, failed: 1, cancelled: 1 })
  })

  it.each(['addEventListener', 'onabort', 'handleEvent'])(
    'as an abort listener by %s is reported once, and the task stops all the same',
    async (way) => {
      const supervisor = new TaskSupervisor()
      const seen = record(supervisor, ['hook:error'])
      let isTold = false
      const handle = supervisor.spawn(({ signal }) => {
        if (way === 'onabort') signal.onabort = fail
        else signal.addEventListener('abort', way === 'handleEvent' ? { handleEvent: fail } : fail)
        return new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            isTold = true
            resolve()
          })
        })
      })
      expect(handle.cancel()).toBe(true)
      await supervisor.onIdle()
      await turns()
      expect([isTold, handle.status]).toEqual([true, 'cancelled'])
      expect(seen).toMatchObject([{ payload: { where: 'abort listener' } }])
    },
  )

  it('as a listener of hook:error ends the reporting, and the other listeners of it hear', async () => {
    const supervisor = new TaskSupervisor({ logger: { ...silent(), error: fail } })
    supervisor.on('hook:error', fail)
    const seen = record(supervisor, ['hook:error'])
    supervisor.on('task:completed', boom)
    await supervisor.spawn(() => 1).settled
    await turns()
    const wheres = seen.map(({ payload }) => (payload as { where: string }).where)
    expect(wheres.filter((where) => where.includes('task:completed'))).toHaveLength(1)
    expect(wheres.length).toBeLessThanOrEqual(3)
  })
})

describe('a user function whose promise hangs', () => {
  it.each<[string, (supervisor: TaskSupervisor) => void, TaskSupervisorOptions]>([
    ['a listener', (supervisor) => supervisor.on('task:failed', never), {}],
    ['onError', () => undefined, { onError: never }],
    ['the logger', () => undefined, { logger: { ...silent(), error: () => never() } }],
  ])('is given up after 5 s: %s', async (where, arrange, options) => {
    const { clock, supervisor } = clocked({
      monitor: { enabled: false },
      retention: { interval: Infinity },
      ...options,
    })
    const seen = record(supervisor, ['hook:error'])
    arrange(supervisor)
    await supervisor.spawn(boom).settled
    expect(await supervisor.drain({ timeout: 1 })).toBe(true)
    clock.advance(4_999)
    expect(seen).toEqual([])
    clock.advance(1)
    expect([seen.length, where]).toEqual([1, where])
    clock.advance(100_000)
    await turns()
    expect([seen.length, clock.timers]).toEqual([1, 0])
  })

  it('is given up after 5 s: an abort listener', async () => {
    const { clock, supervisor } = clocked({ retention: { interval: Infinity } })
    const seen = record(supervisor, ['hook:error'])
    const stopped = deferred()
    const handle = supervisor.spawn(({ signal }) => {
      signal.addEventListener('abort', hang)
      return stopped.promise
    })
    handle.cancel()
    stopped.resolve()
    await supervisor.onIdle()
    clock.advance(5_000)
    expect(seen).toMatchObject([{ payload: { where: 'abort listener' } }])
    expect(clock.timers).toBe(0)
  })
})

describe('a listener that changes what it is given', () => {
  it('changes it for nobody else, be it a listener, the store or a reader', async () => {
    const supervisor = new TaskSupervisor({
      onError: (failure, task) => [failure, failure.error, task, task.metadata].forEach(spoil),
    })
    for (const event of EVENTS) {
      supervisor.on(event, (payload: object) => {
        spoil(payload)
        for (const value of Object.values(payload)) spoil(value as object)
        const { task } = payload as { task?: { metadata: object; error: object | null } }
        if (task) [task.metadata, task.error ?? {}].forEach(spoil)
      })
    }
    const seen = record(supervisor)
    const handle = supervisor.spawn(boom, { name: 'spoilt', metadata: { list: [1, 2] } })
    await handle.persisted
    for (const { payload } of seen) {
      if ('task' in payload) expect(payload.task).toMatchObject({ name: 'spoilt', metadata: { list: [1, 2] } })
    }
    const stored = await supervisor.get(handle.id)
    expect(stored).toMatchObject({ name: 'spoilt', metadata: { list: [1, 2] }, error: { message: 'boom' } })
    expect((await supervisor.errors()).items).toMatchObject([{ taskName: 'spoilt', error: { message: 'boom' } }])
    expect(supervisor.status().recentErrors).toMatchObject([{ taskName: 'spoilt', error: { message: 'boom' } }])
  })
})

function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    Reflect.set(value, key, 'spoilt')
    Reflect.deleteProperty(value, key)
  }
  Reflect.set(value, 'added', true)
  if (Array.isArray(value)) Reflect.set(value, 'length', 0)
}

describe('the same schedule', () => {
  type Attach = (supervisor: TaskSupervisor) => void
  /** Plays a fixed schedule and tells each record's fate, free of ids. */
  async function play(options: TaskSupervisorOptions, attach: Attach): Promise<unknown> {
    const { clock, supervisor } = clocked({ concurrency: 3, queueLimit: 12, timeout: 90, grace: 30, ...options })
    attach(supervisor)
    const handles = Array.from({ length: 40 }, (_, i) =>
      supervisor.spawn(
        ({ signal }) => {
          if (i % 11 === 0) boom()
          if (i % 3 === 0) signal.addEventListener('abort', () => undefined)
          return new Promise((resolve, reject) => {
            clock.setTimer((i * 29) % 140, () => (i % 5 === 0 ? reject(new Error(String(i))) : resolve(i)))
          })
        },
        { name: `n${String(i % 4)}`, priority: i % 3 },
      ),
    )
    for (let at = 0; at < 600; at += 10) {
      clock.advance(10)
      if (at === 50) supervisor.cancel({ name: 'n1' })
      if (at === 100) supervisor.concurrency = 2
      await turns(2)
    }
    await supervisor.close({ timeout: 0, grace: 0 })
    const { totals, slots } = supervisor.status()
    return {
      totals,
      slots,
      fates: handles.map((handle) => {
        const { status, attempt, startedAt, finishedAt, abandoned, error, version } = handle.snapshot()
        return [status, attempt, startedAt, finishedAt, abandoned, error?.message, version]
      }),
    }
  }
  const hostile = (react: () => unknown): [TaskSupervisorOptions, Attach] => [
    { onError: react, logger: { debug: react, info: react, warn: react, error: react } },
    (supervisor) => {
      for (const event of EVENTS as readonly TaskEventName[]) supervisor.on(event, react)
    },
  ]

  it.each([...failures, ['hangs', never] as [string, () => unknown]])(
    'has the same statuses and times when every hook %s',
    async (_, react) => {
      const alone = await play({}, () => undefined)
      expect(await play(...hostile(react))).toEqual(alone)
    },
    20_000,
  )
})

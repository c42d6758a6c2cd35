import { describe, expect, it } from 'vitest'
import type { TaskContext, TaskHandle, TaskScope } from 'taskward'
import { passing } from './passing.js'
import { clocked, deferred, durableStore, hold, never, turns } from './support.js'

const closed = { status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } }

describe('close of a scope', () => {
  it('lets what lives finish, takes what that spawns, and nothing from outside', async () => {
    const { supervisor } = clocked()
    const scope = supervisor.scope('s')
    const gate = deferred()
    let context!: TaskContext
    scope.scope('t').spawn((ctx) => ((context = ctx), gate.promise))
    const closing = scope.close()
    expect(scope.status().state).toBe('draining')
    expect(await scope.spawn(never).settled).toMatchObject(closed)
    expect(await scope.scope('late').spawn(never).settled).toMatchObject(closed)
    expect(await supervisor.spawn(() => scope.spawn(never).settled).result).toMatchObject(closed)
    const inside = [context.spawn(() => 1), await context.spawn(() => scope.spawn(() => 2)).result]
    expect(supervisor.spawn(() => 3).status).toBe('completed')
    gate.resolve()
    const report = await closing
    expect(report).toMatchObject({ completed: 4, failed: 0, cancelled: 3, abandoned: [], handedOff: [], persisted: true })
    expect(inside.map(({ status }) => status)).toEqual(['completed', 'completed'])
    expect(await scope.close({ mode: 'cancel' })).toBe(report)
    expect([scope.status().state, scope.scope('t').status().state, supervisor.status().state]).toEqual(['closed', 'closed', 'open'])
    expect(await context.spawn(never).settled).toMatchObject(closed)
    expect(await scope.scope('after').spawn(never).settled).toMatchObject(closed)
    expect(await scope.supervise('poller', never).settled).toMatchObject({ state: 'stopped' })
  }) // prettier-ignore

  it.each([
    ['drain', { timeout: 300, grace: 200 }, 500],
    ['cancel', { mode: 'cancel', timeout: 300, grace: 200 }, 200],
    ['cancel, at once', { mode: 'cancel', grace: 0 }, 0],
  ] as const)('by %s returns within its time, whatever a task does', async (_, options, mostMs) => {
    const { clock, supervisor } = clocked({ timeout: Infinity, grace: Infinity })
    const scope = supervisor.scope('s', { concurrency: 1 })
    const deaf = scope.spawn(never, { name: 'deaf' })
    const waiting = scope.spawn(never)
    const delayed = scope.spawn(never, { after: [waiting] })
    const report = await passing({ clock }, scope.close(options))
    expect(report.durationMs).toBeLessThanOrEqual(mostMs + (mostMs === 0 ? 10 : 0))
    expect(report).toMatchObject({ completed: 0, failed: 0, cancelled: 3, abandoned: [{ name: 'deaf', scope: 's' }] })
    for (const handle of [deaf, waiting, delayed]) expect(await handle.settled).toMatchObject(closed)
    expect(scope.status()).toMatchObject({ state: 'closed', slots: { running: 0, stopping: 0, abandoned: 1 } })
    await passing({ clock }, supervisor.close())
    expect(clock.timers).toBe(0)
  }) // prettier-ignore

  it('gives a running task SUPERVISOR_CLOSED as the reason of its signal, with the scope’s name', async () => {
    const { clock, supervisor } = clocked()
    const scope = supervisor.scope('request')
    let reason: unknown
    scope.scope('t').spawn(({ signal }) => new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => { reason = signal.reason; resolve() }) // prettier-ignore
    })) // prettier-ignore
    await passing({ clock }, scope.close({ mode: 'cancel' }))
    expect(reason).toMatchObject({ code: 'SUPERVISOR_CLOSED', message: expect.stringContaining("'request'") as string })
  })

  it('asked for by one of its own tasks ends that by its timeout, and the scope with it', async () => {
    const { clock, supervisor } = clocked({ timeout: Infinity })
    const scope = supervisor.scope('s')
    const task = scope.spawn(async () => scope.close({ timeout: 50, grace: 50 }))
    expect(await passing({ clock }, task.settled)).toMatchObject(closed)
    expect((await passing({ clock }, scope.close())).durationMs).toBeLessThanOrEqual(100)
  })

  it('and of its supervisor: neither keeps the other from its time, whichever comes first', async () => {
    for (const [scopeGrace, ownGrace] of [[100, 5_000], [5_000, 100]] as const) {
      for (const isScopeFirst of [true, false]) {
        const { clock, supervisor } = clocked({ timeout: Infinity })
        const scope = supervisor.scope('outer').scope('inner')
        scope.spawn(never)
        const closeScope = () => scope.close({ mode: 'cancel', grace: scopeGrace })
        const closeAll = () => supervisor.close({ mode: 'cancel', grace: ownGrace })
        const [first, second] = isScopeFirst ? [closeScope(), closeAll()] : [closeAll(), closeScope()]
        const reports = await passing({ clock }, Promise.all([first, second]), 50)
        for (const { durationMs, abandoned } of reports) {
          expect(durationMs).toBeLessThanOrEqual(150)
          expect(abandoned).toHaveLength(1)
        }
        expect(scope.status().state).toBe('closed')
      }
    }
  }) // prettier-ignore

  it('does not wait for the records of others, which may come without end', async () => {
    const { clock, supervisor } = clocked({ store: durableStore() })
    const scope = supervisor.scope('s')
    scope.spawn(() => 1)
    let isOver = false
    const flood = async (): Promise<void> => {
      while (!isOver) {
        supervisor.spawn(() => 1)
        await Promise.resolve()
        await turns(1)
      }
    }
    const flooding = flood()
    const report = await scope.close()
    isOver = true
    await flooding
    expect(report).toMatchObject({ persisted: true, durationMs: 0 })
    await passing({ clock }, supervisor.close())
  })

  it('says when the store has not got its tasks, and does not wait for one that is known to be down', async () => {
    const { clock, supervisor } = clocked({ store: durableStore({ commit: () => Promise.reject(new Error('down')) }) })
    const scope = supervisor.scope('s')
    scope.spawn(() => 1)
    await turns()
    expect(await passing({ clock }, scope.close())).toMatchObject({ persisted: false, durationMs: 0 })
    expect(await passing({ clock }, supervisor.scope('idle').close())).toMatchObject({ persisted: true, durationMs: 0 })
  })

  it('by `await using` awaits what the block has spawned, also where the block throws', async () => {
    const { supervisor } = clocked()
    const ends: string[] = []
    const block = async (): Promise<void> => {
      await using scope = supervisor.scope('request')
      scope.spawn(async () => {
        await turns(2)
        ends.push('task')
      })
      throw new Error('block')
    }
    await block().catch((error: unknown) => ends.push((error as Error).message))
    expect(ends).toEqual(['task', 'block'])
  })

  it('stops its services and those within it, and no other', async () => {
    const { clock, supervisor } = clocked()
    const scope = supervisor.scope('s')
    const stopped = [scope, scope.scope('t'), supervisor].map((place, index) =>
      place.supervise(`service ${String(index)}`, ({ signal }) => new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => { resolve() }) // prettier-ignore
      })),
    ) // prettier-ignore
    expect(scope.status().services.map(({ name }) => name)).toEqual(['service 0', 'service 1'])
    await passing({ clock }, scope.close())
    expect(stopped.map((service) => service.status().state)).toEqual(['stopped', 'stopped', 'running'])
    await passing({ clock }, supervisor.close())
  })

  it('follows from a service’s onLimit: "close", and ends the scope alone', async () => {
    const { clock, supervisor } = clocked()
    const scope = supervisor.scope('s')
    scope.supervise('broken', () => Promise.reject(new Error('no')), { maxRestarts: 0, onLimit: 'close' })
    await turns()
    await passing({ clock }, scope.close())
    expect([scope.status().state, supervisor.status().state]).toEqual(['closed', 'open'])
    expect(await scope.spawn(never).settled).toMatchObject(closed)
  })
})

describe('a scope of a supervisor', () => {
  it('that drains: live tasks of any scope may spawn in any, others may not', async () => {
    const { supervisor } = clocked()
    const [one, other] = [supervisor.scope('one'), supervisor.scope('other')]
    const gate = deferred()
    const task = one.spawn(async () => {
      await gate.promise
      return other.spawn(() => 1).result
    })
    const closing = supervisor.close()
    expect(one.status().state).toBe('draining')
    expect(await other.spawn(never).settled).toMatchObject(closed)
    gate.resolve()
    expect([await task.result, await closing]).toMatchObject([1, { completed: 2, cancelled: 1 }])
  })

  it('that is closed can be made, and takes nothing; a promise runs on', async () => {
    const { supervisor } = clocked()
    const before = supervisor.scope('before')
    await supervisor.close()
    for (const scope of [before, before.scope('t'), supervisor.scope('after', { concurrency: 1 })]) {
      expect(await scope.spawn(never).settled).toMatchObject(closed)
      expect(await scope.spawn(Promise.reject(new Error('no'))).settled).toMatchObject(closed)
      await expect(scope.run(never)).rejects.toMatchObject({ code: 'SUPERVISOR_CLOSED' })
      expect([scope.cancelAll(), await scope.drain(), scope.status().state]).toEqual([0, true, 'closed'])
      expect(await scope.close()).toMatchObject({ completed: 0, abandoned: [], persisted: true })
    }
  })
})

describe('waiting for a scope', () => {
  it('drain says false when its time is over, and goes on taking; it waits for those within, for no other', async () => {
    const { clock, supervisor } = clocked()
    const scope = supervisor.scope('s')
    hold(supervisor)
    const task = hold(scope.scope('t') as never)
    const draining = scope.drain({ timeout: 100 })
    clock.advance(100)
    expect([await draining, scope.spawn(() => 1).status]).toEqual([false, 'completed'])
    const idle = scope.onIdle()
    task.resolve()
    await idle
    expect(await scope.drain({ timeout: 0 })).toBe(true)
  })

  it('waits for who is stopping, until it is abandoned; and for what is spawned meanwhile', async () => {
    const { clock, supervisor } = clocked({ grace: 50 })
    const scope = supervisor.scope('s')
    const ends: string[] = []
    const stopping = scope.spawn(never)
    const waiting = scope.onIdle().then(() => ends.push('idle'))
    stopping.cancel()
    await turns()
    expect(ends).toEqual([])
    const next: TaskHandle<string>[] = []
    void stopping.settled.then(() => next.push(scope.spawn(() => 'next')))
    clock.advance(50)
    await waiting
    expect([next.length, scope.status().slots.abandoned, ends.length]).toEqual([1, 1, 1])
    const scopes: TaskScope[] = [scope.scope('never used'), supervisor.scope('nor this')]
    for (const each of scopes) await each.onIdle()
  })
})

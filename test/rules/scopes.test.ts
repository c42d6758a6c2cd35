import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { TaskContext, TaskHandle, TaskScope } from 'taskward'
import { clocked, deferred, hold, never, record, turns, type Deferred } from './support.js'

const boom = (): never => {
  throw new Error('boom')
}

describe('a scope', () => {
  it('gives its tasks its defaults, those around it where it has none, and their own before all', async () => {
    const { clock, supervisor } = clocked({ timeout: 1_000, grace: 100 })
    const outer = supervisor.scope('outer', { timeout: 500, owner: 'ann', metadata: { a: 1, b: 1 }, grace: 7 })
    const inner = outer.scope('inner', { metadata: { b: 2 }, retry: { attempts: 2 } })
    const task = inner.spawn(never, { metadata: { c: 3 } })
    expect(task.snapshot()).toMatchObject({
      ...{ scope: 'inner', owner: 'ann', metadata: { a: 1, b: 2, c: 3 }, maxAttempts: 2, parentId: null },
    })
    const own = inner.spawn(never, { owner: 'bob', timeout: 2_000, retry: { attempts: 1 }, metadata: { a: 0 } })
    expect(own.snapshot()).toMatchObject({ owner: 'bob', maxAttempts: 1, metadata: { a: 0, b: 2 } })
    expect(outer.spawn(() => 1).snapshot()).toMatchObject({ scope: 'outer', maxAttempts: 1, metadata: { a: 1, b: 1 } })
    expect(supervisor.spawn(() => 1).snapshot()).toMatchObject({ scope: null, owner: null, metadata: {} })
    clock.advance(500)
    expect([task.status, own.status]).toEqual(['pending', 'running'])
    clock.advance(7)
    expect(inner.status().slots).toMatchObject({ stopping: 0, abandoned: 1 })
    own.cancel()
    await turns()
    const { items } = await supervisor.list({ owner: 'bob' })
    expect(items.map(({ scope }) => scope)).toEqual(['inner'])
    expect((await supervisor.get(own.id))?.scope).toBe('inner')
  })

  it('calls onError of the nearest scope that has one, once, and no other', async () => {
    const calls: string[] = []
    const { supervisor } = clocked({ onError: (_, { scope }) => void calls.push(`supervisor: ${String(scope)}`) })
    const outer = supervisor.scope('outer', { onError: (_, { scope }) => void calls.push(`outer: ${String(scope)}`) })
    const inner = outer.scope('inner')
    inner.spawn(boom, { retry: { attempts: 1 } })
    inner.scope('innermost', { onError: boom }).spawn(boom)
    supervisor.scope('plain').spawn(boom)
    await inner.run(boom).catch(() => undefined)
    await turns()
    expect(calls).toEqual(['outer: inner', 'supervisor: plain', 'outer: inner'])
  })

  it('counts what is in it and in those within it, each where it is', async () => {
    const { clock, supervisor } = clocked({ concurrency: 4 })
    const outer = supervisor.scope('outer', { concurrency: 3 })
    const inner = outer.scope('inner', { concurrency: 1 })
    hold(supervisor, { name: 'other' })
    const [one, two] = [hold(outer as never, { name: 'one' }), hold(inner as never, { name: 'two' })]
    inner.spawn(() => 1, { name: 'waits' })
    outer.spawn(() => 1, { name: 'delayed', delay: 1_000 })
    outer.spawn(boom, { name: 'failed' })
    expect(outer.status()).toMatchObject({
      ...{ name: 'outer', state: 'open', instanceId: supervisor.instanceId, lanes: {} },
      slots: { limit: 3, running: 2, stopping: 0, abandoned: 0 },
      queue: { waiting: 1, limit: 10_000, saturated: false },
      totals: { spawned: 5, failed: 1, completed: 0 },
      names: { one: { running: 1 }, two: { running: 1 }, waits: { pending: 1 }, delayed: { pending: 1 } },
    })
    expect(Object.keys(outer.status().names)).not.toContain('other')
    expect(outer.status().recentErrors).toHaveLength(1)
    expect(outer.status().tasks.map(({ name }) => name)).toEqual(['one', 'two', 'waits', 'delayed'])
    expect(outer.status({ tasks: 1 }).tasks).toHaveLength(1)
    expect(inner.status()).toMatchObject({ slots: { limit: 1, running: 1 }, queue: { waiting: 1 }, totals: { spawned: 2 } })
    clock.advance(250)
    expect(inner.status()).toMatchObject({ uptimeMs: 250, queue: { oldestWaitMs: 250 } })
    two.handle.cancel()
    expect(outer.status()).toMatchObject({ slots: { running: 1, stopping: 1 }, tasks: [{ name: 'one' }, { name: 'two' }, {}, {}] })
    expect(inner.scope('narrow').status().slots.limit).toBe(1)
    for (const { resolve } of [one, two]) resolve()
    await turns()
    expect(inner.status().totals).toMatchObject({ completed: 1, cancelled: 1 })
    expect(supervisor.status()).toMatchObject({ totals: { spawned: 6 }, slots: { running: 1 } })
    supervisor.pause()
    expect(inner.status().state).toBe('paused')
  }) // prettier-ignore

  it('at its cap lets others pass, and takes part in the queue as any other gate', async () => {
    const { supervisor } = clocked({ concurrency: 2 })
    const scope = supervisor.scope('s', { concurrency: 1 })
    const first = hold(scope as never)
    const started: string[] = []
    const go = (name: string) => () => started.push(name)
    scope.spawn(go('scope'), { priority: 9 })
    supervisor.spawn(go('other'))
    scope.scope('t').spawn(go('within'))
    expect(started).toEqual(['other'])
    scope.spawn(Promise.resolve(go('adopted')()))
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(['other', 'adopted', 'scope', 'within'])
  })

  it('never runs more than its cap, nor those above theirs, whatever comes (one to three levels)', async () => {
    const cap = fc.integer({ min: 1, max: 4 })
    const act = fc.record({
      where: fc.nat(2),
      what: fc.constantFrom('spawn', 'spawn', 'spawn', 'end', 'cancel', 'fail'),
      which: fc.nat(),
    })
    const play = fc.asyncProperty(cap, fc.array(cap, { minLength: 1, maxLength: 3 }), fc.array(act, { maxLength: 60 }), async (limit, caps, acts) => {
      const { supervisor } = clocked({ concurrency: limit })
      const scopes: TaskScope[] = []
      for (const concurrency of caps) scopes.push((scopes.at(-1) ?? supervisor).scope('s', { concurrency }))
      const running = caps.map(() => 0)
      const live: { gate: Deferred<void>; handle: TaskHandle<void> }[] = []
      const spawn = (level: number): void => {
        const gate = deferred()
      gate.promise.catch(() => undefined)
        const handle = scopes[level]!.spawn(async () => {
          for (let each = 0; each <= level; each++) expect(++running[each]!).toBeLessThanOrEqual(caps[each]!)
          await gate.promise.finally(() => { for (let each = 0; each <= level; each++) running[each]!-- }) // prettier-ignore
        }, { retry: { attempts: 2, delay: 0 } }) // prettier-ignore
        live.push({ gate, handle })
      }
      for (const { where, what, which } of acts) {
        const one = live[which % Math.max(1, live.length)]
        if (what === 'spawn') spawn(where % caps.length)
        else if (what === 'cancel') one?.handle.cancel()
        else if (what === 'fail') one?.gate.reject(new Error('no'))
        else one?.gate.resolve()
        if (which % 3 === 0) await turns(1)
        caps.forEach((most, level) => {
          const { running: runs, stopping } = scopes[level]!.status().slots
          expect(runs + stopping).toBeLessThanOrEqual(most)
        })
      }
      for (const { gate, handle } of live) {
        gate.resolve()
        handle.cancel()
      }
      await supervisor.onIdle()
      expect(scopes[0]!.status()).toMatchObject({ slots: { running: 0, stopping: 0 }, queue: { waiting: 0 } })
    }) // prettier-ignore
    await fc.assert(play, { numRuns: 60 })
  })

  it.each([['', {}], [5, {}], ['s', { concurrency: 0 }], ['s', { queueLimit: 1 }], ['s', { owner: '' }], ['s', { signal: {} }], ['s', { metadata: 5 }], ['s', { onError: 1 }], ['s', null]])(
    'is not made of %j and %j',
    (name, options) => {
      const { supervisor } = clocked()
      expect(() => supervisor.scope(name as string, options as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    },
  ) // prettier-ignore
})

describe('cancel in a scope', () => {
  it('is about its own tasks and those within it, by id and by filter; never of one outside', () => {
    const { supervisor } = clocked()
    const [scope, other] = [supervisor.scope('s'), supervisor.scope('s')]
    const inner = scope.scope('t')
    const [outside, beside, inside, within] = [supervisor, other, scope, inner].map((at) => at.spawn(never, { name: 'n' })) as [
      ...TaskHandle<never>[], TaskHandle<never>,
    ] as unknown as [TaskHandle<never>, TaskHandle<never>, TaskHandle<never>, TaskHandle<never>]
    expect([scope.cancel(outside.id), scope.cancel(beside.id), inner.cancel(inside.id), scope.cancel('nobody')]).toEqual([0, 0, 0, 0])
    expect(scope.cancel({ name: 'm' })).toBe(0)
    expect(scope.cancel({ nmae: 'n' } as never)).toBe(0)
    expect(scope.cancel({ name: 'n' }, 'enough')).toBe(2)
    expect([outside, beside, inside, within].map(({ status }) => status)).toEqual(['running', 'running', 'cancelled', 'cancelled'])
    expect(scope.spawn(() => 1).status).toBe('completed')
    expect(supervisor.cancelAll()).toBe(2)
  }) // prettier-ignore

  it('cancelAll takes a running task’s slot to nobody who is to go too, and later spawns are taken', async () => {
    const { supervisor } = clocked({ concurrency: 1 })
    const scope = supervisor.scope('s')
    let calls = 0
    scope.spawn(never)
    for (let count = 0; count < 5; count++) scope.scope('t').spawn(() => calls++)
    expect(scope.cancelAll('enough')).toBe(6)
    await turns()
    expect(calls).toBe(0)
    expect(scope.spawn(() => 1).status).toBe('pending')
  })
})

describe('the signal of a scope', () => {
  it('cancels what lives in it and all that comes, in those within it too; the reason is the cause', async () => {
    const { supervisor } = clocked()
    const caller = new AbortController()
    const scope = supervisor.scope('s', { signal: caller.signal })
    const inner = scope.scope('t')
    const live = [scope.spawn(never), inner.spawn(never), inner.spawn(never, { delay: 1_000 })]
    const beside = supervisor.spawn(never)
    caller.abort('gone')
    const seen = record(supervisor, ['task:spawned', 'task:started', 'task:cancelled'])
    for (const handle of [...live, scope.spawn(never), inner.spawn(never), inner.scope('u').spawn(never)]) {
      expect(await handle.settled).toMatchObject({ error: { code: 'TASK_CANCELLED' }, reason: { cause: 'gone' } })
    }
    expect(seen.map(({ event }) => event)).toEqual(Array.from({ length: 3 }, () => ['task:spawned', 'task:cancelled']).flat())
    expect([beside.status, scope.status().totals]).toMatchObject(['running', { spawned: 6, cancelled: 6, rejected: 0 }])
  }) // prettier-ignore

  it('counts also where it aborts, or has aborted, while nobody lives in it; services are not started then', async () => {
    const { supervisor } = clocked()
    const caller = new AbortController()
    const scope = supervisor.scope('s', { signal: caller.signal })
    scope.spawn(() => 1)
    await turns()
    caller.abort('gone')
    for (const place of [scope, supervisor.scope('late', { signal: caller.signal }), scope.scope('within')]) {
      expect(await place.spawn(never).settled).toMatchObject({ error: { code: 'TASK_CANCELLED' }, reason: { cause: 'gone' } })
      expect(await place.supervise('poller', never).settled).toMatchObject({ state: 'stopped' })
    }
  }) // prettier-ignore

  it('stops the services in it, and in those within it', async () => {
    const { clock, supervisor } = clocked()
    const caller = new AbortController()
    const scope = supervisor.scope('s', { signal: caller.signal, grace: 10 }).scope('t')
    const told: unknown[] = []
    const service = scope.supervise('poller', ({ signal }) => new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => { told.push(signal.reason); resolve() }) // prettier-ignore
    })) // prettier-ignore
    await turns()
    caller.abort('gone')
    clock.advance(10)
    await turns()
    expect([service.status().state, told.length]).toEqual(['stopped', 1])
  })

  it('of the caller’s own making that breaks later harms nobody', () => {
    let isBroken = false
    const signal = { addEventListener: () => { if (isBroken) throw new Error('no') }, removeEventListener: () => undefined, get aborted() { if (isBroken) throw new Error('no'); return false } } // prettier-ignore
    const { supervisor } = clocked()
    const scope = supervisor.scope('s', { signal: signal as never })
    isBroken = true
    expect(scope.spawn(() => 1).status).toBe('completed')
    expect(() => supervisor.scope('s', { signal: signal as never })).toThrow('scope().signal')
  })

  it('may abort within a spawn, by a listener: the newcomer is cancelled, and never called', () => {
    const { supervisor } = clocked()
    const caller = new AbortController()
    const scope = supervisor.scope('s', { signal: caller.signal })
    supervisor.once('task:spawned', () => {
      caller.abort()
    })
    let context: TaskContext | null = null
    expect(scope.spawn((ctx) => void (context = ctx)).status).toBe('cancelled')
    expect(context).toBeNull()
  })
})

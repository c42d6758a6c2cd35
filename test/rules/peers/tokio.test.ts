import { describe, expect, it } from 'vitest'
import type { TaskHandle } from 'taskward'
import { clocked, deferred, hold, never, turns } from '../support.js'

describe('where tokio has a TaskTracker', () => {
  it('knows it is idle without having been closed', async () => {
    const { supervisor } = clocked()
    const held = hold(supervisor)
    let isIdle = false
    void supervisor.onIdle().then(() => (isIdle = true))
    await turns()
    expect(isIdle).toBe(false)
    held.resolve()
    await turns()
    expect([isIdle, supervisor.status().state]).toEqual([true, 'open'])
  })

  it('is idle at once when nothing lives, and closes in no time', async () => {
    const { supervisor } = clocked()
    await supervisor.onIdle()
    expect(await supervisor.close()).toMatchObject({ completed: 0, durationMs: 0 })
    await supervisor.onIdle()
  })

  it('is not idle where whoever awaited the last task spawns the next one', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const gate = deferred()
    void first.handle.settled.then(() => supervisor.spawn(() => gate.promise))
    let isIdle = false
    void supervisor.onIdle().then(() => (isIdle = true))
    first.resolve()
    await turns()
    expect(isIdle).toBe(false)
    gate.resolve()
    await turns()
    expect(isIdle).toBe(true)
  })

  it('takes no work of others once close is called, though its own still runs', () => {
    const { supervisor } = clocked()
    hold(supervisor)
    void supervisor.close()
    const late = supervisor.spawn(() => 1)
    expect([late.status, late.snapshot().error?.code]).toEqual(['cancelled', 'SUPERVISOR_CLOSED'])
    supervisor.cancelAll()
  })

  it('tells everybody who waits for idleness, and everybody who waits for close the same', async () => {
    const { supervisor } = clocked()
    const held = hold(supervisor)
    const idle = Array.from({ length: 10 }, () => supervisor.onIdle())
    const closed = Array.from({ length: 10 }, () => supervisor.close())
    held.resolve()
    await Promise.all(idle)
    const [report, ...others] = await Promise.all(closed)
    expect(others.every((other) => other === report)).toBe(true)
  })

  it('tracks a promise that runs already, without a slot', async () => {
    const { supervisor } = clocked({ concurrency: 1 })
    hold(supervisor).resolve()
    const gate = deferred<string>()
    const tracked = supervisor.spawn(gate.promise)
    expect([tracked.status, supervisor.spawn(() => 'beside it').status]).toEqual(['running', 'pending'])
    let isIdle = false
    void supervisor.onIdle().then(() => (isIdle = true))
    await turns()
    expect(isIdle).toBe(false)
    gate.resolve('done')
    await turns()
    expect([isIdle, await tracked.result]).toEqual([true, 'done'])
  })

  it('remembers ended tasks as records, of which as many as retention allows', async () => {
    const { supervisor } = clocked({ retention: { maxTasks: 5, interval: 10 } })
    for (let count = 0; count < 20; count++) supervisor.spawn(() => count)
    await turns()
    expect(supervisor.status()).toMatchObject({ slots: { running: 0 }, totals: { completed: 20 }, tasks: [] })
    await supervisor.prune()
    expect((await supervisor.list()).items).toHaveLength(5)
  })
})

describe('where tokio has a CancellationToken', () => {
  it('never takes a cancel up: the scope around, and its tasks, go on', () => {
    const { supervisor } = clocked()
    const outer = supervisor.scope('outer')
    const around = outer.spawn(never)
    const within = outer.scope('inner')
    const inner = within.spawn(never)
    expect(within.cancelAll()).toBe(1)
    expect([inner.status, around.status]).toEqual(['cancelled', 'running'])
  })

  it('takes a cancel down through scopes, though nobody holds the one in between', () => {
    const { supervisor } = clocked()
    const outer = supervisor.scope('outer')
    const innermost = (() => outer.scope('between').scope('innermost'))()
    const task = innermost.spawn(never)
    outer.cancelAll('enough')
    expect(task.snapshot()).toMatchObject({ status: 'cancelled', error: { details: { cause: { message: 'enough' } } } })
  })

  it('takes a cancel down from a task to what it has spawned, and what that has', async () => {
    const { supervisor } = clocked()
    const spawned: TaskHandle<unknown>[] = []
    const parent = supervisor.spawn(({ spawn }) => {
      spawned.push(
        spawn((child) => {
          spawned.push(child.spawn(never))
          return never()
        }),
      )
      return never()
    })
    await turns()
    parent.cancel()
    expect(spawned.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  })

  it('leaves the children of a task that has ended by itself to themselves', async () => {
    const { supervisor } = clocked()
    let grandchild: TaskHandle<unknown> | undefined
    const parent = supervisor.spawn(async ({ spawn }) => {
      const between = spawn((context) => {
        grandchild = context.spawn(never)
      })
      await between.settled
      return never()
    })
    await turns()
    parent.cancel()
    expect([parent.status, grandchild?.status]).toEqual(['cancelled', 'running'])
  })

  it('has what is spawned in a scope whose signal has aborted, or in one within it, be born cancelled', () => {
    const { supervisor } = clocked()
    const abort = new AbortController()
    const outer = supervisor.scope('outer', { signal: abort.signal })
    abort.abort('gone')
    let calls = 0
    for (const scope of [outer, outer.scope('inner')]) {
      const handle = scope.spawn(() => ++calls)
      expect([handle.status, handle.snapshot().error?.code, calls]).toEqual(['cancelled', 'TASK_CANCELLED', 0])
    }
  })

  it('has what a cancelled task spawns be born cancelled', async () => {
    const { supervisor } = clocked()
    let child: TaskHandle<unknown> | undefined
    let calls = 0
    const gate = deferred()
    const parent = supervisor.spawn(async ({ spawn }) => {
      await gate.promise
      child = spawn(() => ++calls)
    })
    parent.cancel()
    gate.resolve()
    await turns()
    expect([child?.status, child?.snapshot().error?.code, calls]).toEqual(['cancelled', 'TASK_CANCELLED', 0])
  })

  it('keeps the outcome of a function that was done first', async () => {
    const { supervisor } = clocked()
    const held = hold<string>(supervisor)
    held.resolve('done')
    await turns()
    expect([held.handle.cancel(), supervisor.cancelAll()]).toEqual([false, 0])
    expect(await held.handle.settled).toEqual({ status: 'completed', value: 'done' })
  })

  it('gives the reason of a cancel as the cause of what its signal aborts with, and of the outcome', async () => {
    const { supervisor } = clocked()
    let reason: unknown
    const handle = supervisor.spawn(({ signal }) => {
      signal.addEventListener('abort', () => void (reason = signal.reason))
      return never()
    })
    expect([handle.cancel('user left'), handle.cancel('again')]).toEqual([true, false])
    expect(reason).toMatchObject({ code: 'TASK_CANCELLED', cause: 'user left' })
    expect((await handle.settled) as object).toMatchObject({ reason })
  })
})

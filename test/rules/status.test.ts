import { describe, expect, it, vi } from 'vitest'
import { TaskSupervisor, type SupervisorStatus } from 'taskward'
import { taskErrorRecordSchema, taskRecordSchema } from 'taskward/schemas'
import { clocked, fakeStore, hold, never, turns } from './support.js'
import { LiveTask } from '../../src/runtime/live-task.js'

const NONE = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 }
const NO_TOTALS = {
  spawned: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  retried: 0,
  timedOut: 0,
  rejected: 0,
  abandoned: 0,
  late: 0,
}
const fails = (): Promise<never> => Promise.reject(new Error('no'))

describe('status', () => {
  it('has every field from the start, and is JSON with finite limits', () => {
    const { clock, supervisor } = clocked({ name: 'mails' })
    const startedAt = clock.now()
    clock.advance(1_500)
    const status = supervisor.status()
    expect(status).toEqual<SupervisorStatus>({
      name: 'mails',
      instanceId: supervisor.instanceId,
      state: 'open',
      startedAt,
      uptimeMs: 1_500,
      slots: { limit: 50, running: 0, stopping: 0, abandoned: 0 },
      queue: { waiting: 0, limit: 10_000, oldestWaitMs: 0, saturated: false },
      totals: NO_TOTALS,
      perSecond: { spawned: 0, completed: 0, failed: 0 },
      waitMs: NONE,
      runMs: NONE,
      names: {},
      lanes: {},
      services: [],
      store: { kind: 'memory', state: 'ok', buffered: 0, dropped: 0, lastError: null },
      recentErrors: [],
      tasks: [],
    })
    expect(JSON.parse(JSON.stringify(status))).toEqual(status)
  })

  it('is a copy: what is done to it changes nothing inside', async () => {
    const { supervisor } = clocked()
    hold(supervisor, { metadata: { a: 1 } })
    await supervisor.spawn(fails, { name: 'f' }).settled
    const before = structuredClone(supervisor.status())
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const inner of Object.values(value)) spoil(inner)
      for (const key of Object.keys(value)) Reflect.deleteProperty(value, key)
    }
    spoil(supervisor.status())
    expect(supervisor.status()).toEqual(before)
  })

  it('tells open, paused, draining and closed', async () => {
    const supervisor = new TaskSupervisor()
    const states: string[] = []
    const look = (): void => void states.push(supervisor.status().state)
    const held = hold(supervisor)
    look()
    supervisor.pause()
    look()
    supervisor.resume()
    look()
    const closing = supervisor.close()
    look()
    held.resolve()
    await closing
    look()
    expect(states).toEqual(['open', 'paused', 'open', 'draining', 'closed'])
    expect(supervisor.status().store.state).toBe('closed')
    supervisor.pause()
    look()
    supervisor.resume()
    look()
    expect(states.slice(5)).toEqual(['closed', 'closed'])
  })

  it('counts slots, queue and totals at every step of a life', async () => {
    const { clock, supervisor } = clocked({ concurrency: 2, queueLimit: 2, timeout: 100, grace: 50 })
    const at = () => {
      const { slots, queue, totals } = supervisor.status()
      const { running, stopping, abandoned } = slots
      return [running, stopping, abandoned, queue.waiting, queue.oldestWaitMs, queue.saturated, totals]
    }
    const a = hold(supervisor)
    const b = hold(supervisor)
    expect(at()).toEqual([2, 0, 0, 0, 0, false, { ...NO_TOTALS, spawned: 2 }])
    hold(supervisor, { queueTimeout: 90 })
    clock.advance(40)
    hold(supervisor)
    expect(at()).toEqual([2, 0, 0, 2, 40, true, { ...NO_TOTALS, spawned: 4 }])
    hold(supervisor)
    expect(at().at(-1)).toEqual({ ...NO_TOTALS, spawned: 5, failed: 1, rejected: 1 })
    clock.advance(50)
    expect(at()).toEqual([2, 0, 0, 1, 50, false, { ...NO_TOTALS, spawned: 5, failed: 2, rejected: 1, timedOut: 1 }])
    clock.advance(10)
    expect(at().slice(0, 4)).toEqual([0, 2, 0, 1])
    expect(at().at(-1)).toEqual({ ...NO_TOTALS, spawned: 5, failed: 4, rejected: 1, timedOut: 3 })
    a.resolve()
    await turns()
    expect(at().slice(0, 4)).toEqual([1, 1, 0, 0])
    expect(at().at(-1)).toMatchObject({ late: 1, abandoned: 0 })
    clock.advance(50)
    expect(at().slice(0, 4)).toEqual([1, 0, 1, 0])
    b.reject(new Error('at last'))
    await turns()
    expect(at().slice(0, 4)).toEqual([1, 0, 0, 0])
    expect(at().at(-1)).toMatchObject({ late: 2, abandoned: 1, failed: 4 })
  })

  it('counts what was cancelled, and what was refused by close', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const held = hold(supervisor)
    hold(supervisor).handle.cancel()
    hold(supervisor)
    const closing = supervisor.close({ mode: 'cancel', grace: 1 })
    clock.advance(1)
    expect(await closing).toMatchObject({ cancelled: 2, completed: 0, failed: 0 })
    supervisor.spawn(() => 1)
    supervisor.spawn(Promise.resolve())
    await turns()
    expect(supervisor.status().totals).toEqual({
      ...NO_TOTALS,
      spawned: 5,
      cancelled: 5,
      rejected: 3,
      abandoned: 1,
      late: 1,
    })
    held.resolve()
    await turns()
    expect(supervisor.status().totals.late).toBe(2)
  })

  it('tells the store', async () => {
    const supervisor = new TaskSupervisor({ store: fakeStore({ commit: () => Promise.reject(new Error('full')) }) })
    supervisor.spawn(() => 1)
    supervisor.spawn(() => 2)
    await turns()
    expect(supervisor.status().store).toMatchObject({
      kind: 'fake',
      state: 'degraded',
      buffered: 2,
      dropped: 0,
      lastError: { code: 'STORE_UNAVAILABLE' },
    })
    await supervisor.close({ timeout: 0, grace: 0 })
    expect(supervisor.status().store).toMatchObject({ state: 'closed', dropped: 2 })
  })

  it.each([-1, 1.5, NaN, '5', null])('makes tasks: %s misuse', (tasks) => {
    expect(() => new TaskSupervisor().status({ tasks: tasks as number })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('recentErrors', () => {
  it('are the last 20, newest first, without the cancelled', async () => {
    const { supervisor } = clocked()
    for (let i = 0; i < 25; i++) {
      await supervisor.spawn(() => Promise.reject(new Error(`e${String(i)}`)), { name: `n${String(i)}` }).settled
      supervisor.spawn(never).cancel()
    }
    const { recentErrors } = supervisor.status()
    expect(recentErrors.map(({ error }) => error.message)).toEqual(
      Array.from({ length: 20 }, (_, i) => `e${String(24 - i)}`),
    )
    for (const error of recentErrors) expect(taskErrorRecordSchema.parse(error)).toEqual(error)
  })
})

describe('tasks', () => {
  it('are running first, oldest first, and at most as many as asked for [100]', () => {
    const { clock, supervisor } = clocked({ concurrency: 60, timeout: Infinity, grace: Infinity })
    const names: string[] = []
    for (let i = 0; i < 160; i++) {
      hold(supervisor, { name: String(i) })
      clock.advance(1)
    }
    for (const task of supervisor.status().tasks) names.push(task.name)
    expect(names).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
    expect(supervisor.status({ tasks: 0 }).tasks).toEqual([])
    expect(supervisor.status({ tasks: 3 }).tasks.map(({ name }) => name)).toEqual(['0', '1', '2'])
    expect(supervisor.status({ tasks: 1_000 }).tasks).toHaveLength(160)
    supervisor.cancel({ name: '0' })
    const { tasks } = supervisor.status({ tasks: 1_000 })
    expect(tasks.map(({ status }) => status)).toEqual([
      ...Array<string>(59).fill('running'),
      'cancelled',
      ...Array<string>(100).fill('pending'),
    ])
    expect(tasks[59]).toMatchObject({ name: '0', stoppingSince: clock.now(), abandoned: false })
    for (const task of tasks) expect(taskRecordSchema.parse(task)).toEqual(task)
  })

  it('list the abandoned until they settle', async () => {
    const { clock, supervisor } = clocked({ timeout: 10, grace: 10 })
    const { resolve, handle } = hold(supervisor)
    clock.advance(10)
    clock.advance(10)
    expect(supervisor.status()).toMatchObject({
      slots: { abandoned: 1 },
      tasks: [{ id: handle.id, abandoned: true, status: 'failed' }],
    })
    resolve()
    await turns()
    expect(supervisor.status()).toMatchObject({ slots: { abandoned: 0 }, tasks: [], totals: { abandoned: 1 } })
  })

  it('cost a record for each that is asked for, and not one for those that are not', () => {
    const { supervisor } = clocked({ concurrency: 10, queueLimit: Infinity })
    for (let i = 0; i < 5_000; i++) hold(supervisor)
    const snapshot = vi.spyOn(LiveTask.prototype, 'snapshot')
    supervisor.status({ tasks: 0 })
    expect(snapshot).toHaveBeenCalledTimes(0)
    supervisor.status({ tasks: 7 })
    expect(snapshot).toHaveBeenCalledTimes(7)
    supervisor.status()
    expect(snapshot).toHaveBeenCalledTimes(107)
  })
})

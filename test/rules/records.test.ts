import { beforeEach, describe, expect, it } from 'vitest'
import { TaskSupervisor, type ErrorQuery, type TaskHandle, type TaskQuery, type TaskStore } from 'taskward'
import { taskErrorRecordSchema, taskRecordSchema, taskTransitionSchema } from 'taskward/schemas'
import { clocked, durableStore, fakeStore, hold, never, record, turns, type Clocked } from './support.js'

const rejects =
  (message: string, fields: object = {}) =>
  () =>
    Promise.reject(Object.assign(new Error(message), fields))

/** One task of each kind of fate. */
async function varied({ clock, supervisor }: Clocked): Promise<TaskHandle<unknown>[]> {
  const { concurrency } = supervisor
  const handles: TaskHandle<unknown>[] = [
    supervisor.spawn(() => 1, { name: 'sync', metadata: { list: [null, 1, 'a', { b: -0 }] } }),
    supervisor.spawn(async () => Symbol('value'), { name: 'async', owner: 'otto' }),
    supervisor.spawn(rejects('no', { code: 'E_NO', detail: new Map([[1, 2]]) }), { name: 'fails', priority: 2.5 }),
    supervisor.spawn(() => Promise.reject(undefined), { name: 'ünïcode 🦆', owner: '__proto__' }),
    supervisor.spawn(rejects(''), { name: 'says nothing' }),
    supervisor.spawn(rejects('\u0000\ud800', { code: '' }), { id: 'an id, "quoted"' }),
    supervisor.spawn(Promise.reject(new Error('handed over', { cause: new Error('inner') }))),
    supervisor.spawn(never, { name: 'times out', timeout: 10, grace: 10 }),
    supervisor.spawn(never, { name: 'cancelled', grace: Infinity }),
    hold(supervisor, { name: 'lives', timeout: Infinity }).handle,
  ]
  handles.find(({ name }) => name === 'cancelled')!.cancel({ toJSON: never })
  supervisor.concurrency = 1
  handles.push(hold(supervisor, { name: 'queue timeout', queueTimeout: 5 }).handle)
  handles.push(hold(supervisor, { name: 'waits', timeout: Infinity }).handle)
  clock.advance(10)
  clock.advance(10)
  supervisor.concurrency = concurrency
  await turns()
  return handles
}

describe.each<[string, () => TaskStore]>([
  ['in the process alone', fakeStore],
  ['durable', durableStore],
])('with a store that is %s', (_, makeStore) => {
  let supervised: Clocked
  let handles: TaskHandle<unknown>[]

  beforeEach(async () => {
    supervised = clocked({ store: makeStore() })
    handles = await varied(supervised)
  })

  it('gives records, transitions and errors that the schemas accept and JSON keeps', async () => {
    const { supervisor } = supervised
    const seen = handles.map((handle) => handle.snapshot())
    for (const { id } of handles) {
      const got = await supervisor.get(id)
      if (got) seen.push(got)
      for (const transition of await supervisor.history(id)) {
        expect(taskTransitionSchema.parse(transition)).toEqual(transition)
        expect(JSON.parse(JSON.stringify(transition))).toEqual(transition)
      }
    }
    seen.push(...(await supervisor.list()).items, ...supervisor.status().tasks)
    expect(seen.length).toBeGreaterThan(handles.length * 3)
    for (const one of seen) {
      expect(taskRecordSchema.parse(one)).toEqual(one)
      expect(JSON.parse(JSON.stringify(one))).toEqual(one)
    }
    const errors = (await supervisor.errors()).items
    expect(errors).toHaveLength(7)
    for (const error of errors) {
      expect(taskErrorRecordSchema.parse(error)).toEqual(error)
      expect(JSON.parse(JSON.stringify(error))).toEqual(error)
    }
  })

  it('tells each history from null to pending on, one legal move after the other', async () => {
    const { supervisor } = supervised
    for (const handle of handles) {
      const history = await supervisor.history(handle.id)
      expect(history[0]).toMatchObject({ from: null, to: 'pending', attempt: 0, reason: null, error: null })
      history.slice(1).forEach(({ from, at }, index) => {
        expect(from).toBe(history[index]!.to)
        expect(at).toBeGreaterThanOrEqual(history[index]!.at)
      })
      const { to, error } = history.at(-1)!
      expect([to, error]).toEqual([handle.status, handle.snapshot().error])
      for (const { taskId, instanceId } of history)
        expect([taskId, instanceId]).toEqual([handle.id, supervisor.instanceId])
    }
  })

  it.each<[TaskQuery, string[]]>([
    [{ status: 'running' }, ['lives', 'waits']],
    [{ status: ['cancelled', 'running'] }, ['cancelled', 'lives', 'waits']],
    [{ status: [] }, []],
    [{ owner: 'otto' }, ['async']],
    [{ owner: 'OTTO' }, []],
    [{ name: 'sync' }, ['sync']],
    [{ lane: 'none' }, []],
    [{ parentId: 'none' }, []],
    [{ text: 'TIMES' }, ['times out']],
    [{ text: 'OTTO' }, ['async']],
    [{ text: '"QUOTED"' }, ['anonymous']],
    [{ text: 'HANDED over' }, ['anonymous']],
    [{ text: 'E_NO' }, []],
    [{ name: 'sync', status: 'failed' }, []],
    [{ text: 'SYNC', status: 'completed' }, ['async', 'sync']],
  ])('lists by %j, live and stored', async (query, names) => {
    const { items } = await supervised.supervisor.list(query)
    expect(items.map(({ name }) => name).sort()).toEqual(names)
  })

  it('finds the text of an error in any case of letters, and no text finds all', async () => {
    const { supervisor } = supervised
    expect((await supervisor.list({ text: 'Handed' })).items).toHaveLength(1)
    expect((await supervisor.list({ text: '' })).items).toHaveLength(handles.length)
    expect((await supervisor.errors({ text: 'HANDED' })).items).toHaveLength(1)
    expect((await supervisor.errors({ text: 'times' })).items.map(({ taskName }) => taskName)).toEqual(['times out'])
  })

  it.each<[ErrorQuery, number]>([
    [{ name: 'fails' }, 1],
    [{ code: 'E_NO' }, 1],
    [{ code: 'TASK_TIMEOUT' }, 1],
    [{ code: 'TASK_CANCELLED' }, 0],
    [{ owner: 'nobody' }, 0],
    [{ limit: 3 }, 3],
    [{ fingerprint: '0000000000000000' }, 0],
  ])('gives the errors by %j', async (query, count) => {
    expect((await supervised.supervisor.errors(query)).items).toHaveLength(count)
  })

  it('takes createdAfter as the first instant and createdBefore as the first beyond', async () => {
    const { clock, supervisor } = clocked({ store: makeStore() })
    const at: number[] = []
    for (let i = 0; i < 4; i++) {
      at.push(clock.now())
      supervisor.spawn(rejects('no'), { name: String(i) })
      await turns()
      clock.advance(5)
    }
    const between = { createdAfter: at[1]!, createdBefore: at[3]! }
    expect((await supervisor.list(between)).items.map(({ name }) => name)).toEqual(['2', '1'])
    expect((await supervisor.list({ ...between, order: 'oldest' })).items.map(({ name }) => name)).toEqual(['1', '2'])
    expect((await supervisor.errors(between)).items.map(({ taskName }) => taskName)).toEqual(['2', '1'])
  })

  it('gives copies: what is done to them changes nothing inside', async () => {
    const { supervisor } = supervised
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const inner of Object.values(value)) spoil(inner)
      for (const key of Object.keys(value)) if (Reflect.set(value, key, 'spoilt')) Reflect.deleteProperty(value, key)
      if (Array.isArray(value)) Reflect.set(value, 'length', 0)
    }
    const look = async (): Promise<unknown[]> => {
      const all: unknown[] = [await supervisor.list(), await supervisor.errors(), await supervisor.errorGroups()]
      for (const handle of handles) {
        all.push(handle.snapshot(), await supervisor.get(handle.id), await supervisor.history(handle.id))
      }
      return all
    }
    const before = structuredClone(await look())
    for (const value of await look()) spoil(value)
    expect(await look()).toEqual(before)
  })

  it('answers get with the same as list and the handle, at every step', async () => {
    const { clock, supervisor } = clocked({ store: makeStore(), concurrency: 1 })
    const first = hold(supervisor)
    const { handle, resolve } = hold(supervisor, { grace: 10 })
    const agree = async (status: string): Promise<void> => {
      const got = await supervisor.get(handle.id)
      expect(got).toMatchObject({ status })
      expect(got).toEqual(handle.snapshot())
      expect((await supervisor.list()).items.find(({ id }) => id === handle.id)).toEqual(got)
    }
    await agree('pending')
    handle.setPriority(3)
    await agree('pending')
    first.resolve()
    await first.handle.settled
    await agree('running')
    handle.cancel()
    await agree('cancelled')
    clock.advance(10)
    await agree('cancelled')
    await turns()
    resolve()
    await turns()
    await agree('cancelled')
    expect((await supervisor.get(handle.id))?.abandoned).toBe(true)
  })
})

it.each<[string, unknown]>([
  ['list', { limit: 0 }],
  ['list', { status: 'done' }],
  ['list', { order: 'up' }],
  ['list', { cursor: 'nonsense' }],
  ['list', { createdAfter: '2026-01-01' }],
  ['list', { Name: 'a' }],
  ['errors', { status: 'failed' }],
  ['errors', { cursor: '' }],
  ['errors', { order: 'oldest' }],
  ['errorGroups', { limit: -1 }],
])('%s makes %j misuse', async (method, query) => {
  const supervisor = new TaskSupervisor()
  const answer = supervisor[method as 'list'](query as never)
  await expect(answer).rejects.toMatchObject({ name: 'TaskOptionError', code: 'OPTION_INVALID' })
})

it('gives a priority of -0 as JSON would, as 0', () => {
  const handle = new TaskSupervisor().spawn(() => 1, { priority: -0 })
  expect(handle.snapshot().priority).toBe(0)
})

it('gives nothing for an id that nobody knows', async () => {
  const supervisor = new TaskSupervisor()
  expect([await supervisor.get('?'), await supervisor.history('?'), record(supervisor)]).toEqual([undefined, [], []])
})

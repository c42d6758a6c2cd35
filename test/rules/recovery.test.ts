import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type JsonValue, type TaskErrorRecord, type TaskRecord, type TaskStore } from 'taskward'
import { clocked, durableStore, hold, never, record, turns } from './support.js'

const RECORD: TaskRecord = {
  ...{ id: 'x', name: 'work', lane: null, owner: null, parentId: null, scope: null, status: 'pending', attempt: 0 },
  ...{ maxAttempts: 1, priority: 0, createdAt: 1_000, startedAt: null, finishedAt: null, runAt: null },
  ...{ stoppingSince: null, abandoned: false, progress: null, input: null, result: null, error: null, metadata: {} },
  ...{ after: [], retryOf: null, definitionVersion: null, instanceId: 'dead', version: 1 },
}

/** Puts records into a store as another process would have done. */
async function leave(store: TaskStore, records: readonly (Partial<TaskRecord> & { id: string })[]): Promise<void> {
  for (const own of records) {
    const left = { ...RECORD, ...own }
    const { id: taskId, instanceId, createdAt: at } = left
    const born = { taskId, from: null, to: 'pending', at, attempt: 0, instanceId, reason: null, error: null } as const
    await store.commit([{ record: left, expected: 0, transitions: [born], errors: [] }])
  }
}

const beat = (store: TaskStore, instanceId: string, ttl = 60_000) =>
  store.beat({ instanceId, name: 'other', ttl, status: null })

const statuses = async (store: TaskStore) =>
  Object.fromEntries((await store.list({})).items.map(({ id, status }) => [id, status]))

describe('open, after a crash (rule 19)', () => {
  it('fails what was running or waiting with TASK_INTERRUPTED, with its history and an error record', async () => {
    const store = durableStore()
    await leave(store, [
      { id: 'ran', status: 'running', attempt: 1, startedAt: 2_000, owner: 'otto', version: 2 },
      { id: 'waited' },
      { id: 'done', status: 'completed', finishedAt: 3_000 },
      { id: 'gone', status: 'cancelled', finishedAt: 3_000 },
    ])
    const { supervisor } = clocked({ store, name: 'survivor' })
    const calls: [TaskErrorRecord, TaskRecord][] = []
    const seen = record(supervisor, ['task:failed', 'task:settled'])
    await supervisor.open()
    expect(await statuses(store)).toEqual({ ran: 'failed', waited: 'failed', done: 'completed', gone: 'cancelled' })
    expect(await supervisor.get('ran')).toMatchObject({
      ...{ status: 'failed', attempt: 1, version: 3, instanceId: supervisor.instanceId },
      error: { code: 'TASK_INTERRUPTED', message: "Task 'work' was running when its process ended" },
    })
    expect((await supervisor.history('ran')).at(-1)).toMatchObject({
      ...{ from: 'running', to: 'failed', attempt: 1, reason: 'TASK_INTERRUPTED', instanceId: supervisor.instanceId },
    })
    const { items } = await supervisor.errors()
    expect(items.map(({ taskId, attempt, owner }) => [taskId, attempt, owner]).sort()).toEqual([
      ['ran', 1, 'otto'],
      ['waited', 0, null],
    ])
    expect(seen.map(({ event, payload }) => [event, 'task' in payload && payload.task.id])).toEqual([
      ['task:failed', 'ran'],
      ['task:settled', 'ran'],
      ['task:failed', 'waited'],
      ['task:settled', 'waited'],
    ])
    expect(calls).toEqual([])
    expect(supervisor.status()).toMatchObject({ totals: { spawned: 0, failed: 0 } })
    expect(supervisor.status().recentErrors).toHaveLength(2)
    await supervisor.close()
  })

  it('calls onError once for each, and never twice for a second survivor', async () => {
    const store = durableStore()
    await leave(store, [{ id: 'a' }, { id: 'b' }, { id: 'c', status: 'running', attempt: 1 }])
    const told: string[] = []
    const survivors = ['one', 'two', 'three'].map((name) => {
      return clocked({ store, name, onError: ({ taskId }) => void told.push(taskId) }).supervisor
    })
    await Promise.all(survivors.map((survivor) => survivor.open()))
    await turns()
    expect(told.sort()).toEqual(['a', 'b', 'c'])
    expect((await store.errors({})).items).toHaveLength(3)
    expect(await store.history('a')).toHaveLength(2)
  })

  it('never touches the tasks of a process that lives', async () => {
    const store = durableStore()
    await beat(store, 'other')
    await leave(store, [{ id: 'theirs', status: 'running', instanceId: 'other' }, { id: 'orphan' }])
    const first = clocked({ store }).supervisor
    const mine = hold(first)
    await first.open()
    const second = clocked({ store }).supervisor
    await second.open()
    expect(await statuses(store)).toMatchObject({ theirs: 'running', orphan: 'failed' })
    expect(mine.handle.status).toBe('running')
    await turns()
    expect((await store.get(mine.handle.id))?.status).toBe('running')
    mine.resolve()
    await turns()
    expect(await mine.handle.persisted).toBe(true)
    await Promise.all([first.close(), second.close()])
  })

  it('finds those who die later, with its next sign of life', async () => {
    const store = durableStore()
    await beat(store, 'other', 50)
    await leave(store, [{ id: 'theirs', status: 'running', instanceId: 'other' }])
    const { clock, supervisor } = clocked({ store })
    await supervisor.open()
    expect((await store.get('theirs'))?.status).toBe('running')
    await store.leave('other')
    clock.advance(5_000)
    await turns()
    expect((await store.get('theirs'))?.status).toBe('failed')
    await supervisor.close()
  })

  it('ends thousands, in steps', async () => {
    const store = durableStore()
    await leave(
      store,
      Array.from({ length: 1_234 }, (_, index) => ({ id: `t${index}` })),
    )
    const { supervisor } = clocked({ store, retention: { maxTasks: 5_000, maxAge: Infinity } })
    await supervisor.open()
    expect(await store.counts()).toMatchObject({ pending: 0, failed: 1_234 })
    await supervisor.close()
  })

  it('goes on past those that the store does not let go', async () => {
    const store = durableStore()
    const ids = Array.from({ length: 1_100 }, (_, index) => `t${String(index).padStart(4, '0')}`)
    await leave(
      store,
      ids.map((id, index) => ({ id, createdAt: 1_000 + index })),
    )
    const isStuck = (id: string) => id < 't0600'
    const { supervisor } = clocked({
      store: {
        ...store,
        commit: async (changes) => {
          const free = changes.filter(({ record }) => !isStuck(record.id))
          const answers = (await store.commit(free)).values()
          return changes.map(({ record }) => (isStuck(record.id) ? 'stale' : answers.next().value!))
        },
      },
    })
    await supervisor.open()
    expect(await store.counts()).toMatchObject({ pending: 600, failed: 500 })
    await supervisor.close()
  })

  it('happens too when nobody calls open, and does not hold up the first task', async () => {
    const store = durableStore()
    await leave(store, [{ id: 'orphan' }])
    const { supervisor } = clocked({ store })
    expect(supervisor.spawn(() => 1).status).toBe('completed')
    await turns(20)
    expect((await store.get('orphan'))?.status).toBe('failed')
    await supervisor.close()
  })

  it('rejects where the store cannot be read, and the tasks go on all the same', async () => {
    const { supervisor } = clocked({ store: durableStore({ orphans: () => Promise.reject(new Error('down')) }) })
    const seen = record(supervisor, ['hook:error'])
    await expect(supervisor.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await supervisor.run(() => 1)).toBe(1)
    expect(seen).toEqual([])
    await supervisor.close()
  })

  it('keeps what a corrupt record says of itself as the cause', async () => {
    const store = durableStore()
    const error = { message: 'The stored record is corrupt: name is missing', code: 'STORE_CORRUPT', details: null }
    await leave(store, [{ id: 'bad', error }])
    const { supervisor } = clocked({ store })
    await supervisor.open()
    expect((await supervisor.get('bad'))?.error).toMatchObject({
      code: 'TASK_INTERRUPTED',
      details: { cause: { code: 'STORE_CORRUPT' } },
    })
    await supervisor.close()
  })
})

describe('a process', () => {
  it('says that it lives before it writes anything, and takes itself off the list when it closes', async () => {
    const calls: string[] = []
    const inner = durableStore()
    const { supervisor } = clocked({
      store: {
        ...inner,
        beat: (heartbeat) => (calls.push('beat'), inner.beat(heartbeat)),
        commit: (changes) => (calls.push('commit'), inner.commit(changes)),
        leave: (instanceId) => (calls.push(`leave ${instanceId}`), inner.leave(instanceId)),
        close: () => (calls.push('close'), inner.close()),
      },
    })
    supervisor.spawn(() => 1)
    await turns()
    expect(calls).toEqual(['beat', 'commit'])
    await supervisor.close()
    expect(calls.slice(-2)).toEqual([`leave ${supervisor.instanceId}`, 'close'])
    expect(await inner.instances()).toEqual([])
  })

  it('goes on though its signs of life fail, and warns once', async () => {
    const warnings: string[] = []
    const silent = () => undefined
    const logger = { debug: silent, info: silent, error: silent, warn: (text: string) => void warnings.push(text) }
    let isDown = false
    const inner = durableStore()
    const store = {
      ...inner,
      beat: (...args: Parameters<TaskStore['beat']>) =>
        isDown ? Promise.reject(new Error('down')) : inner.beat(...args),
    }
    const { clock, supervisor } = clocked({ store, logger })
    await supervisor.open()
    isDown = true
    for (let beats = 0; beats < 5; beats++) {
      clock.advance(5_000)
      await turns()
    }
    expect(warnings).toEqual(['taskward: the store took no heartbeat'])
    isDown = false
    clock.advance(5_000)
    await turns()
    expect((await inner.instances())[0]).toMatchObject({ instanceId: supervisor.instanceId, isAlive: true })
    await supervisor.close()
  })

  it('is gone from the list within its time though the store hangs on leave', async () => {
    const { clock, supervisor } = clocked({ store: durableStore({ leave: never }) })
    await supervisor.open()
    const closing = supervisor.close({ timeout: 100, grace: 100 })
    await turns()
    clock.advance(200)
    await turns()
    expect(await closing).toMatchObject({ persisted: true })
  })
})

describe('fleet()', () => {
  it('shows every instance that shares the store, with sums over those that live', async () => {
    const store = durableStore()
    const [one, two] = ['one', 'two'].map((name) => clocked({ store, name, concurrency: 1 }))
    await Promise.all([one!.supervisor.open(), two!.supervisor.open()])
    const held = [hold(two!.supervisor), hold(two!.supervisor)]
    one!.supervisor.spawn(() => 1)
    two!.clock.advance(5_000)
    await turns()
    await beat(store, 'odd')
    const fleet = await one!.supervisor.fleet()
    expect(fleet.instances.map(({ name, alive, status }) => [name, alive, status?.slots.running])).toEqual([
      ['one', true, 0],
      ['two', true, 1],
      ['other', true, undefined],
    ])
    expect(fleet.instances[1]!.status).toMatchObject({ name: 'two', tasks: [], recentErrors: [] })
    expect(fleet.queue).toEqual({ waiting: 1, oldestWaitMs: 5_000 })
    expect(fleet.totals).toMatchObject({ spawned: 3, completed: 1 })
    await one!.supervisor.close()
    const after = await two!.supervisor.fleet()
    expect(after.instances.map(({ name }) => name)).toEqual(['two', 'other'])
    for (const { resolve } of held) resolve()
    await two!.supervisor.close()
  })

  it('counts nothing for what an older version did not count', async () => {
    const store = durableStore()
    const { supervisor } = clocked({ store })
    const status = JSON.parse(JSON.stringify({ ...supervisor.status(), totals: { spawned: 5 } })) as JsonValue
    await store.beat({ instanceId: 'older', name: 'older', ttl: 60_000, status })
    supervisor.spawn(() => 1)
    const { totals } = await supervisor.fleet()
    expect(totals).toEqual({ ...supervisor.status().totals, spawned: 6 })
    await supervisor.close()
  })

  it('has limits without end, which JSON has not', async () => {
    const store = durableStore()
    const open = clocked({ store, concurrency: Infinity, queueLimit: Infinity, name: 'open' }).supervisor
    await open.open()
    const { supervisor } = clocked({ store })
    const { instances } = await supervisor.fleet()
    expect(instances[1]!.status).toMatchObject({ slots: { limit: Infinity }, queue: { limit: Infinity } })
  })

  it('is this process alone with a store that dies with it', async () => {
    const supervisor = new TaskSupervisor({ name: 'alone' })
    const { instances, totals } = await supervisor.fleet()
    expect(instances).toMatchObject([{ name: 'alone', alive: true, instanceId: supervisor.instanceId }])
    expect(totals).toEqual(supervisor.status().totals)
  })
})

describe('list and get', () => {
  it('say which instance a task belongs to, live and stored merged', async () => {
    const store = durableStore()
    const [one, two] = [clocked({ store }).supervisor, clocked({ store }).supervisor]
    const held = hold(one)
    await turns()
    two.spawn(() => 1, { name: 'ended' })
    await turns()
    const { items } = await two.list()
    expect(items.map(({ name, status, instanceId }) => [name, status, instanceId]).sort()).toEqual([
      ['ended', 'completed', two.instanceId],
      ['held', 'running', one.instanceId],
    ])
    expect(await two.get(held.handle.id)).toMatchObject({ instanceId: one.instanceId })
    held.resolve()
  })
})

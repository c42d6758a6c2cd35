import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { change, recordOf } from './changes.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'
import type { ArchivedTask, TaskStore } from '../../../src/store.js'

let store: TaskStore
beforeEach(async () => {
  store = sqliteStore({ path: ':memory:' })
  await store.open()
})
afterEach(async () => {
  await store.close()
})

const at = (version: number, own = {}) => recordOf('a', { version, status: 'running', ...own })

describe('a change that the same instance made', () => {
  it('is stale behind the version that is there, and ahead of it', async () => {
    await store.commit([change(at(3))])
    expect(await store.commit([change(at(3, { status: 'failed', finishedAt: 5 }), 2)])).toEqual(['stale'])
    expect(await store.commit([change(at(6), 5)])).toEqual(['stale'])
    expect(await store.get('a')).toMatchObject({ status: 'running', version: 3 })
    expect(await store.history('a')).toHaveLength(1)
    expect(await store.changes(0, 9)).toMatchObject({ next: 1 })
  })
})

describe('a change in what a task keeps for life', () => {
  it.each([
    { name: 'renamed' },
    { lane: 'l' },
    { owner: 'o' },
    { parentId: 'p' },
    { instanceId: 'i' },
    { createdAt: 7 },
  ])('is found by it: %j', async (own) => {
    await store.commit([change(at(1))])
    expect(await store.commit([change(at(2, own), 1)])).toEqual(['applied'])
    expect(await store.get('a')).toMatchObject({ ...own, version: 2 })
    const { createdAt, instanceId: _, ...filter } = { createdAt: undefined, instanceId: undefined, ...own }
    const query = createdAt === undefined ? filter : { createdAfter: createdAt, createdBefore: createdAt + 1 }
    expect((await store.list(query)).items).toHaveLength(1)
    expect(await store.orphans(5)).toMatchObject([own])
  })
})

describe('prune', () => {
  it('leaves alone what has changed since the archive was given it', async () => {
    const ended = (id: string) => recordOf(id, { version: 2, status: 'failed', finishedAt: 5 })
    await store.commit([change(ended('a')), change(ended('b'))])
    const archived: ArchivedTask[] = []
    const policy = { finishedBefore: 10, maxTasks: 10, limit: 10 }
    const archive = async (tasks: ArchivedTask[]): Promise<void> => {
      archived.push(...tasks)
      // The function of a task that has ended stops running.
      await store.commit([change({ ...ended('a'), version: 3 }, 2)])
    }
    expect(await store.prune({ ...policy, archive })).toBe(1)
    expect(archived.map(({ record }) => record.id)).toEqual(['a', 'b'])
    expect(await store.get('a')).toMatchObject({ version: 3 })
    expect(await store.history('a')).toHaveLength(2)
    expect(await store.get('b')).toBeUndefined()
    expect(await store.prune(policy)).toBe(1)
  })

  it('gives the archive nothing that another has removed meanwhile', async () => {
    const many = Array.from({ length: 300 }, (_, n) => recordOf(`t${String(n)}`, { status: 'failed', finishedAt: n }))
    await store.commit(many.map((record) => change(record)))
    const policy = { finishedBefore: 1_000, maxTasks: 1_000, limit: 1_000 }
    const archived: ArchivedTask[] = []
    const bare = store.prune(policy)
    const archiving = store.prune({ ...policy, archive: (tasks) => Promise.resolve(void archived.push(...tasks)) })
    expect((await bare) + (await archiving)).toBe(300)
    expect(archived.length).toBeLessThan(300)
    expect(await store.counts()).toMatchObject({ failed: 0 })
  })
})

import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresStore } from '../../../src/stores/postgres.js'
import { Database } from '../../../src/stores/postgres/database.js'
import { listErrors, listTasks } from '../../../src/stores/postgres/listing.js'
import { namesOf } from '../../../src/stores/postgres/names.js'
import { born, failureOf, moved, taskOf } from '../../../src/testing/task-store-suite/tasks.js'
import type { TaskStore } from '../../../src/store.js'
import { describeWith, postgresService } from '../../support/services/index.js'
import { dropSchema, newSchema, query, quoted, withStore } from './schemas.js'

const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id)

const pagesOf = async (
  read: (cursor: string | undefined) => Promise<{ items: { id: string }[]; nextCursor: string | null }>,
) => {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    pages.push(idsOf(page.items))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return pages
}

const many = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    born(taskOf(`t${index}`, { status: 'failed', createdAt: index, name: index % 5 === 0 ? 'wanted' : 'other' })),
  )

describeWith(await postgresService(), 'the schema of a Postgres store', (url) => {
  it('is refused where a newer version of taskward has made it', async () => {
    await withStore(url, async (_, schema) => {
      await query(url, `INSERT INTO ${quoted(schema)}.migration VALUES (2, 0)`)
      const older = postgresStore({ connectionString: url, schema })
      await expect(older.open()).rejects.toThrow(/has version 2, and this taskward knows versions up to 1.*Update/)
      await query(url, `DELETE FROM ${quoted(schema)}.migration WHERE version = 2`)
      await older.open()
      await older.close()
    })
  })

  it('is made once, however many open it at once', async () => {
    for (let round = 0; round < 5; round++) {
      const schema = newSchema()
      const stores = Array.from({ length: 6 }, () => postgresStore({ connectionString: url, schema }))
      try {
        await Promise.all(stores.map((store) => store.open()))
        expect(await stores[0]!.commit([born(taskOf('a'))])).toEqual(['applied'])
        expect(await stores[5]!.get('a')).toMatchObject({ id: 'a' })
      } finally {
        await Promise.all(stores.map((store) => store.close()))
        await dropSchema(url, schema)
      }
    }
  })

  it('lies beside another one, and neither sees the tasks of the other', async () => {
    await withStore(url, (one) =>
      withStore(url, async (other) => {
        await one.commit([born(taskOf('a'))])
        expect(await other.get('a')).toBeUndefined()
        expect(await other.commit([born(taskOf('a'))])).toEqual(['applied'])
      }),
    )
  })

  it('holds texts longer than an index can, and tells them apart beyond what is indexed', async () => {
    await withStore(url, async (store) => {
      const noise = Array.from({ length: 10_000 }, (_, index) =>
        String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
      )
      const [owner, twin] = [`${noise.join('')}a`, `${noise.join('')}b`]
      const tasks = [owner, twin].map((text, index) =>
        taskOf(`t${index}`, { status: 'failed', owner: text, name: text, lane: text, parentId: text }),
      )
      const changes = tasks.map((task) => ({ ...born(task), errors: [failureOf(task, { fingerprint: task.owner! })] }))
      expect(await store.commit(changes)).toEqual(['applied', 'applied'])
      for (const key of ['owner', 'name', 'lane', 'parentId']) {
        expect([key, idsOf((await store.list({ [key]: owner })).items)]).toEqual([key, ['t0']])
      }
      expect((await store.errors({ owner: twin })).items.map(({ taskId }) => taskId)).toEqual(['t1'])
      expect((await store.errors({ fingerprint: twin })).items.map(({ taskId }) => taskId)).toEqual(['t1'])
    })
  })

  it('is searched for a text in bounded steps, which give each match once, also while tasks are written', async () => {
    await withStore(url, async (store, schema) => {
      await store.commit(many(50))
      const pool = new pg.Pool({ connectionString: url, max: 1 })
      const database = new Database()
      database.open(pool)
      const names = namesOf(schema)
      let written = 1_000
      const addOne = (to: TaskStore) =>
        to.commit([born(taskOf(`n${written}`, { createdAt: written++, name: 'wanted' }))])
      const found = await pagesOf(async (cursor) => {
        const page = await listTasks(database, names, { text: 'WANT', limit: 4, cursor }, 10)
        await addOne(store)
        return page
      })
      expect(found.flat()).toEqual(['t45', 't40', 't35', 't30', 't25', 't20', 't15', 't10', 't5', 't0'])
      expect(found.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2, 0])
      const failures = await pagesOf((cursor) => listErrors(database, names, { text: 'want', cursor }, 10))
      expect(failures.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2, 0])
      await database.close()
      await pool.end()
    })
  })

  it('keeps a task that has changed while it was being archived', async () => {
    await withStore(url, async (store) => {
      const over = taskOf('over', { status: 'failed' })
      await store.commit([born(over), born(taskOf('old', { status: 'completed' }))])
      const removed = await store.prune({
        finishedBefore: Infinity,
        maxTasks: 0,
        limit: 10,
        archive: async () => {
          await store.commit([{ ...moved(over, 'failed', { abandoned: true }), errors: [] }])
        },
      })
      expect([removed, await store.get('old'), (await store.get('over'))?.abandoned]).toEqual([1, undefined, true])
    })
  })

  it('gives no task to two archives, however many processes prune at once', async () => {
    await withStore(url, async (store, schema) => {
      const other = postgresStore({ connectionString: url, schema })
      await other.open()
      await store.commit(many(20))
      const archived: string[] = []
      const prune = (by: TaskStore) =>
        by.prune({
          ...{ finishedBefore: Infinity, maxTasks: 0, limit: 15 },
          archive: async (tasks) => {
            archived.push(...idsOf(tasks.map(({ record }) => record)))
          },
        })
      const removed = await Promise.all([prune(store), prune(other), prune(store), prune(other)])
      expect(removed.reduce((sum, count) => sum + count)).toBe(20)
      expect(archived.toSorted()).toEqual(idsOf(many(20).map(({ record }) => record)).toSorted())
      await other.close()
    })
  })

  it('forgets instances that have been dead for a day, with the next beat of another one', async () => {
    await withStore(url, async (store, schema) => {
      const beat = (instanceId: string) => store.beat({ instanceId, name: 'n', ttl: 1_000, status: null })
      await beat('old')
      await query(url, `UPDATE ${quoted(schema)}.instance SET last_seen = last_seen - 86402000`)
      expect(await store.instances()).toEqual([])
      await beat('new')
      const rows = await query(url, `SELECT instance_id FROM ${quoted(schema)}.instance`)
      expect(rows).toEqual([{ instance_id: 'new' }])
    })
  })
})

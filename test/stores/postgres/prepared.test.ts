import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresStore, type PostgresStoreSettings } from '../../../src/stores/postgres.js'
import { born, taskOf } from '../../../src/testing/task-store-suite/tasks.js'
import type { TaskStore } from '../../../src/store.js'
import { describeWith, postgresService } from '../../support/services/index.js'
import { dropSchema, newSchema } from './schemas.js'

interface OneConnection {
  store: TaskStore
  /** On the connection of the store. */
  query: (text: string) => Promise<unknown[]>
}

/** A store on a pool of one connection, which can be done to as a pooler might. */
async function withOne(
  url: string,
  settings: PostgresStoreSettings & { schema: string },
  work: (one: OneConnection) => Promise<void>,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1, allowExitOnIdle: true })
  const store = postgresStore({ pool, ...settings })
  try {
    await store.open()
    await work({ store, query: async (text) => (await pool.query<object>(text)).rows })
  } finally {
    await store.close()
    await pool.end()
    await dropSchema(url, settings.schema)
  }
}

const PREPARED = 'SELECT name, statement FROM pg_prepared_statements ORDER BY name'
const commit = async (store: TaskStore, ...ids: string[]): Promise<void> => {
  const answers = await store.commit(ids.map((id) => born(taskOf(id, { status: 'failed' }))))
  expect(answers).toEqual(ids.map(() => 'applied'))
}
const many = Array.from({ length: 11 }, (_, index) => `many-${String(index)}`)

describeWith(await postgresService(), 'a statement of a Postgres store', (url) => {
  it('is prepared once for small commits, whatever is in them, and never for large ones', async () => {
    await withOne(url, { schema: newSchema() }, async ({ store, query }) => {
      await commit(store, ...many)
      expect(await query(PREPARED)).toEqual([])
      await commit(store, 'a')
      await commit(store, 'b', 'c')
      expect(await query(PREPARED)).toMatchObject([{ name: expect.stringMatching(/^taskward_[0-9a-f]{32}$/) }])
    })
  })

  it('is not prepared where that is not wanted', async () => {
    await withOne(url, { schema: newSchema(), prepare: false }, async ({ store, query }) => {
      await commit(store, 'a')
      expect(await query(PREPARED)).toEqual([])
    })
  })

  it('is sent as it is where what was prepared is gone, as behind a pooler, and so are all later ones', async () => {
    await withOne(url, { schema: newSchema() }, async ({ store, query }) => {
      await commit(store, 'a')
      await query('DEALLOCATE ALL')
      await commit(store, 'b')
      expect(await store.history('b')).toHaveLength(3)
      await commit(store, 'c')
      expect(await query(PREPARED)).toEqual([])
    })
  })

  it('is sent as it is where another has prepared the same on the connection, as behind a pooler', async () => {
    const schema = newSchema()
    let name = ''
    await withOne(url, { schema }, async ({ store, query }) => {
      await commit(store, 'a')
      const [statement] = (await query(PREPARED)) as { name: string }[]
      name = statement!.name
    })
    await withOne(url, { schema }, async ({ store, query }) => {
      await query(`PREPARE ${name} AS SELECT 1`)
      await commit(store, 'a')
      expect(await store.history('a')).toHaveLength(3)
    })
  })
})

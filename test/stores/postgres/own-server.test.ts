import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { postgresStore } from '../../../src/stores/postgres.js'
import { born, taskOf } from '../../../src/testing/task-store-suite/tasks.js'
import { ownPostgres, whyNoOwnPostgres, type OwnServer } from '../../support/services/index.js'
import { newSchema, query, quoted } from './schemas.js'

const failed = (id: string) => born(taskOf(id, { status: 'failed' }))
const reason = whyNoOwnPostgres()
if (reason !== null && process.env['TASKWARD_REQUIRE_SERVICES'] === '1') throw new Error(reason)

describe.skipIf(reason !== null)(
  `a Postgres server of one's own${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    let server: OwnServer

    // As bad a server as can be: by itself it answers before anything is on disk, and puts it there seldom.
    beforeAll(async () => {
      server = await ownPostgres({ synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '0' })
    }, 60_000)
    afterAll(async () => {
      await server.stop()
    }, 60_000)

    it('loses nothing that was acknowledged when it is killed, and is found again when it is back', async () => {
      const store = postgresStore({ connectionString: server.url, schema: newSchema() })
      await store.open()
      const hint = vi.fn()
      const stop = store.watch!(hint)
      await vi.waitFor(() => {
        expect(hint).toHaveBeenCalledTimes(1)
      })
      const acknowledged: string[] = []
      let left = 20
      let isKilled: Promise<void> | undefined
      const writing = (async () => {
        for (let index = 0; ; index++) {
          const ids = [`a${index}`, `b${index}`]
          await store.commit(ids.map(failed))
          acknowledged.push(...ids)
          if (--left === 0) isKilled = server.kill()
        }
      })()
      await expect(writing).rejects.toMatchObject({ name: 'TaskStoreError' })
      await isKilled
      await expect(store.get('a0')).rejects.toThrow(/Cannot connect to Postgres: .*ECONNREFUSED/)
      await server.restart()
      const found = await Promise.all(
        acknowledged.map(async (id) => [(await store.get(id))?.status, (await store.history(id)).length]),
      )
      expect(found).toEqual(acknowledged.map(() => ['failed', 3]))
      expect((await store.errors({ limit: 1_000 })).items.length).toBeGreaterThanOrEqual(acknowledged.length)
      await vi.waitFor(
        () => {
          expect(hint).toHaveBeenCalledTimes(2)
        },
        { timeout: 20_000 },
      )
      stop()
      await store.close()
    }, 90_000)

    it('is told why where it takes no writes, is still read, and is written again once it does', async () => {
      const schema = newSchema()
      const store = postgresStore({ connectionString: server.url, schema })
      const settle = async (setting: string) => {
        await query(server.url, setting)
        await query(server.url, 'SELECT pg_reload_conf()')
      }
      await store.open()
      await store.commit([failed('a')])
      await settle('ALTER SYSTEM SET default_transaction_read_only = on')
      await vi.waitFor(async () => {
        await expect(store.commit([failed('b')])).rejects.toThrow(/read-only transaction \(25006\)/)
      })
      expect((await store.get('a'))?.status).toBe('failed')
      // As on a standby: what is there already needs no migration, and so no right to write.
      const reader = postgresStore({ connectionString: server.url, schema })
      await reader.open()
      expect(await reader.counts()).toMatchObject({ failed: 1 })
      await reader.close()
      await settle('ALTER SYSTEM RESET default_transaction_read_only')
      await vi.waitFor(async () => {
        expect(await store.commit([failed('b')])).toEqual(['applied'])
      })
      await store.close()
    }, 60_000)

    it('needs no more rights than the pages say, once the schema is there', async () => {
      const schema = newSchema()
      const owner = postgresStore({ connectionString: server.url, schema })
      await owner.open()
      const q = quoted(schema)
      await query(
        server.url,
        `CREATE ROLE app LOGIN; GRANT USAGE ON SCHEMA ${q} TO app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${q} TO app;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${q} TO app`,
      )
      const url = new URL(server.url)
      url.username = 'app'
      const store = postgresStore({ connectionString: url.href, schema })
      await store.open()
      expect(await store.commit([failed('a')])).toEqual(['applied'])
      await store.beat({ instanceId: 'i', name: 'n', ttl: 1_000, status: null })
      expect(await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 9 })).toBe(1)
      await store.close()
      const elsewhere = postgresStore({ connectionString: url.href, schema: newSchema() })
      await expect(elsewhere.open()).rejects.toThrow(/permission denied for database postgres \(42501\)/)
      await owner.close()
    }, 60_000)

    it('keeps its promises to a role whose transactions are stricter than usual', async () => {
      const url = new URL(server.url)
      url.searchParams.set('options', '-c default_transaction_isolation=serializable')
      const schema = newSchema()
      const store = postgresStore({ connectionString: url.href, schema })
      await store.open()
      await store.commit([born(taskOf('a', { status: 'running' }))])
      const racing = Array.from({ length: 8 }, (_, index) =>
        store.commit([
          { ...failed('a'), expected: 2, record: taskOf('a', { status: 'failed', instanceId: `i${index}` }) },
        ]),
      )
      const answers = (await Promise.allSettled(racing)).map((result) =>
        result.status === 'fulfilled' ? result.value[0] : (result.reason as Error).message,
      )
      expect(answers.filter((answer) => answer === 'applied')).toHaveLength(1)
      expect(answers.filter((answer) => answer === 'stale')).toHaveLength(7)
      await store.close()
    }, 60_000)

    it('is refused with a database that cannot hold every text', async () => {
      await query(server.url, `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`)
      const url = new URL(server.url)
      url.pathname = '/latin'
      await expect(postgresStore({ connectionString: url.href }).open()).rejects.toThrow(
        /in UTF8; this one is in LATIN1/,
      )
    }, 60_000)
  },
)

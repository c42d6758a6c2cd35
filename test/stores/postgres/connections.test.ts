import { spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { expect, it, vi } from 'vitest'
import { namesOf } from '../../../src/stores/postgres/names.js'
import { postgresStore } from '../../../src/stores/postgres.js'
import { born, taskOf } from '../../../src/testing/task-store-suite/tasks.js'
import type { TaskStore } from '../../../src/store.js'
import { cuttable, describeWith, postgresService, type Cuttable } from '../../support/services/index.js'
import { dropSchema, newSchema, query, quoted, withStore } from './schemas.js'

/** A store whose way to the server can be cut. */
async function withCuttable(url: string, work: (store: TaskStore, way: Cuttable, schema: string) => Promise<void>) {
  const way = await cuttable(Number(new URL(url).port || 5432))
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(way.port)
  const schema = newSchema()
  const store = postgresStore({ connectionString: through.href, schema })
  try {
    await store.open()
    await work(store, way, schema)
  } finally {
    await store.close()
    await way.close()
    await dropSchema(url, schema)
  }
}

const failed = (id: string) => born(taskOf(id, { status: 'failed' }))

describeWith(await postgresService(), 'a connection of a Postgres store', (url) => {
  it('may be cut while nothing happens on it, and another one takes its place', async () => {
    await withCuttable(url, async (store, way) => {
      await store.commit([failed('a')])
      way.cut()
      way.restore()
      // An 'error' that nobody listens for would end the process, and fail this file.
      await vi.waitFor(async () => {
        expect((await store.get('a'))?.status).toBe('failed')
      })
    })
  })

  it('may be cut in the middle of a commit, which then rejects, and can be sent again', async () => {
    await withCuttable(url, async (store, way) => {
      const batch = [failed('a'), failed('b')]
      way.loseAnswer()
      await expect(store.commit(batch)).rejects.toMatchObject({ name: 'TaskStoreError', code: 'STORE_UNAVAILABLE' })
      expect(await store.commit(batch)).toEqual(['applied', 'applied'])
      expect(await store.history('a')).toHaveLength(3)
      expect((await store.errors({})).items).toHaveLength(2)
    })
  })

  it('says so in time where the server does not answer, and works when it does again', async () => {
    await withCuttable(url, async (store, way) => {
      way.stall()
      const [first, second] = await Promise.allSettled([store.commit([failed('a')]), store.get('a')])
      expect([first, second]).toMatchObject([
        { reason: { message: expect.stringMatching(/within 4500 ms|timeout/) } },
        { reason: { message: expect.stringMatching(/within 4500 ms|timeout/) } },
      ])
      way.restore()
      expect(await store.commit([failed('a')])).toEqual(['applied'])
      expect(await store.history('a')).toHaveLength(3)
    })
  }, 20_000)

  it('waits for another writer no longer than its caller does', async () => {
    await withStore(url, async (store, schema) => {
      const other = new pg.Client(url)
      await other.connect()
      await other.query('SELECT pg_advisory_lock($1::bigint)', [namesOf(schema).locks.write])
      await expect(store.commit([failed('a')])).rejects.toThrow(/lock timeout \(55P03\)/)
      await other.end()
      await vi.waitFor(async () => {
        expect(await store.commit([failed('a')])).toEqual(['applied'])
      })
    })
  }, 20_000)

  it('is only lent by a pool that was handed in', async () => {
    const schema = newSchema()
    const pool = new pg.Pool({ connectionString: url, max: 1, allowExitOnIdle: true })
    const store = postgresStore({ pool, schema })
    try {
      await store.open()
      const stop = store.watch!(() => undefined)
      expect(await Promise.all([store.commit([failed('a')]), store.get('b'), store.counts()])).toHaveLength(3)
      stop()
      await store.close()
      expect(pool.listenerCount('error')).toBe(0)
      await pool.query(`SELECT FROM ${quoted(schema)}.task`)
    } finally {
      await store.close()
      await pool.end()
      await dropSchema(url, schema)
    }
  })

  it('is taken out of a pool to listen on, and given up with the last watcher', async () => {
    const schema = newSchema()
    const pool = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true })
    const store = postgresStore({ pool, schema })
    const other = postgresStore({ connectionString: url, schema })
    try {
      await store.open()
      await other.open()
      const hint = vi.fn()
      const stop = store.watch!(hint)
      await vi.waitFor(() => {
        expect(hint).toHaveBeenCalledTimes(1)
      })
      await store.commit([failed('own')])
      await other.commit([failed('of another')])
      await vi.waitFor(() => {
        expect(hint).toHaveBeenCalledTimes(2)
      })
      stop()
      await vi.waitFor(() => {
        expect(pool.totalCount - pool.idleCount).toBe(0)
      })
    } finally {
      await store.close()
      await other.close()
      await pool.end()
      await dropSchema(url, schema)
    }
  })

  it('listens again after it was cut, and hints at what may have been missed', async () => {
    await withCuttable(url, async (store, way) => {
      const hint = vi.fn()
      const stop = store.watch!(hint)
      await vi.waitFor(() => {
        expect(hint).toHaveBeenCalledTimes(1)
      })
      way.cut()
      way.restore()
      await vi.waitFor(
        () => {
          expect(hint).toHaveBeenCalledTimes(2)
        },
        { timeout: 5_000 },
      )
      stop()
    })
  })

  it('announces nothing and needs no channel where nothing is to be listened for', async () => {
    await withStore(
      url,
      async (deaf, schema) => {
        const listening = postgresStore({ connectionString: url, schema })
        await listening.open()
        const hint = vi.fn()
        const stop = listening.watch!(hint)
        await vi.waitFor(() => {
          expect(hint).toHaveBeenCalledTimes(1)
        })
        await deaf.commit([failed('a')])
        await query(url, `SELECT pg_notify($1, 'last')`, [namesOf(schema).channel])
        await vi.waitFor(() => {
          expect(hint.mock.calls.length).toBeGreaterThan(1)
        })
        expect(hint).toHaveBeenCalledTimes(2)
        stop()
        await listening.close()
      },
      { listen: false },
    )
  })

  it('keeps no process alive, listening or not', async () => {
    const schema = newSchema()
    const script = `
      import { postgresStore } from ${JSON.stringify(new URL('../../../src/stores/postgres.ts', import.meta.url).href)}
      const store = postgresStore(${JSON.stringify({ connectionString: url, schema })})
      await store.open()
      await store.counts()
      await new Promise((resolve) => store.watch(resolve))
      console.log('listens')`
    try {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script])
      let said = ''
      let heardAt = Infinity
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString()
        heardAt = performance.now()
      })
      const [code] = (await once(child, 'exit')) as [number]
      expect([code, said]).toEqual([0, 'listens\n'])
      // It ended by itself, not when the server or an idle pool of 60 s let go of it.
      expect(performance.now() - heardAt).toBeLessThan(10_000)
    } finally {
      await dropSchema(url, schema)
    }
  }, 30_000)
})

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recordOf, change } from './changes.js'
import { makePlace, withDatabase } from './places.js'
import { openDatabase, type SqliteDatabase } from '../../../src/stores/sqlite/driver.js'
import { setUp } from '../../../src/stores/sqlite/source.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'

let place: ReturnType<typeof makePlace>
beforeEach(() => {
  place = makePlace()
})
afterEach(() => {
  place.dispose()
})

const valueOf = (database: SqliteDatabase, sql: string): unknown =>
  Object.values(database.prepare(sql).get() as Record<string, unknown>)[0]

describe('the options of sqliteStore', () => {
  it.each<[object, RegExp]>([
    [{}, /expected a path or a database, got neither/],
    [{ path: 'x', database: { exec: () => 0, prepare: () => 0 } }, /got both/],
    [{ path: 'x', synchronus: 'full' }, /did you mean 'synchronous'/],
    [{ path: 'x', synchronous: 'off' }, /expected one of 'full', 'normal'/],
    [{ database: {} }, /expected an object with exec\(\), prepare\(\)/],
    [{ path: 'x', busyTimeout: -1 }, /busyTimeout/],
  ])('refuse %j', (options, message) => {
    expect(() => sqliteStore(options)).toThrow(message)
  })

  it('take undefined for the default', () => {
    expect(sqliteStore({ path: place.path, database: undefined, synchronous: undefined }).kind).toBe('sqlite')
  })
})

describe('a file of the SQLite store', () => {
  it('is made with its directory, in WAL mode', async () => {
    const path = join(place.directory, 'a', 'b', 'tasks.db')
    const store = sqliteStore({ path })
    await store.open()
    await store.commit([change(recordOf('a'))])
    expect(withDatabase(path, (database) => valueOf(database, 'PRAGMA journal_mode'))).toBe('wal')
    expect(store.capabilities).toEqual({ durable: true, shared: true, push: false })
    await store.close()
  })

  it('is refused by a STORE_CORRUPT that says what to do, and left as it is, where it is no database', async () => {
    const text = 'These are the accounts of last year. '.repeat(200)
    writeFileSync(place.path, text)
    const store = sqliteStore({ path: place.path })
    await expect(store.open()).rejects.toMatchObject({
      name: 'TaskStoreError',
      code: 'STORE_CORRUPT',
      message: expect.stringMatching(/tasks\.db: it is damaged.*Move it aside/),
    })
    expect(readFileSync(place.path, 'utf8')).toBe(text)
  })

  it('is refused where its tables are of a newer version', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    await store.close()
    withDatabase(place.path, (database) => database.exec("UPDATE taskward_meta SET value = 99 WHERE key = 'schema'"))
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/version 99.*update taskward/),
    })
  })

  it('is opened by the next call after one that failed', async () => {
    writeFileSync(place.path, 'no database '.repeat(500))
    const store = sqliteStore({ path: place.path })
    await expect(store.open()).rejects.toThrow()
    writeFileSync(place.path, '')
    await store.open()
    expect(await store.commit([change(recordOf('a'))])).toEqual(['applied'])
    await store.close()
  })

  it('has the write-ahead log folded back into it when it is closed', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    await store.commit([change(recordOf('a'))])
    await store.close()
    expect(existsSync(`${place.path}-wal`) ? statSync(`${place.path}-wal`).size : 0).toBe(0)
  })
})

describe('a connection of its own', () => {
  it.each([
    ['full', 2],
    ['normal', 1],
  ] as const)('is set up to write as %s says, and never to put the thread to sleep', (synchronous, level) => {
    const database = openDatabase(place.path)
    setUp({ path: place.path, synchronous }, database)
    expect(valueOf(database, 'PRAGMA synchronous')).toBe(level)
    expect(valueOf(database, 'PRAGMA busy_timeout')).toBe(0)
    database.close?.()
  })
})

describe('a call of the SQLite store', () => {
  it('ends its turn, so that a loop of calls keeps nothing else waiting', async () => {
    const store = sqliteStore({ path: ':memory:' })
    await store.open()
    for (const call of [() => store.get('a'), () => store.commit([change(recordOf('a'))]), () => store.list({})]) {
      let others = 0
      setImmediate(() => others++)
      await call()
      expect(others).toBe(1)
    }
    await store.close()
  })
})

describe('a store in memory', () => {
  it('says that it neither lasts nor is shared', async () => {
    const store = sqliteStore({ path: ':memory:' })
    expect(store.capabilities).toEqual({ durable: false, shared: false, push: false })
    await store.open()
    expect(await store.commit([change(recordOf('a'))])).toEqual(['applied'])
    expect(await store.get('a')).toMatchObject({ id: 'a' })
    await store.close()
    await store.open()
    expect(await store.get('a')).toBeUndefined()
    await store.close()
  })
})

describe('a database handed in', () => {
  it('is used beside its own tables, and neither set up nor closed', async () => {
    const database = openDatabase(place.path)
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY)')
    database.exec('PRAGMA busy_timeout = 77')
    const store = sqliteStore({ database })
    expect(store.capabilities).toEqual({ durable: true, shared: true, push: false })
    await store.open()
    await store.commit([change(recordOf('a'))])
    await store.close()
    await expect(store.get('a')).rejects.toThrow(/not open/)
    expect(valueOf(database, 'SELECT count(*) FROM taskward_tasks')).toBe(1)
    expect(valueOf(database, 'PRAGMA busy_timeout')).toBe(77)
    expect(valueOf(database, 'PRAGMA journal_mode')).toBe('delete')
    await store.open()
    expect(await store.get('a')).toMatchObject({ id: 'a' })
    await store.close()
    database.close?.()
  })

  it('is known to be in memory', () => {
    const database = openDatabase(':memory:')
    expect(sqliteStore({ database }).capabilities).toMatchObject({ durable: false, shared: false })
    database.close?.()
  })

  it('may give every integer as a bigint', async () => {
    const database = openDatabase(place.path)
    const store = sqliteStore({ database: withBigInts(database) })
    await store.open()
    expect(await store.commit([change(recordOf('a')), change(recordOf('b'))])).toEqual(['applied', 'applied'])
    const next = recordOf('a', { version: 2, status: 'completed', finishedAt: 5 })
    expect(await store.commit([change(next, 1)])).toEqual(['applied'])
    expect(await store.commit([change(next, 1), change(recordOf('b'))])).toEqual(['applied', 'applied'])
    const { items, nextCursor } = await store.list({ limit: 1 })
    expect((await store.list({ limit: 1, cursor: nextCursor! })).items).not.toEqual(items)
    expect(await store.changes(0, 10)).toMatchObject({ items: [{ seq: 2 }, { seq: 3 }], next: 3 })
    expect(await store.counts()).toMatchObject({ pending: 1, completed: 1 })
    expect(await store.prune({ finishedBefore: 6, maxTasks: 10, limit: 10 })).toBe(1)
    await store.close()
    database.close?.()
  })
})

/** As `setReadBigInts` of node:sqlite and `safeIntegers` of the others have it. */
function withBigInts(database: SqliteDatabase): SqliteDatabase {
  const big = (row: unknown): unknown =>
    typeof row === 'object' && row !== null
      ? Object.fromEntries(
          Object.entries(row).map(([name, value]: [string, unknown]) => [
            name,
            Number.isInteger(value) ? BigInt(value as number) : value,
          ]),
        )
      : row
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        run: (...values) => big(statement.run(...values)),
        get: (...values) => big(statement.get(...values)),
        all: (...values) => statement.all(...values).map(big),
      }
    },
  }
}

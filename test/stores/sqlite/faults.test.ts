import { closeSync, openSync, writeSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { change, recordOf } from './changes.js'
import { makePlace } from './places.js'
import { openDatabase, type SqliteDatabase } from '../../../src/stores/sqlite/driver.js'
import { faultOf, storeErrorOf } from '../../../src/stores/sqlite/faults.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'
import type { TaskChange } from '../../../src/store.js'

let place: ReturnType<typeof makePlace>
beforeEach(() => {
  place = makePlace()
})
afterEach(() => {
  place.dispose()
})

const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => change(recordOf(`${String(from + n)} ${'x'.repeat(200)}`)))

/** The tables made, then a connection of the test's own, closed by it. */
async function openHere(): Promise<SqliteDatabase> {
  const store = sqliteStore({ path: place.path })
  await store.open()
  await store.close()
  return openDatabase(place.path)
}

describe('a commit to SQLite', () => {
  it('rejects while the disk is full, leaves nothing of the transaction, and works again when there is room', async () => {
    const database = await openHere()
    const store = sqliteStore({ database })
    await store.open()
    await store.commit(many(0, 10))
    const { page_count } = database.prepare('PRAGMA page_count').get() as { page_count: number }
    database.exec(`PRAGMA max_page_count = ${String(page_count + 2)}`)
    await expect(store.commit(many(100, 90))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/disk.*is full/),
    })
    expect(await store.counts()).toMatchObject({ pending: 10 })
    database.exec('PRAGMA max_page_count = 100000')
    expect(new Set(await store.commit(many(100, 90)))).toEqual(new Set(['applied']))
    expect(await store.counts()).toMatchObject({ pending: 100 })
    expect((await store.changes(10, 1)).items).toMatchObject([{ seq: 11 }])
    await store.close()
    database.close?.()
  })

  it('takes nothing of a transaction in which one change cannot be written, and works again', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const [good, bad] = many(0, 2) as [TaskChange, TaskChange]
    const unwritable = { ...bad, record: { ...bad.record, input: 1n as never } }
    await expect(store.commit([good, unwritable])).rejects.toThrow(/BigInt/)
    expect(await store.counts()).toMatchObject({ pending: 0 })
    expect(await store.commit([good, bad])).toEqual(['applied', 'applied'])
    await store.close()
  })

  it('rejects where nothing may be written, while reading goes on', async () => {
    const database = await openHere()
    const store = sqliteStore({ database })
    await store.open()
    await store.commit(many(0, 1))
    database.exec('PRAGMA query_only = ON')
    await expect(store.commit(many(1, 1))).rejects.toThrow(/may not be written to/)
    expect((await store.list({})).items).toHaveLength(1)
    database.exec('PRAGMA query_only = OFF')
    expect(await store.commit(many(1, 1))).toEqual(['applied'])
    await store.close()
    database.close?.()
  })

  it('waits for the write of another process, and leaves the thread to others meanwhile', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const other = openDatabase(place.path)
    other.exec('BEGIN IMMEDIATE')
    const answers = store.commit(many(0, 1))
    let turns = 0
    await new Promise<void>((resolve) => {
      const turn = (): unknown => (++turns === 20 ? resolve() : setImmediate(turn))
      setImmediate(turn)
    })
    other.exec('COMMIT')
    expect(await answers).toEqual(['applied'])
    other.close?.()
    await store.close()
  })

  it('rejects when another process writes for longer than that', async () => {
    const store = sqliteStore({ path: place.path, busyTimeout: 20 })
    await store.open()
    const other = openDatabase(place.path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.commit(many(0, 1))).rejects.toThrow(/another process has been writing/)
    other.exec('ROLLBACK')
    expect(await store.commit(many(0, 1))).toEqual(['applied'])
    other.close?.()
    await store.close()
  })

  it('rejects when it is closed half way, and has written whole changes only', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const commit = store.commit(many(0, 1_000))
    await store.close()
    await expect(commit).rejects.toThrow(/not open/)
    await store.open()
    const { pending } = await store.counts()
    expect(pending).toBeGreaterThan(0)
    expect(pending).toBeLessThan(1_000)
    expect(new Set(await store.commit(many(0, 1_000)))).toEqual(new Set(['applied']))
    const histories = await Promise.all((await store.list({ limit: 1_000 })).items.map(({ id }) => store.history(id)))
    expect(new Set(histories.map(({ length }) => length))).toEqual(new Set([1]))
    await store.close()
  })
})

describe('a damaged file', () => {
  it('is called so by what meets the damage', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    await store.commit(many(0, 500))
    await store.close()
    const file = openSync(place.path, 'r+')
    // Every page but the first, which holds the header and the schema.
    writeSync(file, Buffer.alloc(300 * 4_096, 0xff), 0, 300 * 4_096, 4_096)
    closeSync(file)
    const attempt = async () => {
      await store.open()
      await store.list({ limit: 1_000 })
    }
    await expect(attempt()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringMatching(/\.recover/),
    })
    await store.close()
  })
})

describe("a driver's error", () => {
  it.each([
    [{ code: 'SQLITE_BUSY' }, 'busy'],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, 'busy'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 5 }, 'busy'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 261 }, 'busy'],
    [{ code: 'SQLITE_FULL', rawCode: 13 }, 'full'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 26 }, 'corrupt'],
    [{ code: 'SQLITE_CORRUPT_VTAB' }, 'corrupt'],
    [{ code: 'SQLITE_READONLY_DBMOVED' }, 'read-only'],
    [{ code: 'SQLITE_ERROR' }, 'other'],
    [new TypeError('not open'), 'other'],
    [null, 'other'],
    ['busy', 'other'],
  ])('%j is %s', (error, fault) => {
    expect(faultOf(error)).toBe(fault)
  })

  it('is kept as the cause, and said where there is nothing better to say', () => {
    const cause = new TypeError('no such column')
    expect(storeErrorOf(cause, 'The store')).toMatchObject({ message: 'The store: no such column', cause })
    expect(storeErrorOf('thrown', 'The store').message).toBe('The store: thrown')
  })
})

describe('the list of instances in SQLite', () => {
  it.each(['null', '5', '"text"', '{}', 'torn'])(
    'takes a process that is %s for one that may live',
    async (identity) => {
      const database = await openHere()
      const store = sqliteStore({ database })
      await store.open()
      await store.beat({ instanceId: 'odd', name: 'odd', ttl: 60_000, status: null })
      database.exec(`UPDATE taskward_instances SET process = '${identity}'`)
      expect(await store.instances()).toMatchObject([{ instanceId: 'odd', isAlive: true }])
      await store.commit([change(recordOf('lost'))])
      expect((await store.orphans(10)).map(({ id }) => id)).toEqual(['lost'])
      await store.close()
      database.close?.()
    },
  )
})

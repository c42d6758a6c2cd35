import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { change, recordOf } from './changes.js'
import { makePlace } from './places.js'
import { openDatabase } from '../../../src/stores/sqlite/driver.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'

let place: ReturnType<typeof makePlace>
beforeEach(() => {
  place = makePlace()
})
afterEach(() => {
  place.dispose()
})

describe('commitSync of SQLite', () => {
  it('takes nothing of what cannot be written as a whole, and works again', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const [good, bad] = [change(recordOf('good')), change(recordOf('bad', { input: 1n as never }))]
    expect(() => store.commitSync!([good, bad])).toThrow(/BigInt/)
    expect(await store.counts()).toMatchObject({ pending: 0 })
    expect(store.commitSync!([good])).toEqual(['applied'])
    await store.close()
  })

  it('gives up on another that writes, and says so', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const other = openDatabase(place.path)
    other.exec('BEGIN IMMEDIATE')
    expect(() => store.commitSync!([change(recordOf('a'))])).toThrow(/another process has been writing/)
    other.exec('COMMIT')
    expect(store.commitSync!([change(recordOf('a'))])).toEqual(['applied'])
    other.close?.()
    await store.close()
  })

  it('waits for it once in all, however often it is called: what fails comes again in halves', async () => {
    const store = sqliteStore({ path: place.path })
    await store.open()
    const other = openDatabase(place.path)
    other.exec('BEGIN IMMEDIATE')
    const startedMs = performance.now()
    for (let call = 0; call < 12; call++) {
      expect(() => store.commitSync!([change(recordOf('a'))])).toThrow(/another process has been writing/)
    }
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    other.exec('COMMIT')
    other.close?.()
    await store.close()
  })

  it('leaves a transaction of whoever handed the database in to its owner', async () => {
    const database = openDatabase(place.path)
    const store = sqliteStore({ database })
    await store.open()
    database.exec('BEGIN')
    expect(() => store.commitSync!([change(recordOf('a'))])).toThrow(/transaction/)
    database.exec('COMMIT')
    expect(store.commitSync!([change(recordOf('a'))])).toEqual(['applied'])
    await store.close()
    database.close?.()
  })
})

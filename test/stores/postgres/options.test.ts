import { afterEach, describe, expect, it, vi } from 'vitest'
import { isTaskOptionError, isTaskStoreError } from '../../../src/core/errors.js'
import { normalizeError } from '../../../src/core/normalize-error.js'
import { postgresStore, type PostgresStoreOptions } from '../../../src/stores/postgres.js'

const pool = { connect: () => Promise.reject(new Error('nobody there')) }
const connectionString = 'postgres://somebody:hunter2@127.0.0.1:1/nowhere'

afterEach(() => {
  vi.doUnmock('pg')
  vi.resetModules()
})

const rejectionOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'fulfilled',
    (error: unknown) => error,
  )

describe('postgresStore()', () => {
  it.each<[string, unknown, string]>([
    ['neither connection string nor pool', {}, 'expected either connectionString or pool, got neither'],
    ['both', { connectionString, pool }, 'expected either connectionString or pool, got both'],
    ['an empty connection string', { connectionString: '' }, 'postgresStore().connectionString: expected a connection'],
    ['a pool that is none', { pool: {} }, 'postgresStore().pool: expected an object with connect()'],
    ['an empty schema', { pool, schema: '' }, 'postgresStore().schema: expected text of 1 to 63 bytes'],
    ['a schema that Postgres would cut', { pool, schema: 'é'.repeat(32) }, 'expected text of 1 to 63 bytes'],
    ['a schema with NUL', { pool, schema: 'a\0b' }, 'expected text of 1 to 63 bytes'],
    ['no connections', { connectionString, max: 0 }, 'postgresStore().max: expected an integer from 1, got 0'],
    ['a listen that is nothing', { pool, listen: 3 }, 'postgresStore().listen: expected true, false or a connection'],
    ['a prepare that is nothing', { pool, prepare: 'no' }, 'postgresStore().prepare: expected true or false, got "no"'],
    ['a slip of the pen', { conectionString: connectionString }, "did you mean 'connectionString'?"],
  ])('refuses %s', (_, options, complaint) => {
    const make = () => postgresStore(options as PostgresStoreOptions)
    expect(make).toThrow(complaint)
    try {
      make()
    } catch (error) {
      expect(isTaskOptionError(error)).toBe(true)
    }
  })

  it('says that it is durable and shared, and pushes unless it does not listen', () => {
    expect(postgresStore({ pool }).capabilities).toEqual({ durable: true, shared: true, push: true })
    const deaf = postgresStore({ pool, listen: false })
    expect([deaf.capabilities.push, 'watch' in deaf]).toEqual([false, false])
  })

  it('says what to install where the driver is missing', async () => {
    vi.doMock('pg', () => {
      throw Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' })
    })
    const fresh = await import('../../../src/stores/postgres.js')
    const error = await rejectionOf(fresh.postgresStore({ connectionString }).open())
    expect(error).toMatchObject({ name: 'TaskStoreError', message: expect.stringContaining('npm install pg') })
  })

  it('needs no driver for a pool that was handed in', async () => {
    vi.doMock('pg', () => {
      throw new Error('not needed')
    })
    const fresh = await import('../../../src/stores/postgres.js')
    const error = await rejectionOf(fresh.postgresStore({ pool }).open())
    expect(error).toMatchObject({ message: 'Cannot connect to Postgres: nobody there' })
  })

  it.each([
    ['a server that is not there', connectionString],
    ['a connection string that cannot be read', 'postgres://somebody:hunter2@127.0.0.1:port/nowhere'],
  ])('tells no password of %s', async (_, given) => {
    const error = await rejectionOf(postgresStore({ connectionString: given }).open())
    expect(isTaskStoreError(error)).toBe(true)
    expect((error as Error).message).toMatch(/^Cannot connect to Postgres: /)
    expect(JSON.stringify(normalizeError(error))).not.toContain('hunter2')
  })

  it('rejects whatever is asked before it is open', async () => {
    const error = await rejectionOf(postgresStore({ pool }).get('a'))
    expect([isTaskStoreError(error), (error as Error).message]).toEqual([true, 'The Postgres store is not open'])
  })
})

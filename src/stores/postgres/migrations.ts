import { TaskStoreError } from '../../core/errors.js'
import type { Database, Session } from './database.js'
import type { Names } from './names.js'
import { SERVER_NOW } from './statement.js'
import { firstVersion } from './schema.js'

/** Each takes a schema of the version before it to its own; the first makes version 1. Never changed once released. */
const MIGRATIONS: readonly ((names: Names) => readonly string[])[] = [firstVersion]

/** `MATERIALIZED` came with 12. */
const LEAST_SERVER_VERSION = 120_000

/**
 * Makes the schema what this version of taskward needs. Reads only, where it is that already: so a role that may not create
 * anything, and a standby, can open it.
 */
export async function migrate(database: Database, names: Names): Promise<void> {
  await checkServer(database)
  if ((await versionOf(database, names)) === MIGRATIONS.length) return
  await database.transaction(async (session) => {
    await session.query(`SET LOCAL lock_timeout = '4s'`)
    await session.query('SELECT pg_advisory_xact_lock($1::bigint)', [names.locks.migrate])
    // Another process may have done it meanwhile.
    const version = await versionOf(session, names)
    for (const [index, statementsOf] of MIGRATIONS.entries()) {
      if (index < version) continue
      for (const statement of await creationOf(session, names, version, index)) await session.query(statement)
      for (const statement of statementsOf(names)) await session.query(statement)
      await session.query(
        `INSERT INTO ${names.of('migration')} (version, applied_at) VALUES ($1::int, ${SERVER_NOW})`,
        [index + 1],
      )
    }
  })
}

/** `CREATE SCHEMA IF NOT EXISTS` wants the right to create one even where it exists. */
async function creationOf(session: Session, names: Names, version: number, index: number): Promise<string[]> {
  if (version > 0 || index > 0) return []
  const [row] = await session.query('SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS is_missing', [
    names.schema,
  ])
  return row?.['is_missing'] === true ? [`CREATE SCHEMA ${names.quotedSchema}`] : []
}

async function checkServer(database: Database): Promise<void> {
  const [row] = await database.query(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
  )
  if (Number(row?.['version']) < LEAST_SERVER_VERSION) {
    throw new TaskStoreError('STORE_UNAVAILABLE', 'The Postgres store needs Postgres 12 or later')
  }
  if (row?.['encoding'] !== 'UTF8') {
    const found = String(row?.['encoding'])
    throw new TaskStoreError(
      'STORE_UNAVAILABLE',
      `The Postgres store needs a database in UTF8; this one is in ${found}`,
    )
  }
}

/** 0 where there is nothing yet. */
async function versionOf(session: Session, names: Names): Promise<number> {
  const table = names.of('migration')
  // Not to_regclass(): it answers from what this session has seen before, also in a transaction that has waited for the lock.
  const [place] = await session.query(
    `SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE nspname = $1 AND relname = 'migration') AS is_there`,
    [names.schema],
  )
  if (place?.['is_there'] !== true) return 0
  const [row] = await session.query(`SELECT coalesce(max(version), 0) AS version FROM ${table}`)
  const version = Number(row?.['version'])
  if (version <= MIGRATIONS.length) return version
  throw new TaskStoreError(
    'STORE_UNAVAILABLE',
    `The schema ${names.schema} has version ${version}, and this taskward knows versions up to ${MIGRATIONS.length}: ` +
      'a newer taskward has opened it. Update this one',
  )
}

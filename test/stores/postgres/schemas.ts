import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { postgresStore, type PostgresConnectionOptions } from '../../../src/stores/postgres.js'
import type { TaskStore } from '../../../src/store.js'

/** A schema for one test, with a name that tries what names may have. */
export const newSchema = (): string => `taskward "test" ${randomBytes(6).toString('hex')}`

export const quoted = (schema: string): string => `"${schema.replaceAll('"', '""')}"`

export async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

export const dropSchema = async (url: string, schema: string): Promise<void> => {
  await query(url, `DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`)
}

/** A store on a schema of its own, open, which is closed and dropped after the work. */
export async function withStore<T>(
  url: string,
  work: (store: TaskStore, schema: string) => Promise<T>,
  options: Partial<PostgresConnectionOptions> = {},
): Promise<T> {
  const schema = newSchema()
  const store = postgresStore({ connectionString: url, schema, ...options })
  try {
    await store.open()
    return await work(store, schema)
  } finally {
    await store.close()
    await dropSchema(url, schema)
  }
}

import { TaskStoreError } from '../../core/errors.js'

/** What taskward needs of a `pg` pool. */
export interface PostgresPool {
  connect(): Promise<PostgresPoolClient>
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement that a connection keeps by its name, parsed and planned, for the next time. */
export interface PostgresPreparedStatement {
  name: string
  text: string
  values: unknown[]
}

/** What taskward needs of a connection. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  query(statement: PostgresPreparedStatement): Promise<{ rows: unknown[] }>
  on(event: 'error' | 'end', listener: (error: Error) => void): unknown
  on(event: 'notification', listener: (message: PostgresNotification) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  /** Lets the process end although the connection is open. */
  unref?(): void
}

/** A connection out of a pool. */
export interface PostgresPoolClient extends PostgresClient {
  /** Gives it back; with an error, or true, closes it instead. */
  release(destroy?: Error | boolean): void
}

export interface PostgresNotification {
  payload?: string | undefined
}

/** A pool that was made here, and so is ended here. */
export interface OwnPool extends PostgresPool {
  end(): Promise<void>
}

/** A connection that was made here, for nothing else. */
export interface OwnClient extends PostgresClient {
  connect(): Promise<unknown>
  end(): Promise<void>
}

interface Driver {
  Pool: new (config: object) => OwnPool
  Client: new (config: object) => OwnClient
}

/** How long a connection may take to be made. Less than a call of the store may take, so that the reason is told. */
const CONNECT_LIMIT_MS = 4_000
const IDLE_LIMIT_MS = 60_000

/** A pool whose idle connections keep no process alive. */
export async function openPool(connectionString: string, max: number): Promise<OwnPool> {
  const { Pool } = await loadDriver()
  return new Pool({
    ...configOf(connectionString),
    max,
    idleTimeoutMillis: IDLE_LIMIT_MS,
    allowExitOnIdle: true,
  })
}

/** A connection, not yet made. */
export async function ownClient(connectionString: string): Promise<OwnClient> {
  const { Client } = await loadDriver()
  return new Client(configOf(connectionString))
}

/** What the connection string itself says, as of `application_name`, goes before these. */
const configOf = (connectionString: string): object => ({
  connectionString,
  application_name: 'taskward',
  connectionTimeoutMillis: CONNECT_LIMIT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
})

async function loadDriver(): Promise<Driver> {
  try {
    const { default: driver } = await import('pg')
    return driver
  } catch (cause) {
    throw new TaskStoreError('STORE_UNAVAILABLE', 'The Postgres store needs the package pg: npm install pg', { cause })
  }
}

import { TaskStoreError } from '../../core/errors.js'
import type { PostgresClient, PostgresPool, PostgresPoolClient } from './connection.js'
import { preparedName } from './prepared-name.js'
import { codeOf, refusalOf } from './refusal.js'

/** How long one statement may take, its connection included: less than a caller waits, so that the reason is told. */
export const STATEMENT_LIMIT_MS = 4_500

/** No such prepared statement, or one of that name already: something shares connections out behind the driver's back. */
const FORGOTTEN = new Set(['26000', '42P05'])

/** A row as the driver gives it. */
export type Row = Record<string, unknown>

/** One connection within a transaction. */
export interface Session {
  query(text: string, values?: unknown[]): Promise<Row[]>
}

/**
 * Statements on a pool, each in a time that is known. A connection on which anything has failed is closed and not given back:
 * what it still does or holds is then nobody's question, the server rolls back what was open.
 */
export class Database {
  #pool: PostgresPool | null = null
  #isPreparing: boolean
  readonly #underWay = new Set<Promise<unknown>>()

  /** @param prepares whether statements may be prepared under a name */
  constructor(prepares = true) {
    this.#isPreparing = prepares
  }

  open(pool: PostgresPool): void {
    this.#pool = pool
  }

  /** Takes no more, and waits for what is under way, which has its own limits. */
  async close(): Promise<void> {
    this.#pool = null
    await Promise.allSettled(this.#underWay)
  }

  /** One statement, which is a transaction of its own. */
  query(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#statement(performance.now(), (client) => client.query(text, values))
  }

  /**
   * The same for a statement that comes often and would take longer to be planned than to be run: each connection prepares it
   * once. Behind a pooler that shares connections between transactions that may fail, before anything is done; then it is
   * sent as it is, as are all that come later.
   */
  async prepared(text: string, values: unknown[]): Promise<Row[]> {
    const startedAt = performance.now()
    if (!this.#isPreparing) return this.query(text, values)
    try {
      return await this.#statement(startedAt, (client) => client.query({ name: preparedName(text), text, values }))
    } catch (error) {
      if (!FORGOTTEN.has(codeOf(error) ?? '')) throw error
      this.#isPreparing = false
      return this.#statement(startedAt, (client) => client.query(text, values))
    }
  }

  /** What the work rejects with, it is rejected with too, and nothing was done. The time between statements is the work's own. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onConnection(async (client) => {
      const query = (text: string, values: unknown[] = []): Promise<Row[]> =>
        answerWithin(STATEMENT_LIMIT_MS, client.query(text, values))
      // Whatever the role's default is: a lock that was waited for must show what was committed meanwhile.
      await query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
      const result = await work({ query })
      await query('COMMIT')
      return result
    })
  }

  #statement(startedAt: number, send: (client: PostgresClient) => Promise<{ rows: unknown[] }>): Promise<Row[]> {
    return this.#onConnection((client) => {
      const elapsedMs = performance.now() - startedAt
      return answerWithin(STATEMENT_LIMIT_MS - elapsedMs, send(client))
    })
  }

  async #onConnection<T>(work: (client: PostgresPoolClient) => Promise<T>): Promise<T> {
    if (!this.#pool) throw new TaskStoreError('STORE_UNAVAILABLE', 'The Postgres store is not open')
    const call = onConnection(this.#pool, work)
    this.#underWay.add(call)
    try {
      return await call
    } finally {
      this.#underWay.delete(call)
    }
  }
}

async function onConnection<T>(pool: PostgresPool, work: (client: PostgresPoolClient) => Promise<T>): Promise<T> {
  const client = await connectWithin(STATEMENT_LIMIT_MS, pool)
  // While a connection is out of its pool, nobody else listens: a server that cuts it would end the process. The statement
  // under way, or the next one, rejects with the same.
  client.on('error', ignore)
  let result: T
  try {
    result = await work(client)
  } catch (error) {
    client.release(true)
    throw error
  }
  client.removeListener('error', ignore)
  client.release()
  return result
}

const ignore = (): void => undefined

async function connectWithin(limitMs: number, pool: PostgresPool): Promise<PostgresPoolClient> {
  let isGivenUp = false
  const connecting = attempt(() => pool.connect()).then((client) => {
    // It came too late: whoever asked has gone.
    if (isGivenUp) client.release()
    return client
  })
  try {
    return await within(limitMs, connecting, `no connection within ${limitMs} ms`)
  } catch (error) {
    isGivenUp = true
    throw refusalOf('Cannot connect to Postgres', error)
  }
}

async function answerWithin(limitMs: number, answer: Promise<{ rows: unknown[] }>): Promise<Row[]> {
  try {
    const result = await within(limitMs, answer, `no answer within ${STATEMENT_LIMIT_MS} ms`)
    return result.rows as Row[]
  } catch (error) {
    throw refusalOf('Postgres did not do as asked', error)
  }
}

/** A driver may throw instead of rejecting, as over a connection string that it cannot read. */
const attempt = async <T>(work: () => Promise<T>): Promise<T> => work()

export function within<T>(limitMs: number, work: Promise<T>, complaint: string): Promise<T> {
  return new Promise((resolve, reject) => {
    // The connection itself keeps the process alive while it is at work.
    const timer = setTimeout(() => {
      reject(new Error(complaint))
    }, limitMs).unref()
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
    })
  })
}

import type { Redis } from 'ioredis'
import { TaskStoreError } from '../../core/errors.js'
import { AnyConnection, READY_LIMIT_MS } from './any-connection.js'
import { duplicateOf, holdProcess, releaseProcess, type RedisClient } from './client.js'
import { wordOf } from './failures.js'

/** A server that says nothing for so long, though asked, is given up, and with it what was sent and is still held in memory. */
const SILENCE_LIMIT_MS = 10_000
/** How long the server may take to hang up in turn. */
const HANG_UP_LIMIT_MS = 500
const CLOSED = 'The redis store has been closed'

type Load = () => Promise<{ Redis: typeof Redis }>

/** Loads ioredis, and makes a client that connects when it is told to, and once only: see {@link OwnConnection}. */
export async function createClient(url: string, load: Load = () => import('ioredis')): Promise<RedisClient> {
  const { Redis: Client } = await load().catch((error: unknown) => {
    const message = 'The redis store needs ioredis: npm install ioredis'
    throw new TaskStoreError('STORE_UNAVAILABLE', message, { cause: error })
  })
  const client: RedisClient = new Client(url, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: READY_LIMIT_MS,
    disconnectTimeout: HANG_UP_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    connectionName: 'taskward',
  })
  return client
}

/**
 * A client of the store's own. It does not connect again by itself: a call that finds no connection makes one, and one that
 * loses it rejects, so that nothing is queued, nothing runs in the background, and whoever calls decides when to try again. Its
 * socket keeps the process alive only while an answer is awaited.
 */
export class OwnConnection extends AnyConnection {
  readonly #url: string
  #client: RedisClient | undefined
  #connecting: Promise<RedisClient> | undefined
  #isClosed = false
  #inFlight = 0

  constructor(url: string, root: string) {
    super(root)
    this.#url = url
  }

  listener(): RedisClient | undefined {
    return this.#client && duplicateOf(this.#client)
  }

  protected ready(): Promise<RedisClient> {
    if (this.#isClosed) return Promise.reject(new TaskStoreError('STORE_UNAVAILABLE', CLOSED))
    if (this.#client?.status === 'ready') return Promise.resolve(this.#client)
    return (this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    }))
  }

  async #connect(): Promise<RedisClient> {
    const client = await createClient(this.#url)
    this.lastError = undefined
    client.on('error', (error: unknown) => {
      this.lastError = error
    })
    const timer = setTimeout(() => {
      this.lastError ??= new Error(`no connection within ${String(READY_LIMIT_MS)} ms, or LOADING`)
      client.disconnect()
    }, READY_LIMIT_MS)
    try {
      await client.connect()
    } catch (error) {
      client.disconnect()
      throw error
    } finally {
      clearTimeout(timer)
    }
    if (this.lastError !== undefined) {
      // Its database was refused, say: ioredis then goes on with another one, and calls that ready.
      client.disconnect()
      throw this.lastError as Error
    }
    if (this.#isClosed) {
      client.disconnect()
      throw new TaskStoreError('STORE_UNAVAILABLE', CLOSED)
    }
    this.#client = client
    return client
  }

  protected override async used(client: RedisClient, use: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    this.#inFlight++
    holdProcess(client)
    try {
      return await use(client)
    } catch (error) {
      // After a failover the address may lead to the new primary: the next call finds out.
      if (wordOf(error) === 'READONLY') this.#drop(client)
      throw error
    } finally {
      // What ends last may belong to a client that has been replaced meanwhile.
      if (--this.#inFlight === 0) for (const held of [client, this.#client]) if (held) releaseProcess(held)
    }
  }

  protected disconnect(): void {
    this.#isClosed = true
    if (this.#client) this.#drop(this.#client)
  }

  /** Forgets it at once: ioredis calls a client ready until its socket has ended. */
  #drop(client: RedisClient): void {
    if (this.#client === client) this.#client = undefined
    client.disconnect()
  }
}

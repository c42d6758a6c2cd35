import { keyPrefixOf, releaseProcess, type RedisClient } from './client.js'
import type { Connection } from './any-connection.js'

const FIRST_RETRY_MS = 100
const MOST_RETRY_MS = 5_000

/**
 * Listens for commits on a connection of its own, as long as somebody wants to hear of them. A hint, no more: after a loss of
 * the connection there may have been one, so everybody is called. It never keeps the process alive.
 */
export class Watch {
  readonly #connection: Connection
  readonly #channel: string
  readonly #listeners = new Set<() => void>()
  #client: RedisClient | undefined
  #timer: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(connection: Connection, root: string) {
    this.#connection = connection
    this.#channel = `${root}changes`
  }

  add(onChange: () => void): () => void {
    const listener = (): void => {
      onChange()
    }
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#listen()
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.close()
    }
  }

  close(): void {
    this.#listeners.clear()
    clearTimeout(this.#timer)
    this.#client?.disconnect()
    this.#client = undefined
  }

  #listen(): void {
    const client = (this.#client = this.#connection.listener())
    if (!client) {
      this.#listenLater()
      return
    }
    // Without a listener, ioredis writes errors to the console; 'end' follows, and says all that matters here.
    client.on('error', () => undefined)
    client.on('end', () => {
      if (this.#client === client) this.#listenLater()
    })
    client.on('message', this.#tell)
    client
      .connect()
      .then(async () => {
        releaseProcess(client)
        // The script names the channel by its key, which the client has put its own prefix before.
        await client.subscribe(keyPrefixOf(client) + this.#channel)
        if (this.#retryMs > FIRST_RETRY_MS) this.#tell()
        this.#retryMs = FIRST_RETRY_MS
      })
      .catch(() => {
        client.disconnect()
      })
  }

  #listenLater(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#listen(), this.#retryMs)
    this.#timer.unref()
    this.#retryMs = Math.min(MOST_RETRY_MS, this.#retryMs * 2)
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener()
  }
}

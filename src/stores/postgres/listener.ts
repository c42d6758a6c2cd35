import { within } from './database.js'
import { ownClient, type PostgresClient, type PostgresNotification, type PostgresPool } from './connection.js'

const FIRST_RETRY_MS = 100
const MOST_RETRY_MS = 30_000
/** A connection that was cut without a word looks like one on which nothing happens. */
const PING_MS = 20_000
const ANSWER_LIMIT_MS = 5_000

/** A connection to listen on, and how to end it. */
interface Line {
  readonly client: PostgresClient
  end(): void
}

/** How a connection to listen on is come by. */
export type Dial = () => Promise<Line>

export const dialOwn =
  (connectionString: string): Dial =>
  async () => {
    const client = await ownClient(connectionString)
    client.on('error', ignore)
    await client.connect()
    return {
      client,
      end: () => {
        client.end().catch(ignore)
      },
    }
  }

/** Takes a connection out of the pool for as long as it listens. */
export const dialPool =
  (pool: PostgresPool): Dial =>
  async () => {
    const client = await pool.connect()
    client.on('error', ignore)
    return {
      client,
      end: () => {
        client.release(true)
      },
    }
  }

/**
 * Listens for what other stores announce, for as long as anybody watches. All that comes of it is a hint: it comes again after
 * each connection, since something may have been missed, and where none can be had it comes with the next one. Keeps no
 * process alive.
 */
export class Listener {
  readonly #channel: string
  readonly #token: string
  readonly #watchers = new Set<() => void>()
  #dial: Dial | null = null
  #line: Line | null = null
  #timer: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS
  /** Of the connection that is wanted; an answer to an earlier one comes too late. */
  #turn = 0

  /** @param token what this store's own announcements say */
  constructor(channel: string, token: string) {
    this.#channel = channel
    this.#token = token
  }

  /** Where to listen from now on; null for nowhere. */
  use(dial: Dial | null): void {
    this.#hangUp()
    this.#dial = dial
    this.#retryMs = FIRST_RETRY_MS
    if (dial && this.#watchers.size > 0) void this.#connect()
  }

  watch(onChange: () => void): () => void {
    // The same function may watch twice.
    const watcher = (): void => {
      onChange()
    }
    this.#watchers.add(watcher)
    if (this.#watchers.size === 1 && this.#dial) void this.#connect()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#hangUp()
    }
  }

  async #connect(): Promise<void> {
    const turn = ++this.#turn
    const isWanted = (): boolean => turn === this.#turn
    let line: Line | null = null
    try {
      line = await this.#dial!()
      if (!isWanted()) {
        line.end()
        return
      }
      const { client } = line
      this.#line = line
      const onLost = (): void => {
        if (isWanted()) this.#retry()
      }
      client.on('error', onLost)
      client.on('end', onLost)
      client.on('notification', ({ payload }: PostgresNotification) => {
        if (isWanted() && payload !== this.#token) this.#tell()
      })
      await within(ANSWER_LIMIT_MS, client.query(`LISTEN "${this.#channel}"`), 'no answer to LISTEN')
      if (!isWanted()) return
      client.unref?.()
      this.#retryMs = FIRST_RETRY_MS
      this.#ping(client, isWanted)
      this.#tell()
    } catch {
      // A hint that cannot be had is not missed: changes() does not depend on it.
      if (isWanted()) this.#retry()
    }
  }

  #ping(client: PostgresClient, isWanted: () => boolean): void {
    this.#timer = setTimeout(() => {
      within(ANSWER_LIMIT_MS, client.query('SELECT 1'), 'no answer').then(
        () => {
          if (isWanted()) this.#ping(client, isWanted)
        },
        () => {
          if (isWanted()) this.#retry()
        },
      )
    }, PING_MS).unref()
  }

  #retry(): void {
    this.#hangUp()
    const delayMs = this.#retryMs * (0.5 + Math.random() / 2)
    this.#retryMs = Math.min(MOST_RETRY_MS, this.#retryMs * 2)
    this.#timer = setTimeout(() => void this.#connect(), delayMs).unref()
  }

  #hangUp(): void {
    this.#turn++
    clearTimeout(this.#timer)
    this.#line?.end()
    this.#line = null
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) {
      try {
        watcher()
      } catch {
        // A hint that its reader fails on is one that was lost, which it may be.
      }
    }
  }
}

const ignore = (): void => undefined

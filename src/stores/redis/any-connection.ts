import type { RedisClient } from './client.js'
import { failureOf, wordOf } from './failures.js'
import type { Script } from './script.js'

/** The runtime gives a call of a store 5 s: what takes longer is to be told before that. */
export const READY_LIMIT_MS = 4_000
const CLOSE_LIMIT_MS = 1_000

/** Where a store's commands go, and how one comes there. */
export interface Connection {
  /** Runs the script; connects before where there is no connection. */
  run(script: Script, args: readonly string[]): Promise<unknown>
  /** Sends a command that is no script and has no key. */
  call(command: string, args: string[]): Promise<unknown>
  /** Another client to the same server, not connected, to listen with; an error of it is nobody's concern. */
  listener(): RedisClient | undefined
  close(): Promise<void>
}

/** What connections have in common: how a script is run, and what becomes of failures. */
export abstract class AnyConnection implements Connection {
  readonly #root: string
  readonly #pending = new Set<Promise<unknown>>()
  protected lastError: unknown

  constructor(root: string) {
    this.#root = root
  }

  abstract listener(): RedisClient | undefined
  protected abstract ready(): Promise<RedisClient>
  protected abstract disconnect(): void

  async run({ lua, sha }: Script, args: readonly string[]): Promise<unknown> {
    const rest = [1, this.#root, ...args]
    return this.#send(async (client) => {
      try {
        return await client.call('evalsha', [sha, ...rest])
      } catch (error) {
        if (wordOf(error) !== 'NOSCRIPT') throw error
        return client.call('eval', [lua, ...rest])
      }
    })
  }

  call(command: string, args: string[]): Promise<unknown> {
    return this.#send((client) => client.call(command, args))
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const isOver = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_LIMIT_MS)))
    await Promise.race([Promise.allSettled(this.#pending), isOver])
    clearTimeout(timer)
    this.disconnect()
  }

  async #send(use: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    const sent = this.ready().then((client) => this.used(client, use))
    this.#pending.add(sent)
    try {
      return await sent
    } catch (error) {
      throw failureOf(error, this.lastError)
    } finally {
      this.#pending.delete(sent)
    }
  }

  protected used(client: RedisClient, use: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    return use(client)
  }
}

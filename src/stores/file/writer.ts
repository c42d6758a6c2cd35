import type { Tables } from '../memory/tables.js'
import { Batch } from './batch.js'
import { LineBuffer } from './line-buffer.js'

interface Request {
  readonly stage: (batch: Batch) => unknown
  readonly resolve: (answer: never) => void
  readonly reject: (reason: unknown) => void
}

const MOST_BYTES = 8 << 20

/**
 * One write at a time. What is asked for while one is under way goes into the next together, for the price of one sync. What
 * is read changes only once a write has succeeded.
 */
export class Writer {
  readonly #tables: Tables
  readonly #write: (bytes: Buffer) => Promise<void>
  readonly #onWritten: () => void
  readonly #lines = new LineBuffer()
  readonly #waiting: Request[] = []
  readonly #actions: (() => Promise<void>)[] = []
  #running: Promise<void> | null = null

  constructor(tables: Tables, write: (bytes: Buffer) => Promise<void>, onWritten: () => void) {
    this.#tables = tables
    this.#write = write
    this.#onWritten = onWritten
  }

  /** Calls `stage` when its turn has come, and resolves with what it gave once the batch is written. */
  submit<T>(stage: (batch: Batch) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ stage, resolve, reject })
      this.#wake()
    })
  }

  /** Does something between two writes. */
  exclusively<T>(action: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#actions.push(() => action().then(resolve, reject))
      this.#wake()
    })
  }

  /** Resolves once there is nothing left to do. */
  async idle(): Promise<void> {
    await this.#running
  }

  #wake(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // What is submitted in the same turn goes together.
    await Promise.resolve()
    while (this.#waiting.length > 0 || this.#actions.length > 0) {
      const action = this.#actions.shift()
      await (action ? action() : this.#writeBatch())
    }
    // In the same turn as the last look, so that nothing is submitted in between and left lying.
    this.#running = null
  }

  async #writeBatch(): Promise<void> {
    const batch = new Batch(this.#tables, this.#lines)
    const staged: { request: Request; answer: unknown }[] = []
    let taken = 0
    while (taken < this.#waiting.length && this.#lines.length < MOST_BYTES) {
      const request = this.#waiting[taken++]!
      try {
        staged.push({ request, answer: request.stage(batch) })
      } catch (error) {
        // What it had staged before it threw is written all the same: it may or may not have been applied.
        request.reject(error)
      }
    }
    this.#waiting.splice(0, taken)
    try {
      if (this.#lines.length > 0) {
        await this.#write(this.#lines.bytes())
        batch.apply()
      }
    } catch (error) {
      for (const { request } of staged) request.reject(error)
      return
    } finally {
      this.#lines.clear()
    }
    for (const { request, answer } of staged) request.resolve(answer as never)
    this.#onWritten()
  }
}

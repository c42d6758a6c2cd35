import { randomFillSync } from 'node:crypto'
import { MAX_UUID_SEQUENCE, uuidv7 } from '../core/uuid.js'

const BYTES_PER_ID = 8
const POOL_BYTES = 1024 * BYTES_PER_ID
const PER_MS = MAX_UUID_SEQUENCE + 1

/** Makes UUIDv7 that sort in the order they were made, also within a millisecond and when the wall clock goes back. */
export class IdSource {
  readonly #pool = new Uint8Array(POOL_BYTES)
  #offset = POOL_BYTES
  /** Stamps count from here, so that they stay exact. */
  #baseMs: number | null = null
  #lastMs = 0
  #sequence = 0

  next(nowMs: number): string {
    return this.at(this.stamp(nowMs))
  }

  /** The place of an id that may be made later: a safe integer, higher with each call. */
  stamp(nowMs: number): number {
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs
      this.#sequence = 0
    } else if (this.#sequence < MAX_UUID_SEQUENCE) {
      this.#sequence++
    } else {
      // A burst of more than 4,096 in a millisecond borrows from the next one, as RFC 9562 allows.
      this.#lastMs++
      this.#sequence = 0
    }
    this.#baseMs ??= this.#lastMs
    return (this.#lastMs - this.#baseMs) * PER_MS + this.#sequence
  }

  /** The id of that place, another with each call. */
  at(stamp: number): string {
    if (this.#offset === POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#offset = 0
    }
    const id = uuidv7(this.#baseMs! + Math.floor(stamp / PER_MS), stamp % PER_MS, this.#pool, this.#offset)
    this.#offset += BYTES_PER_ID
    return id
  }
}

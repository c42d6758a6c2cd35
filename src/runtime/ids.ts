import { randomFillSync } from 'node:crypto'
import { MAX_UUID_SEQUENCE, uuidv7 } from '../core/uuid.js'

const BYTES_PER_ID = 8
const POOL_BYTES = 1024 * BYTES_PER_ID

/** Makes UUIDv7 that sort in the order they were made, also within a millisecond and when the wall clock goes back. */
export class IdSource {
  readonly #pool = new Uint8Array(POOL_BYTES)
  #offset = POOL_BYTES
  #lastMs = 0
  #sequence = 0

  next(nowMs: number): string {
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
    if (this.#offset === POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#offset = 0
    }
    const id = uuidv7(this.#lastMs, this.#sequence, this.#pool, this.#offset)
    this.#offset += BYTES_PER_ID
    return id
  }
}

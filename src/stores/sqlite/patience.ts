import { faultOf } from './faults.js'

const MOST_PAUSE_MS = 25

/**
 * Does what another process may be in the way of. SQLite would wait by putting the whole thread to sleep; this leaves it to
 * other work between its attempts. Rejects with what the last one threw.
 */
export async function whenFree<T>(work: () => T, patienceMs: number): Promise<T> {
  const end = performance.now() + patienceMs
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      if (faultOf(error) !== 'busy' || performance.now() >= end) throw error
    }
    // Two that wait for the same lock shall not come back at the same time.
    await pause(pauseMs * (0.5 + Math.random()))
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** How long a process that ends waits for others' writes, in all: nothing else in it goes on meanwhile. */
const MOST_BLOCKED_MS = 200

/**
 * As `whenFree`, for a process that has no turn left: puts the whole thread to sleep between its attempts. What one call has
 * waited the next has not, since one that fails is followed by others, for parts of the same.
 */
export class LastPatience {
  #leftMs: number

  constructor(patienceMs: number) {
    this.#leftMs = Math.min(patienceMs, MOST_BLOCKED_MS)
  }

  whenFree<T>(work: () => T): T {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (faultOf(error) !== 'busy' || this.#leftMs <= 0) throw error
      }
      const sinceMs = performance.now()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random())
      this.#leftMs -= performance.now() - sinceMs
    }
  }
}

/** Lets timers, requests and tasks have their turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

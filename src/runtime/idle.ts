import type { Clock } from '../clock.js'
import { nextTurn } from './clock.js'

/**
 * Knows when nothing is left to wait for. Told so, it looks again a turn later: who awaits a result may spawn what follows
 * from it, and whoever waits for idleness means that too.
 */
export class IdleGate {
  readonly #clock: Clock
  readonly #isIdle: () => boolean
  readonly #onIdle: () => void
  readonly #waiters = new Set<() => void>()
  #isBusy = false
  #isChecking = false

  constructor(clock: Clock, isIdle: () => boolean, onIdle: () => void) {
    this.#clock = clock
    this.#isIdle = isIdle
    this.#onIdle = onIdle
  }

  /** To be called when work has come. True where there was none. */
  busy(): boolean {
    const wasIdle = !this.#isBusy
    this.#isBusy = true
    return wasIdle
  }

  /** To be called when work has gone. */
  check(): void {
    if (this.#isChecking || !this.#isBusy || !this.#isIdle()) return
    this.#isChecking = true
    nextTurn(() => {
      this.#isChecking = false
      if (!this.#isIdle()) return
      this.#isBusy = false
      this.#onIdle()
      // Whoever heard of it may have spawned: then those who wait for idleness wait on.
      for (const waiter of [...this.#waiters]) {
        if (!this.#isIdle()) return
        this.#waiters.delete(waiter)
        waiter()
      }
    })
  }

  /** Resolves to true when idle, to false when that took longer. */
  wait(timeoutMs: number): Promise<boolean> {
    if (!this.#isBusy) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter = (): void => {
        cancelTimer()
        resolve(true)
      }
      const giveUp = (): void => {
        this.#waiters.delete(waiter)
        resolve(false)
      }
      const cancelTimer = timeoutMs === Infinity ? () => undefined : this.#clock.setTimer(timeoutMs, giveUp)
      this.#waiters.add(waiter)
    })
  }
}

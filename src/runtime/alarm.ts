import type { Clock } from '../clock.js'

/** One timer, which is for one thing at a time. */
export class Alarm {
  readonly #clock: Clock
  #dueMono = Infinity
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Replaces what it was set for. `Infinity` means never. */
  set(delayMs: number, ring: () => void): void {
    this.clear()
    if (delayMs === Infinity) return
    this.#dueMono = this.#clock.monotonic() + delayMs
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => {
      this.clear()
      ring()
    })
  }

  /** As `set`, but never puts off what it was set for. */
  bringForward(delayMs: number, ring: () => void): void {
    if (this.#clock.monotonic() + delayMs < this.#dueMono) this.set(delayMs, ring)
  }

  clear(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#dueMono = Infinity
  }
}

import type { Clock } from '../clock.js'

/** Calls back every so often while there is something to watch. */
export class Monitor {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onTick: () => void
  #isOn = false
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, intervalMs: number, onTick: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onTick = onTick
  }

  start(): void {
    if (this.#isOn || this.#intervalMs === Infinity) return
    this.#isOn = true
    this.#arm()
  }

  stop(): void {
    this.#isOn = false
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #arm(): void {
    // An interval of 0 is each turn, not none.
    this.#cancelTimer = this.#clock.setTimer(Math.max(1, this.#intervalMs), () => {
      this.#cancelTimer = null
      this.#onTick()
      // The tick may have stopped it, and may have started it anew.
      if (this.#isOn && this.#cancelTimer === null) this.#arm()
    })
  }
}

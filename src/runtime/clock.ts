import type { Clock } from '../clock.js'

// Taken at load: these are not about time, and must go on under a test's fake timers. The clock below is meant to be faked.
const { setInterval, clearInterval, setImmediate } = globalThis

// Above this Node fires after 1 ms, with a warning.
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    let timer: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, MAX_TIMEOUT_MS)
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs)
      timer.unref()
    }
    arm(Math.max(0, Math.ceil(delayMs)))
    return () => clearTimeout(timer)
  },
}

/** Calls back when everything now queued in this turn of the event loop, promise reactions included, has run. */
export function nextTurn(callback: () => void): void {
  setImmediate(callback)
}

/** Keeps the process alive between `hold` and `release`; both may be called any number of times. */
export class ProcessHold {
  #timer: NodeJS.Timeout | undefined

  hold(): void {
    this.#timer ??= setInterval(() => undefined, MAX_TIMEOUT_MS)
  }

  release(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** From 0 up to, but not including, 1. */
export const chance = (): number => Math.random()

/**
 * Where a supervisor takes its time from. The wall clock stamps records and may jump; durations, deadlines and timers
 * follow the monotonic one. `manualClock()` of `taskward/testing` is one that a test moves by hand.
 */
export interface Clock {
  /** Epoch milliseconds, whole. May go back when the machine's clock is set. */
  now(): number
  /** Milliseconds since some fixed instant; never goes back. */
  monotonic(): number
  /**
   * Calls back once, in a later turn, when `delayMs` have passed; any finite delay will do. Never keeps the process alive.
   * Returns what cancels it, which may be called at any time.
   */
  setTimer(delayMs: number, callback: () => void): () => void
}

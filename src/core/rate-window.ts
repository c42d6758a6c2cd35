/**
 * Allows so many starts in any window of so many milliseconds: a window that slides, not one that begins anew. Remembers one
 * instant for each start within it. Costs O(1), amortised.
 */
export class RateWindow {
  readonly limit: number
  readonly intervalMs: number
  #starts: number[] = []
  /** How many of them are out of the window. */
  #gone = 0

  constructor(limit: number, intervalMs: number) {
    this.limit = limit
    this.intervalMs = intervalMs
  }

  /** The instant from which on a start is allowed: `-Infinity` where it is now. Time does not run backwards. */
  opensAt(nowMono: number): number {
    this.#forget(nowMono)
    return this.#starts.length - this.#gone < this.limit ? -Infinity : this.#starts[this.#gone]! + this.intervalMs
  }

  take(nowMono: number): void {
    this.#forget(nowMono)
    if (this.limit !== Infinity) this.#starts.push(nowMono)
  }

  #forget(nowMono: number): void {
    while (this.#gone < this.#starts.length && this.#starts[this.#gone]! + this.intervalMs <= nowMono) this.#gone++
    if (this.#gone * 2 <= this.#starts.length) return
    this.#starts = this.#starts.slice(this.#gone)
    this.#gone = 0
  }
}

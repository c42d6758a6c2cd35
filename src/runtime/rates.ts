const WINDOW_S = 60

/** Counts what happened in each of the last sixty seconds, in constant space. */
export class Rate {
  readonly #counts = new Uint32Array(WINDOW_S)
  #second = 0

  add(nowMono: number): void {
    this.#forget(nowMono)
    this.#counts[this.#second % WINDOW_S]!++
  }

  /** The average a second over the last minute, or over the time since the start where that is less. */
  perSecond(nowMono: number, startedMono: number): number {
    this.#forget(nowMono)
    const seconds = Math.min(WINDOW_S, Math.max(1, (nowMono - startedMono) / 1_000))
    const total = this.#counts.reduce((sum, count) => sum + count, 0)
    return Math.round((total / seconds) * 1_000) / 1_000
  }

  #forget(nowMono: number): void {
    const second = Math.floor(nowMono / 1_000)
    if (second - this.#second >= WINDOW_S) this.#counts.fill(0)
    else for (let past = this.#second + 1; past <= second; past++) this.#counts[past % WINDOW_S] = 0
    this.#second = Math.max(this.#second, second)
  }
}

import type { Clock } from '../clock.js'

/**
 * For tasks that wait for the store (`durability: 'ahead'`, ids that only the store can tell from others'): lets each go on once
 * the store has answered, or has had its time. A store that fails stops nobody.
 */
export class StoreGate {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #onOverdue: () => void
  readonly #waiting = new Set<() => void>()
  /** Those of them who wait only for a store that works. */
  readonly #impatient = new Set<() => void>()
  #isDown = false
  readonly #emptied: (() => void)[] = []

  /** @param onOverdue called when somebody goes on without an answer */
  constructor(clock: Clock, timeoutMs: number, onOverdue: () => void) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#onOverdue = onOverdue
  }

  /** As `wait`, for as long as the store works: for one that fails nobody waits. */
  waitWhileUp(answer: Promise<boolean>, go: () => void): void {
    if (this.#isDown) go()
    else this.#impatient.add(this.wait(answer, go))
  }

  /** To be called when the store fails. */
  down(): void {
    this.#isDown = true
    for (const pass of [...this.#impatient]) pass()
  }

  /** To be called when it works again. */
  up(): void {
    this.#isDown = false
  }

  /** Gives what lets this one go on at once. */
  wait(answer: Promise<boolean>, go: () => void): () => void {
    const pass = (): void => {
      cancelTimer()
      this.#impatient.delete(pass)
      if (!this.#waiting.delete(pass)) return
      go()
      if (this.#waiting.size === 0) for (const tell of this.#emptied.splice(0)) tell()
    }
    const overdue = (): void => {
      this.#onOverdue()
      pass()
    }
    const cancelTimer = this.#timeoutMs === Infinity ? () => undefined : this.#clock.setTimer(this.#timeoutMs, overdue)
    this.#waiting.add(pass)
    void answer.then(pass)
    return pass
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Resolves to true when nobody waits, to false when that took longer. */
  empty(timeoutMs: number): Promise<boolean> {
    if (this.isEmpty) return Promise.resolve(true)
    return new Promise((resolve) => {
      const cancelTimer =
        timeoutMs === Infinity
          ? () => undefined
          : this.#clock.setTimer(timeoutMs, () => {
              resolve(false)
            })
      this.#emptied.push(() => {
        cancelTimer()
        resolve(true)
      })
    })
  }

  /** Lets all go on: there will be no answer. */
  open(): void {
    for (const pass of [...this.#waiting]) pass()
  }
}

import type { Clock } from '../clock.js'
import { IndexedHeap, type HeapEntry } from '../core/indexed-heap.js'

/** What can fall due. Holds at most one deadline at a time. */
export interface Deadline extends HeapEntry {
  /** Monotonic milliseconds; NaN once cleared. Written by {@link Deadlines} alone. */
  dueAt: number
  /** Who comes first among those due at one instant. */
  readonly order: number
}

/**
 * Any number of deadlines on one timer of the clock: a burst of a hundred thousand tasks arms one timer, not as many. The
 * timer is left armed when its deadline is taken back; it then fires once for nothing, which is cheaper than clearing and
 * setting it with each task.
 */
export class Deadlines<T extends Deadline> {
  readonly #heap = new IndexedHeap<T>((a, b) => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order))
  readonly #clock: Clock
  readonly #onDue: (entry: T) => void
  #armedFor = Infinity
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, onDue: (entry: T) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Replaces the entry's deadline, in monotonic milliseconds. `Infinity` means none. */
  set(entry: T, dueAt: number): void {
    this.clear(entry)
    if (dueAt === Infinity) return
    entry.dueAt = dueAt
    this.#heap.add(entry)
    if (entry.dueAt < this.#armedFor) this.#arm(entry.dueAt)
  }

  clear(entry: T): void {
    this.#heap.remove(entry)
    entry.dueAt = NaN
  }

  /** Gives the timer back when nothing is due any more. */
  rest(): void {
    if (this.#heap.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedFor = Infinity
  }

  #arm(dueAt: number): void {
    this.#cancelTimer?.()
    this.#armedFor = dueAt
    this.#cancelTimer = this.#clock.setTimer(dueAt - this.#clock.monotonic(), () => this.#fire())
  }

  #fire(): void {
    this.#armedFor = Infinity
    this.#cancelTimer = undefined
    const now = this.#clock.monotonic()
    // Taken out before any is called: what a call sets anew, be it for this instant, waits for the next turn.
    const due: { entry: T; dueAt: number }[] = []
    for (let entry = this.#heap.first; entry !== undefined && entry.dueAt <= now; entry = this.#heap.first) {
      this.#heap.remove(entry)
      due.push({ entry, dueAt: entry.dueAt })
    }
    for (const { entry, dueAt } of due) {
      // A call before may have cleared it (NaN) or set it anew (in the heap again).
      if (entry.dueAt === dueAt && entry.heapIndex === -1) this.#onDue(entry)
    }
    const next = this.#heap.first
    if (next !== undefined && next.dueAt < this.#armedFor) this.#arm(next.dueAt)
  }
}

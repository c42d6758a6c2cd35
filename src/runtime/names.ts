import { Histogram } from '../core/histogram.js'
import type { TaskStatus } from '../core/record.js'
import type { NameStatus } from '../status.js'

/** How many names are told apart; the rest share {@link OTHER}. */
export const MAX_NAMES = 200
export const OTHER = '(other)'

/** What is counted of the tasks of one name. */
export class NameTally {
  readonly counts: Record<TaskStatus, number> = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
  readonly runMs = new Histogram()
}

/** The tallies by name, in bounded space whatever names are used. */
export class Names {
  readonly #tallies = new Map<string, NameTally>()
  /** The one asked for last: tasks of one name tend to come together. */
  #last: { readonly name: string; readonly tally: NameTally } | null = null

  /** The name's own tally, or that of the rest. A task keeps the one it was given. */
  tallyOf(name: string): NameTally {
    if (this.#last?.name === name) return this.#last.tally
    const tally = this.#tallies.get(name) ?? this.#tallyOfNew(name)
    this.#last = { name, tally }
    return tally
  }

  #tallyOfNew(name: string): NameTally {
    const key = this.#tallies.size < MAX_NAMES ? name : OTHER
    let tally = this.#tallies.get(key)
    if (tally === undefined) this.#tallies.set(key, (tally = new NameTally()))
    return tally
  }

  status(): Record<string, NameStatus> {
    // fromEntries defines its keys, so that a task named '__proto__' is one like any other.
    return Object.fromEntries(
      [...this.#tallies].map(([name, { counts, runMs }]) => [name, { ...counts, runMs: runMs.percentiles() }]),
    )
  }
}

import type { CommitAnswer, TaskChange } from '../store.js'
import type { GuardedStore } from './guarded-store.js'

const MAX_BATCH = 1_000
/** How many commits may fail, while halving looks for the change that makes them: each may take its time. */
const MAX_FAILURES = 12

export interface Failure {
  readonly thrown: unknown
}

/** Commits that nobody can repeat: what fails is halved, so that one change cannot take the others with it. */
export class LastCommits {
  readonly #store: GuardedStore
  #failures = 0
  failure: Failure | null = null

  constructor(store: GuardedStore) {
    this.#store = store
  }

  /** Gives those that are in the store now. */
  all(changes: readonly TaskChange[]): Set<TaskChange> {
    const applied = new Set<TaskChange>()
    for (let start = 0; start < changes.length; start += MAX_BATCH) {
      this.#commit(changes.slice(start, start + MAX_BATCH), applied)
    }
    return applied
  }

  #commit(changes: readonly TaskChange[], applied: Set<TaskChange>): void {
    if (this.#failures >= MAX_FAILURES) return
    let answers: CommitAnswer[]
    try {
      answers = this.#store.commitSync(changes)
    } catch (thrown) {
      this.#failures++
      this.failure = { thrown }
      if (changes.length === 1) return
      const half = Math.ceil(changes.length / 2)
      this.#commit(changes.slice(0, half), applied)
      this.#commit(changes.slice(half), applied)
      return
    }
    for (const [index, change] of changes.entries()) if (answers[index] === 'applied') applied.add(change)
  }
}

import type { Clock } from '../clock.js'
import type { ArchivedTask } from '../store.js'
import type { GuardedStore } from './guarded-store.js'

/** How long finished tasks are kept, and how many; looked at every `interval` milliseconds and as they come in. */
export interface RetentionPolicy {
  maxAge: number
  maxTasks: number
  interval: number
  /** Is given, and awaited, what is about to go. */
  archive?: ((tasks: ArchivedTask[]) => unknown) | undefined
}

const STEP = 1_000

/** Removes what is no longer to be kept, in bounded steps. */
export class Retention {
  readonly #store: GuardedStore
  readonly #clock: Clock
  readonly #policy: RetentionPolicy
  readonly #onFailed: (thrown: unknown) => void
  /** Finished tasks in the store, as far as this process knows; null before it has asked. */
  #finished: number | null = null
  #sinceCount = 0
  #isPruning = false
  #isWanted = false
  #hasFailed = false
  #cancelTimer: (() => void) | null = null

  constructor(store: GuardedStore, clock: Clock, policy: RetentionPolicy, onFailed: (thrown: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#policy = policy
    this.#onFailed = onFailed
  }

  /** So many tasks that have ended are newly in the store. */
  recorded(finished: number): void {
    this.#sinceCount += finished
    if (this.#finished !== null) this.#finished += finished
    if (this.#finished === null || this.#finished > this.#policy.maxTasks) void this.#prune()
    this.#arm()
  }

  /** The store is open, with what was there before. */
  opened(): void {
    void this.#prune()
    this.#arm()
  }

  /** Removes, by hand, what this policy or else the usual one lets go. Rejects where the store or the archive does. */
  async prune({ maxAge = this.#policy.maxAge, maxTasks = this.#policy.maxTasks }): Promise<number> {
    let removed = 0
    for (;;) {
      const step = await this.#removeStep(maxAge, maxTasks)
      removed += step
      if (step < STEP) return removed
    }
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #arm(): void {
    if (this.#cancelTimer || this.#policy.interval === Infinity) return
    this.#cancelTimer = this.#clock.setTimer(Math.max(1, this.#policy.interval), () => {
      this.#cancelTimer = null
      // Others that share the store add to it and remove from it.
      if (this.#store.capabilities.shared) this.#finished = null
      void this.#prune()
      // With nothing left to grow old, the next record arms the timer again.
      if (this.#finished !== 0) this.#arm()
    })
  }

  async #prune(): Promise<void> {
    this.#isWanted = true
    if (this.#isPruning) return
    this.#isPruning = true
    try {
      while (this.#isWanted) {
        this.#isWanted = false
        await this.#removeSteps(this.#finished ?? (await this.#count()))
      }
      this.#hasFailed = false
    } catch (thrown) {
      // Once an outage, not once a batch.
      if (!this.#hasFailed) this.#onFailed(thrown)
      this.#hasFailed = true
    } finally {
      this.#isPruning = false
    }
  }

  async #count(): Promise<number> {
    this.#sinceCount = 0
    const { completed, failed, cancelled } = await this.#store.counts()
    // What came meanwhile may be counted twice: then the store is asked once more than needed, and removes nothing.
    this.#finished = completed + failed + cancelled + this.#sinceCount
    return this.#finished
  }

  async #removeSteps(finished: number): Promise<void> {
    const { maxAge, maxTasks } = this.#policy
    // No more steps than there can be tasks: a store that cannot count must not keep the thread.
    for (let left = Math.max(1, finished); left > 0; left -= STEP) {
      if ((await this.#removeStep(maxAge, maxTasks)) < STEP) break
    }
  }

  async #removeStep(maxAge: number, maxTasks: number): Promise<number> {
    const { archive } = this.#policy
    const removed = await this.#store.prune({
      finishedBefore: this.#clock.now() - maxAge,
      maxTasks,
      limit: STEP,
      archive:
        archive &&
        (async (tasks) => {
          await archive(tasks)
        }),
    })
    if (this.#finished !== null) this.#finished = Math.max(0, this.#finished - removed)
    return removed
  }
}

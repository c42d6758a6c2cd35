import type { Clock } from '../clock.js'
import type { CommitAnswer, TaskChange } from '../store.js'
import { chance, nextTurn, type ProcessHold } from './clock.js'
import type { GuardedStore } from './guarded-store.js'
import type { LiveTask } from './live-task.js'

export const MAX_BATCH = 1_000
const FIRST_RETRY_MS = 100
const MOST_RETRY_MS = 30_000
/** For how long a store that fails keeps the process alive, so that a short outage at its end costs no record. */
const HELD_MS = 5_000
/** How often a change may fail alone, with others written in between, before it is given up. */
const MOST_STRIKES = 3

export interface Sent {
  readonly task: LiveTask
  readonly change: TaskChange
}

export interface DeliveryEvents {
  /** What there is to send, at most so many; nothing of a task of which something is under way. */
  take(most: number): Sent[]
  answered(sent: readonly Sent[], answers: readonly CommitAnswer[]): void
  /** The store takes others, but not this one. */
  refused(sent: Sent, thrown: unknown): void
  failed(thrown: unknown): void
}

interface Suspect extends Sent {
  strikes: number
  /** How many commits had succeeded when it failed last. */
  successes: number
}

/**
 * Brings changes to the store, one commit at a time, and again until the store answers: with backoff and jitter, so that
 * processes that lost the same store do not come back in step. A commit that failed may have been applied, so it is sent
 * again as it was, before anything that has happened to its tasks since. Where one change of a batch makes it fail, halving
 * finds it; it is then tried alone, and holds up nobody.
 */
export class Delivery {
  readonly #store: GuardedStore
  readonly #clock: Clock
  readonly #events: DeliveryEvents
  readonly #chance: () => number
  readonly #hold: ProcessHold | null
  #unanswered: Sent[] = []
  readonly #suspects: Suspect[] = []
  /** Whether a suspect was tried last: then it is the others' turn. */
  #hasTriedSuspect = false
  #most = MAX_BATCH
  #failures = 0
  #failingSinceMono = NaN
  #successes = 0
  #retryMs = FIRST_RETRY_MS
  #retryAtMono = -Infinity
  #commit: Promise<void> | null = null
  #isSlow = false

  /** @param hold keeps the process alive while a commit is under way, or is to be tried again soon */
  constructor(
    store: GuardedStore,
    clock: Clock,
    events: DeliveryEvents,
    { random = chance, hold = null }: { random?: () => number; hold?: ProcessHold | null } = {},
  ) {
    this.#store = store
    this.#clock = clock
    this.#events = events
    this.#chance = random
    this.#hold = hold
  }

  get size(): number {
    return this.#unanswered.length + this.#suspects.length
  }

  get isUnderWay(): boolean {
    return this.#commit !== null
  }

  /** Whether the commit under way has taken more than a turn. */
  get isSlow(): boolean {
    return this.#isSlow
  }

  /** Milliseconds until the next try after a failure. */
  get retryInMs(): number {
    return Math.max(0, this.#retryAtMono - this.#clock.monotonic())
  }

  /** Whether a change of this task has been sent and not been answered. */
  holds(task: LiveTask): boolean {
    const isOfTask = (sent: Sent): boolean => sent.task === task
    return this.#unanswered.some(isOfTask) || this.#suspects.some(isOfTask)
  }

  /** What has been sent, and may or may not have been written. */
  get unanswered(): readonly Sent[] {
    return [...this.#unanswered, ...this.#suspects]
  }

  /** One commit, or the one under way. Never rejects. */
  send(): Promise<void> {
    if (this.#commit) return this.#commit
    this.#hold?.hold()
    const commit = this.#send().finally(() => {
      this.#commit = null
      this.#isSlow = false
      if (!this.#isTriedSoon) this.#hold?.release()
    })
    this.#commit = commit
    nextTurn(() => {
      if (this.#commit === commit) this.#isSlow = true
    })
    return commit
  }

  /** Gives up the oldest outcome that waits for an answer; not while a commit is under way, as it may yet be written. */
  shed(): Sent | undefined {
    if (this.#commit) return undefined
    for (const sent of [this.#suspects, this.#unanswered]) {
      const oldest = sent.findIndex(({ task }) => task.isSettled)
      if (oldest !== -1) return sent.splice(oldest, 1)[0]
    }
    return undefined
  }

  /** Something waits for another try, and the store has not failed for long. */
  get #isTriedSoon(): boolean {
    return this.size > 0 && this.#clock.monotonic() - this.#failingSinceMono < HELD_MS
  }

  /** Gives up all of it. */
  abandon(): Sent[] {
    if (!this.#commit) this.#hold?.release()
    return [...this.#unanswered.splice(0), ...this.#suspects.splice(0)]
  }

  async #send(): Promise<void> {
    const batch = this.#next()
    if (batch.length === 0) return
    try {
      const answers = await this.#store.commit(batch.map(({ change }) => change))
      this.#succeeded(batch, answers)
    } catch (thrown) {
      this.#failed(batch, thrown)
    }
  }

  #next(): readonly Sent[] {
    const suspect = this.#suspects[0]
    if (this.#unanswered.length === 0 && suspect && !this.#hasTriedSuspect) return [suspect]
    if (this.#unanswered.length === 0) this.#unanswered = this.#events.take(MAX_BATCH)
    if (this.#unanswered.length > 0) return this.#unanswered.slice(0, this.#most)
    return suspect ? [suspect] : []
  }

  #succeeded(batch: readonly Sent[], answers: readonly CommitAnswer[]): void {
    // Given up meanwhile: nobody waits for the answer any more.
    if (this.size === 0) return
    this.#hasTriedSuspect = batch[0] === this.#suspects[0]
    if (this.#hasTriedSuspect) this.#suspects.shift()
    else this.#unanswered.splice(0, batch.length)
    this.#successes++
    this.#failures = 0
    this.#failingSinceMono = NaN
    this.#most = Math.min(MAX_BATCH, this.#most * 2)
    this.#retryMs = FIRST_RETRY_MS
    this.#retryAtMono = -Infinity
    this.#events.answered(batch, answers)
  }

  #failed(batch: readonly Sent[], thrown: unknown): void {
    if (this.size === 0) return
    const suspect = this.#suspects[0]
    this.#hasTriedSuspect = batch[0] === suspect
    if (suspect && this.#hasTriedSuspect) {
      this.#suspects.shift()
      if (this.#isStruck(suspect)) {
        this.#events.refused(suspect, thrown)
        return
      }
      this.#suspects.push(suspect)
    } else if (batch.length === 1) {
      this.#unanswered.shift()
      this.#suspects.push({ ...batch[0]!, strikes: 0, successes: this.#successes })
    }
    this.#backOff(batch.length)
    this.#events.failed(thrown)
  }

  /** A failure counts against a change only where another commit has succeeded since: else the store is down. */
  #isStruck(suspect: Suspect): boolean {
    if (this.#successes > suspect.successes) suspect.strikes++
    suspect.successes = this.#successes
    return suspect.strikes >= MOST_STRIKES
  }

  #backOff(size: number): void {
    this.#failures++
    if (Number.isNaN(this.#failingSinceMono)) this.#failingSinceMono = this.#clock.monotonic()
    const delayMs = this.#retryMs
    // A smaller batch is another question, so it is asked without waiting longer.
    if (this.#failures > 1 && size > 1) this.#most = Math.ceil(size / 2)
    else this.#retryMs = Math.min(MOST_RETRY_MS, delayMs * 2)
    this.#retryAtMono = this.#clock.monotonic() + delayMs * (1 - this.#chance() / 2)
  }
}

import { retryDelay } from '../core/retry.js'
import type { Announcer } from './announcer.js'
import { chance } from './clock.js'
import type { LiveTask } from './live-task.js'
import { isThenable, silence } from './thenable.js'

/** Decides whether a failed attempt is followed by another, and when. */
export class Retries {
  /** Whether no attempt follows any more, as nothing new begins while the supervisor aborts what is left. */
  areOver = false
  readonly #announcer: Announcer
  readonly #chance: () => number

  constructor(announcer: Announcer, random: () => number = chance) {
    this.#announcer = announcer
    this.#chance = random
  }

  /** Milliseconds until the next attempt; null for none. Calls code of the user's, which may call back in. */
  delayAfter(task: LiveTask, thrown: unknown): number | null {
    const policy = task.settings.retry
    if (policy === null || this.areOver || task.attempt >= policy.attempts) return null
    if (policy.when !== null && !this.#isWanted(policy.when, thrown, task.attempt)) return null
    return retryDelay(policy, task.attempt, this.#chance())
  }

  #isWanted(when: (error: unknown, attempt: number) => unknown, thrown: unknown, attempt: number): boolean {
    try {
      const answer = when(thrown, attempt)
      if (!isThenable(answer)) return Boolean(answer)
      // A promise is truthy, whatever it comes to: taken as an answer it would mean yes, for ever.
      silence(answer)
      this.#announcer.hookFailed('retry.when', new TypeError('retry.when answers at once, not with a promise'))
    } catch (failure) {
      this.#announcer.hookFailed('retry.when', failure)
    }
    return false
  }
}

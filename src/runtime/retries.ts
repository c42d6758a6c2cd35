import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskError, TaskOutcome } from '../core/record.js'
import { retryDelay } from '../core/retry.js'
import type { Announcer } from './announcer.js'
import { chance } from './clock.js'
import type { Deadlines } from './deadlines.js'
import type { Ledger } from './ledger.js'
import type { LiveTask, TaskRun } from './live-task.js'
import type { Outcomes } from './outcomes.js'
import type { ProgressReports } from './progress-reports.js'
import * as reasons from './reasons.js'
import { isThenable, silence } from './thenable.js'

/** An attempt that has failed. */
export interface FailedAttempt {
  readonly error: TaskError
  readonly reason: unknown
  /** Whether a limit of time has ended it. */
  readonly isOverdue?: boolean
}

export interface RetryParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly announcer: Announcer
  readonly progress: ProgressReports
  readonly outcomes: Outcomes
  readonly deadlines: Deadlines<LiveTask | TaskRun>
  /** Gives the slot of an attempt back, or tells its function to stop where it still runs. */
  readonly leaveSlot: (run: TaskRun, outcome: TaskOutcome<unknown>) => void
  /** Ends a task that has no time for another attempt. */
  readonly fail: (task: LiveTask, error: TaskwardError) => boolean
  readonly afterStep: () => void
}

/** Decides whether a failed attempt is followed by another, and when. */
export class Retries {
  /** Whether no attempt follows any more, as nothing new begins while the supervisor aborts what is left. */
  areOver = false
  readonly #parts: RetryParts
  readonly #chance: () => number

  constructor(parts: RetryParts, random: () => number = chance) {
    this.#parts = parts
    this.#chance = random
  }

  /** Lets another attempt follow. False where that was the last. */
  follow(task: LiveTask, { error, reason, isOverdue = false }: FailedAttempt): boolean {
    const { announcer, clock, deadlines, ledger, leaveSlot, outcomes, progress } = this.#parts
    const delayMs = this.#delayAfter(task, reason)
    if (delayMs === null) return false
    progress.finish(task)
    if (task.isSettled) return false
    if (clock.monotonic() + delayMs >= task.deadlineMono) {
      return this.#parts.fail(task, reasons.pastDeadline(task, reason))
    }
    const run = task.run!
    if (isOverdue) ledger.count(task, 'timedOut')
    outcomes.retry(task, error, delayMs)
    deadlines.set(task, task.dueMono)
    leaveSlot(run, { status: 'failed', error, reason })
    // Whoever heard that it stops, or has its slot already, may have ended it.
    if (!task.isSettled) announcer.task('task:retrying', task, { error, delay: delayMs })
    this.#parts.afterStep()
    return true
  }

  /** Milliseconds until the next attempt; null for none. Calls code of the user's, which may call back in. */
  #delayAfter(task: LiveTask, thrown: unknown): number | null {
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
      this.#parts.announcer.hookFailed('retry.when', new TypeError('retry.when answers at once, not with a promise'))
    } catch (failure) {
      this.#parts.announcer.hookFailed('retry.when', failure)
    }
    return false
  }
}

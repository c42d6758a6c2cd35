import type { Clock } from '../clock.js'
import { fingerprint } from '../core/fingerprint.js'
import type { TaskError, TaskErrorRecord, TaskOutcome } from '../core/record.js'
import type { Announcer } from './announcer.js'
import type { Settlement } from './attempt.js'
import type { Ledger } from './ledger.js'
import type { LiveTask } from './live-task.js'
import type { Recorder } from './recorder.js'
import type { Sanitizer } from './sanitizer.js'
import type { StoreGate } from './store-gate.js'
import { silence } from './thenable.js'

export interface OutcomeParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly recorder: Recorder
  readonly announcer: Announcer
  readonly sanitizer: Sanitizer
  /** What waits for the store; null where that dies with the process. */
  readonly gate: StoreGate | null
  readonly makeId: (nowMs: number) => string
}

/** How a task ends: the one place where it gets its outcome, and the one where that is told. */
export class Outcomes {
  readonly #parts: OutcomeParts

  constructor(parts: OutcomeParts) {
    this.#parts = parts
  }

  of(settlement: Settlement): TaskOutcome<unknown> {
    if (settlement.isFulfilled) return { status: 'completed', value: settlement.value }
    silence(settlement.reason)
    return { status: 'failed', error: this.#parts.sanitizer.error(settlement.reason), reason: settlement.reason }
  }

  /** Decides, once. Gives the failure's record, if it is one. */
  decide(task: LiveTask, outcome: TaskOutcome<unknown>): TaskErrorRecord | null {
    const { clock, ledger, recorder } = this.#parts
    const now = clock.now()
    const note = outcome.status === 'completed' && task.settings.keepResult ? this.#keep(task, outcome.value) : null
    task.end(outcome, now, clock.monotonic(), note)
    ledger.ended(task)
    const failure = outcome.status === 'failed' ? this.#failureOf(task, outcome.error, now) : null
    recorder.changed(task)
    return failure
  }

  /** Keeps the result, or gives what is to be said of why it is not kept. */
  #keep(task: LiveTask, value: unknown): string | null {
    const { value: result, fault } = this.#parts.sanitizer.result(value)
    task.result = result
    return fault === null ? null : `the result is not kept: ${fault}`
  }

  /** The attempt has failed, and another follows in so many milliseconds. */
  retry(task: LiveTask, error: TaskError, delayMs: number): void {
    const { clock, ledger, recorder } = this.#parts
    const now = clock.now()
    const nowMono = clock.monotonic()
    task.retry(error, now + delayMs, now, nowMono)
    task.dueMono = nowMono + delayMs
    task.isPauseOver = false
    ledger.retried(task)
    this.#failureOf(task, error, now)
    recorder.changed(task)
  }

  /** Tells all who want to know. */
  tell(task: LiveTask, failure: TaskErrorRecord | null): void {
    const { announcer, gate } = this.#parts
    const tell = (): void => {
      task.tellSettled()
      announcer.settled(task, failure)
    }
    if (gate && task.isAhead && task.isTracked) gate.wait(task.persisted.promise, tell)
    else tell()
  }

  #failureOf(task: LiveTask, error: TaskError, at: number): TaskErrorRecord {
    const { id: taskId, attempt } = task
    const { name: taskName, owner } = task.settings
    const id = this.#parts.makeId(at)
    const failure = Object.freeze({
      ...{ id, taskId, taskName, owner, attempt, at },
      ...{ fingerprint: fingerprint(error), error },
    })
    task.fail(failure)
    if (!task.isTracked) this.#parts.recorder.keepRefused(failure)
    this.#parts.ledger.failed(task, failure)
    return failure
  }
}

import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskError } from '../core/record.js'
import type { Announcer } from './announcer.js'
import type { Settlement } from './attempt.js'
import type { Deadlines } from './deadlines.js'
import type { Ledger } from './ledger.js'
import type { LiveTask, TaskRun } from './live-task.js'
import type { Recorder } from './recorder.js'
import type { Sanitizer } from './sanitizer.js'

export interface StragglerParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly recorder: Recorder
  readonly announcer: Announcer
  readonly sanitizer: Sanitizer
  readonly deadlines: Deadlines<LiveTask | TaskRun>
  /** Gives the run's slot back. */
  readonly release: (run: TaskRun) => void
}

/**
 * Functions that run on although their attempt has its outcome. Each keeps its slot until it has really stopped or its grace
 * is over: only so is a cap a cap. What they come to then changes nothing.
 */
export class Stragglers {
  readonly #parts: StragglerParts
  /** Replaces the tasks' own grace once `close` aborts what is left. */
  #closingGraceMs: number | null = null

  constructor(parts: StragglerParts) {
    this.#parts = parts
  }

  /** Tells the run to stop. It may have stopped when this returns. */
  tell(run: TaskRun, error: TaskwardError, taskError: TaskError): void {
    const { announcer, deadlines } = this.#parts
    run.stopReason = error
    deadlines.set(run, run.endedMono + (this.#closingGraceMs ?? run.task.settings.graceMs))
    run.controller?.abort(error)
    if (run.isActive) announcer.task('task:stopping', run.task, { error: taskError })
  }

  /** What was told to stop has stopped, or something has settled twice. */
  settled(run: TaskRun, settlement: Settlement): void {
    const { announcer, clock, deadlines, ledger, recorder, sanitizer } = this.#parts
    const { task } = run
    const wasActive = run.isActive
    const hasObeyed = wasActive && !settlement.isFulfilled && settlement.reason === run.stopReason
    if (wasActive) {
      run.isActive = false
      deadlines.clear(run)
      ledger.stopped(run)
      if (!run.isAbandoned) {
        task.stop()
        recorder.changed(task)
      }
    }
    this.#parts.release(run)
    if (hasObeyed) return
    ledger.totals.late++
    const lateBy = Math.max(0, Math.floor(clock.monotonic() - run.endedMono))
    const error = settlement.isFulfilled ? null : sanitizer.error(settlement.reason)
    announcer.task('task:late', task, { lateBy, error })
  }

  /** Its grace is over: nothing waits for it any more. */
  abandon(run: TaskRun): void {
    const { announcer, ledger, recorder } = this.#parts
    run.isAbandoned = true
    run.task.abandon()
    ledger.wasAbandoned(run)
    this.#parts.release(run)
    recorder.changed(run.task)
    announcer.task('task:abandoned', run.task, {})
  }

  /** Gives all, from now on, this grace in place of their own. */
  limit(graceMs: number): void {
    const { clock, deadlines, ledger } = this.#parts
    this.#closingGraceMs = graceMs
    for (const run of [...ledger.stopping]) deadlines.set(run, clock.monotonic() + graceMs)
  }
}

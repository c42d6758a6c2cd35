import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskError } from '../core/record.js'
import type { Announcer } from './announcer.js'
import type { Settlement } from './attempt.js'
import type { Deadlines } from './deadlines.js'
import type { Ledger } from './ledger.js'
import type { LiveTask, TaskRun, TaskScopeNode } from './live-task.js'
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
    deadlines.set(run, run.endedMono + this.#graceOf(run.task))
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
    ledger.count(task, 'late')
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

  /** Gives all, from now on, this grace in place of their own; or all in a scope. One close keeps to its time, whatever another gives. */
  limit(graceMs: number, scope: TaskScopeNode | null): void {
    const { clock, deadlines, ledger } = this.#parts
    const endsAt = clock.monotonic() + graceMs
    const stopping = [...(scope?.straggling() ?? ledger.stopping)].filter((run) => !run.isAbandoned)
    for (const run of stopping) {
      const isLimited = this.#closingGraceOf(run.task) !== null && !Number.isNaN(run.dueAt)
      deadlines.set(run, isLimited ? Math.min(run.dueAt, endsAt) : endsAt)
    }
    if (scope) scope.closingGraceMs = graceMs
    else this.#closingGraceMs = graceMs
  }

  /** The shortest of those that closes give. */
  #closingGraceOf({ scope }: LiveTask): number | null {
    let least = this.#closingGraceMs
    for (let each = scope; each !== null; each = each.parent) {
      if (each.closingGraceMs !== null) least = Math.min(least ?? Infinity, each.closingGraceMs)
    }
    return least
  }

  #graceOf(task: LiveTask): number {
    return this.#closingGraceOf(task) ?? task.settings.graceMs
  }
}

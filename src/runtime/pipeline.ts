import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskErrorRecord, TaskOutcome } from '../core/record.js'
import type { TaskFunction } from '../work.js'
import type { Announcer } from './announcer.js'
import { observe, runAttempt, type Settlement } from './attempt.js'
import { captureContext } from './context.js'
import { Deadlines } from './deadlines.js'
import { Dispatcher, type DispatcherOptions } from './dispatcher.js'
import type { Ledger } from './ledger.js'
import type { LiveTask } from './live-task.js'
import { Outcomes, type OutcomeParts } from './outcomes.js'
import * as reasons from './reasons.js'
import type { Recorder } from './recorder.js'
import type { Sanitizer } from './sanitizer.js'
import type { StoreGate } from './store-gate.js'
import { silence } from './thenable.js'

export interface PipelineParts extends OutcomeParts {
  /** Called after each step that may have been the last. */
  readonly onStep: () => void
}

/** How a task comes in. */
export interface Entry {
  /** Why it may not enter, if it may not. */
  readonly refusal: TaskwardError | null
  /** Whether its caller's signal had aborted before it came. */
  readonly hasAborted: boolean
  readonly abortReason: unknown
}

/**
 * Everything that happens to a task, in order:
 *
 *     spawn -> admit -> (wait) -> start -> settle
 *                                   \-> stop -> settle late | abandon
 *
 * Each step changes the state whole before anybody hears of it, since those who hear may call back in.
 */
export class Pipeline {
  readonly dispatcher: Dispatcher
  readonly #options: DispatcherOptions
  readonly #clock: Clock
  readonly #ledger: Ledger
  readonly #recorder: Recorder
  readonly #announcer: Announcer
  readonly #sanitizer: Sanitizer
  readonly #gate: StoreGate | null
  readonly #outcomes: Outcomes
  readonly #onStep: () => void
  readonly #deadlines: Deadlines<LiveTask>
  /** Replaces the tasks' own grace once `close` aborts what is left. */
  #closingGraceMs: number | null = null

  constructor(options: DispatcherOptions, parts: PipelineParts) {
    const { clock, announcer } = parts
    this.#options = options
    this.#clock = clock
    this.#ledger = parts.ledger
    this.#recorder = parts.recorder
    this.#announcer = announcer
    this.#sanitizer = parts.sanitizer
    this.#gate = parts.gate
    this.#outcomes = new Outcomes(parts)
    this.#onStep = parts.onStep
    this.#deadlines = new Deadlines(clock, (task) => {
      this.#fallDue(task)
    })
    this.dispatcher = new Dispatcher(
      options,
      (task) => {
        this.#start(task)
      },
      (reason) => {
        announcer.saturated(reason, this.dispatcher.slots.held, this.dispatcher.waiting)
      },
    )
  }

  spawn(task: LiveTask, work: TaskFunction<unknown> | PromiseLike<unknown>, { refusal, ...caller }: Entry): void {
    this.#ledger.spawned(task)
    if (refusal?.code === 'TASK_DUPLICATE') this.#recorder.refuse(task)
    else this.#recorder.track(task)
    this.#announcer.task('task:spawned', task, {})
    if (refusal) this.#refuse(task, refusal)
    else if (caller.hasAborted) this.cancel(task, caller.abortReason)

    if (typeof work !== 'function') this.#adopt(task, work)
    else if (!task.isSettled) this.#admit(task, work)
  }

  #admit(task: LiveTask, fn: TaskFunction<unknown>): void {
    task.fn = fn
    this.#deadlines.set(task, task.createdMono, task.settings.queueTimeoutMs)
    if (!this.#gate || !task.isTracked || !(task.isAhead || task.isUnsureOfId)) {
      this.#enter(task)
      return
    }
    // The turn in which it goes on will not be that of its spawn.
    task.context = captureContext(this.#options.context)
    this.#gate.wait(task.accepted.promise, () => {
      if (task.isSettled) return
      if (task.isDuplicate) this.#refuse(task, reasons.duplicate(task))
      else this.#enter(task)
      this.#afterStep()
    })
  }

  #enter(task: LiveTask): void {
    const admission = this.dispatcher.offer(task)
    if (admission === 'start' || admission === 'wait') return
    const { queueLimit } = this.#options
    if (admission === 'reject') this.#refuse(task, reasons.queueFull(task, queueLimit))
    else if (admission === 'drop') this.#refuse(task, reasons.dropped(task, queueLimit))
    else {
      const victim = this.dispatcher.leastUrgent!
      this.dispatcher.wait(task)
      this.#refuse(victim, reasons.dropped(victim, queueLimit))
    }
    this.dispatcher.overflowed()
  }

  /** What has been started already runs whatever the caps say, so it takes no slot and does not wait. */
  #adopt(task: LiveTask, work: PromiseLike<unknown>): void {
    if (!task.isSettled) this.#begin(task)
    task.isActive = !task.isSettled
    observe(task, work, this.#onSettled)
  }

  /** The task has its slot; returns when its function has, be it with a promise. */
  #start(task: LiveTask): void {
    this.#begin(task)
    // A listener of its start may have cancelled it.
    if (task.isSettled) return
    task.isActive = true
    runAttempt(task, this.#callAbortListener, this.#onSettled)
  }

  #begin(task: LiveTask): void {
    task.begin(this.#clock.now(), this.#clock.monotonic())
    this.#ledger.started(task)
    this.#deadlines.set(task, task.startedMono, task.settings.timeoutMs)
    this.#recorder.changed(task)
    this.#announcer.task('task:started', task, {})
  }

  /** The function, or the promise handed over, has really settled. */
  readonly #onSettled = (task: LiveTask, settlement: Settlement): void => {
    if (task.isSettled) {
      this.#settleLate(task, settlement)
      return
    }
    task.isActive = false
    const failure = this.#decide(task, this.#outcomes.of(settlement))
    this.dispatcher.release(task)
    this.#outcomes.tell(task, failure)
    this.#afterStep()
  }

  /** What was told to stop has stopped, or something has settled twice. The outcome stands. */
  #settleLate(task: LiveTask, settlement: Settlement): void {
    const hasObeyed = task.isActive && !settlement.isFulfilled && settlement.reason === task.stopReason
    if (task.isActive) {
      task.isActive = false
      this.#deadlines.clear(task)
      this.#ledger.stopped(task)
      this.dispatcher.release(task)
      if (!task.abandoned) {
        task.stop()
        this.#recorder.changed(task)
      }
    }
    if (!hasObeyed) {
      this.#ledger.totals.late++
      const lateBy = Math.max(0, Math.floor(this.#clock.monotonic() - task.finishedMono))
      const error = settlement.isFulfilled ? null : this.#sanitizer.error(settlement.reason)
      this.#announcer.task('task:late', task, { lateBy, error })
    }
    this.#afterStep()
  }

  /** Puts a waiting task behind those of that priority; false when it does not wait. */
  setPriority(task: LiveTask, priority: number): boolean {
    if (!this.dispatcher.setPriority(task, priority)) return false
    this.#recorder.changed(task)
    return true
  }

  /** Tells the task to stop; false when it has its outcome already. */
  cancel(task: LiveTask, reason: unknown): boolean {
    silence(reason)
    return !task.isSettled && this.#stop(task, reasons.cancelled(task, reason), 'cancelled')
  }

  /**
   * Decides the outcome at once. A running function is told, and keeps its slot until it has really stopped or its grace is
   * over: only so is a cap a cap.
   */
  #stop(task: LiveTask, error: TaskwardError, status: 'failed' | 'cancelled'): boolean {
    if (task.isSettled) return false
    task.stopReason = error
    const taskError = this.#sanitizer.error(error)
    const failure = this.#decide(task, { status, error: taskError, reason: error })
    if (task.isActive) {
      this.#deadlines.set(task, task.finishedMono, this.#closingGraceMs ?? task.settings.graceMs)
      task.controller?.abort(error)
      // It may have stopped within the abort.
      if (task.isActive) this.#announcer.task('task:stopping', task, { error: taskError })
    } else this.dispatcher.release(task)
    this.#outcomes.tell(task, failure)
    this.#afterStep()
    return true
  }

  /** Ends a task that has not run, and counts it. */
  #refuse(task: LiveTask, error: TaskwardError): void {
    if (task.isSettled) return
    this.#ledger.totals.rejected++
    const isDropped = error.code === 'TASK_DROPPED' || error.code === 'SUPERVISOR_CLOSED'
    this.#stop(task, error, isDropped ? 'cancelled' : 'failed')
  }

  #fallDue(task: LiveTask): void {
    if (task.isSettled) {
      this.#abandon(task)
      return
    }
    this.#ledger.totals.timedOut++
    this.#stop(task, task.status === 'pending' ? reasons.waitedTooLong(task) : reasons.timedOut(task), 'failed')
  }

  /** Its grace is over: the slot is given back, and nothing waits for it any more. */
  #abandon(task: LiveTask): void {
    task.abandon()
    this.#ledger.wasAbandoned(task)
    this.dispatcher.release(task)
    this.#recorder.changed(task)
    this.#announcer.task('task:abandoned', task, {})
    this.#afterStep()
  }

  /** Takes the task out of all that could still happen to it, and decides. Gives the failure's record, if it is one. */
  #decide(task: LiveTask, outcome: TaskOutcome<unknown>): TaskErrorRecord | null {
    this.dispatcher.leave(task)
    this.#deadlines.clear(task)
    task.unlinkSignal?.()
    task.unlinkSignal = null
    return this.#outcomes.decide(task, outcome)
  }

  #afterStep(): void {
    this.dispatcher.pump()
    this.#onStep()
  }

  readonly #callAbortListener = (listener: () => unknown): void => {
    this.#announcer.callHook('abort listener', listener)
  }

  /** Ends all that lives, with this grace in place of the tasks' own. */
  abortAll(graceMs: number): void {
    this.#closingGraceMs = graceMs
    for (const task of [...this.#ledger.stopping]) this.#deadlines.set(task, this.#clock.monotonic(), graceMs)
    for (const task of [...this.#ledger.pending]) this.#refuse(task, reasons.refusedByClose(task))
    for (const task of [...this.#ledger.running]) this.#stop(task, reasons.cancelledByClose(task), 'cancelled')
  }

  /** Gives the timer back when there is nothing left to time. */
  rest(): void {
    this.#deadlines.rest()
  }
}

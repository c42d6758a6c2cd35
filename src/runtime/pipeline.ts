import type { Clock } from '../clock.js'
import { isTaskTimeoutError, type TaskwardError } from '../core/errors.js'
import type { ProgressUpdate } from '../core/progress.js'
import type { TaskError, TaskErrorRecord, TaskOutcome } from '../core/record.js'
import type { TaskFunction } from '../work.js'
import type { Announcer } from './announcer.js'
import { observe, runAttempt, type AttemptHost, type Settlement } from './attempt.js'
import { Deadlines } from './deadlines.js'
import { Dispatcher, type DispatcherOptions } from './dispatcher.js'
import { Entrance } from './entrance.js'
import type { Ledger } from './ledger.js'
import { attemptEndsAt, exceeded } from './limits.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { Outcomes, type OutcomeParts } from './outcomes.js'
import * as reasons from './reasons.js'
import { ProgressReports } from './progress-reports.js'
import type { Recorder } from './recorder.js'
import { Retries } from './retries.js'
import { Run } from './run.js'
import type { Sanitizer } from './sanitizer.js'
import { Stragglers } from './stragglers.js'
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
 *     spawn -> admit -> (delay) -> due -> (wait) -> start -> settle
 *                         ^                           |
 *                         +---------- retry ----------+-> stop -> settle late | abandon
 *
 * Each step changes the state whole before anybody hears of it, since those who hear may call back in.
 */
export class Pipeline implements AttemptHost {
  readonly dispatcher: Dispatcher
  readonly #clock: Clock
  readonly #ledger: Ledger
  readonly #recorder: Recorder
  readonly #announcer: Announcer
  readonly #sanitizer: Sanitizer
  readonly #entrance: Entrance
  readonly #outcomes: Outcomes
  readonly #progress: ProgressReports
  readonly #retries: Retries
  readonly #stragglers: Stragglers
  readonly #onStep: () => void
  /** Of tasks while they wait or run, and of runs that were told to stop. */
  readonly #deadlines: Deadlines<LiveTask | TaskRun>

  constructor(options: DispatcherOptions, parts: PipelineParts) {
    const { clock, announcer } = parts
    this.#clock = clock
    this.#ledger = parts.ledger
    this.#recorder = parts.recorder
    this.#announcer = announcer
    this.#sanitizer = parts.sanitizer
    this.#outcomes = new Outcomes(parts)
    this.#progress = new ProgressReports(clock, (task) => {
      this.#recorder.changed(task)
      announcer.task('task:progress', task, { progress: task.progress! })
    })
    this.#retries = new Retries(announcer)
    this.#onStep = parts.onStep
    this.#deadlines = new Deadlines(clock, (entry) => {
      if (entry instanceof Run) this.#abandon(entry)
      else this.#fallDue(entry)
    })
    this.#stragglers = new Stragglers({
      ...parts,
      deadlines: this.#deadlines,
      release: (run) => {
        this.dispatcher.release(run)
      },
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
    this.#entrance = new Entrance(options, {
      ...parts,
      deadlines: this.#deadlines,
      dispatcher: this.dispatcher,
      refuse: this.#refuse.bind(this),
      expire: (task, error) => this.#stop(task, error, 'failed'),
      afterStep: this.#afterStep.bind(this),
    })
  }

  spawn(task: LiveTask, work: TaskFunction<unknown> | PromiseLike<unknown>, { refusal, ...caller }: Entry): void {
    this.#ledger.spawned(task)
    if (refusal?.code === 'TASK_DUPLICATE') this.#recorder.refuse(task)
    else this.#recorder.track(task)
    this.#announcer.task('task:spawned', task, {})
    if (refusal) this.#refuse(task, refusal)
    else if (caller.hasAborted) this.cancel(task, caller.abortReason)

    if (typeof work !== 'function') this.#adopt(task, work)
    else if (!task.isSettled) this.#entrance.admit(task, work)
  }

  /** What has been started already runs whatever the caps say, so it takes no slot and does not wait. */
  #adopt(task: LiveTask, work: PromiseLike<unknown>): void {
    const run: TaskRun = (task.run = new Run(task, false))
    if (task.isSettled) run.endedMono = task.finishedMono
    else this.#begin(task)
    run.isActive = !task.isSettled
    observe(run, work, this)
  }

  /** The task has its slot; returns when its function has, be it with a promise. */
  #start(task: LiveTask): void {
    this.#begin(task)
    // A listener of its start may have cancelled it.
    if (task.isSettled) return
    task.run!.isActive = true
    runAttempt(task.run!, this)
  }

  #begin(task: LiveTask): void {
    task.begin(this.#clock.now(), this.#clock.monotonic())
    this.#ledger.started(task)
    this.#deadlines.set(task, attemptEndsAt(task))
    this.#recorder.changed(task)
    this.#announcer.task('task:started', task, {})
  }

  /** The function, or the promise handed over, has really settled. */
  settled(run: TaskRun, settlement: Settlement): void {
    if (run.hasEnded) {
      this.#stragglers.settled(run, settlement)
      this.#entrance.resume(run.task)
      this.#afterStep()
      return
    }
    run.isActive = false
    const outcome = this.#outcomes.of(settlement)
    if (outcome.status === 'failed' && this.#triesAgain(run.task, outcome)) return
    this.#conclude(run.task, outcome)
  }

  #conclude(task: LiveTask, outcome: TaskOutcome<unknown>): void {
    this.#progress.finish(task)
    // Code of the user's may just have cancelled it.
    if (!task.isSettled) {
      const failure = this.#decide(task, outcome)
      this.dispatcher.release(task.run)
      this.#outcomes.tell(task, failure)
    }
    this.#afterStep()
  }

  /** The attempt has failed. False where that is the end of it. */
  #triesAgain(task: LiveTask, { error, reason }: { error: TaskError; reason: unknown }): boolean {
    const delayMs = this.#retries.delayAfter(task, reason)
    if (delayMs === null) return false
    this.#progress.finish(task)
    if (task.isSettled) return false
    if (this.#clock.monotonic() + delayMs >= task.deadlineMono) {
      return this.#stop(task, reasons.pastDeadline(task, reason), 'failed')
    }
    const run = task.run!
    this.#outcomes.retry(task, error, delayMs)
    this.#deadlines.set(task, task.dueMono)
    if (run.isActive) {
      this.#ledger.totals.timedOut++
      this.#stragglers.tell(run, reason as TaskwardError, error)
    } else this.dispatcher.release(run)
    // Whoever heard that it stops, or has its slot already, may have ended it.
    if (!task.isSettled) this.#announcer.task('task:retrying', task, { error, delay: delayMs })
    this.#afterStep()
    return true
  }

  /** Puts a waiting task behind those of that priority; false when it does not wait. */
  setPriority(task: LiveTask, priority: number): boolean {
    if (task.status !== 'pending') return false
    if (!this.dispatcher.setPriority(task, priority) && task.priority !== priority) task.reprioritise(priority)
    this.#recorder.changed(task)
    return true
  }

  beat(run: TaskRun, label: unknown): void {
    run.beat(this.#clock.monotonic(), label)
  }

  progress(run: TaskRun, update: ProgressUpdate): void {
    this.#progress.update(run, update)
  }

  /** Tells the task to stop; false when it has its outcome already. */
  cancel(task: LiveTask, reason: unknown): boolean {
    silence(reason)
    return !task.isSettled && this.#stop(task, reasons.cancelled(task, reason), 'cancelled')
  }

  /** Decides the outcome at once. A running function is told, and keeps its slot while it may. */
  #stop(task: LiveTask, error: TaskwardError, status: 'failed' | 'cancelled'): boolean {
    this.#progress.finish(task)
    if (task.isSettled) return false
    if (isTaskTimeoutError(error)) this.#ledger.totals.timedOut++
    const run = task.status === 'running' ? task.run : null
    const taskError = this.#sanitizer.error(error)
    const failure = this.#decide(task, { status, error: taskError, reason: error })
    if (run?.isActive) this.#stragglers.tell(run, error, taskError)
    else this.dispatcher.release(run)
    this.#outcomes.tell(task, failure)
    this.#afterStep()
    return true
  }

  /** Ends a task that may not enter the queue, or not stay there, and counts it unless it has run. */
  #refuse(task: LiveTask, error: TaskwardError): void {
    if (task.isSettled) return
    if (task.attempt === 0) this.#ledger.totals.rejected++
    const isDropped = error.code === 'TASK_DROPPED' || error.code === 'SUPERVISOR_CLOSED'
    this.#stop(task, error, isDropped ? 'cancelled' : 'failed')
  }

  #fallDue(task: LiveTask): void {
    const nowMono = this.#clock.monotonic()
    if (task.list === this.#ledger.delayed && task.deadlineMono > nowMono) {
      task.isPauseOver = true
      this.#deadlines.set(task, task.deadlineMono)
      this.#entrance.resume(task)
      this.#afterStep()
      return
    }
    const error = exceeded(task, nowMono)
    // It has given a sign of life since.
    if (error === null) this.#deadlines.set(task, attemptEndsAt(task))
    else if (task.status === 'pending' || error.code === 'TASK_DEADLINE') this.#stop(task, error, 'failed')
    else if (!this.#triesAgain(task, { error: this.#sanitizer.error(error), reason: error })) {
      this.#stop(task, error, 'failed')
    }
  }

  #abandon(run: TaskRun): void {
    this.#stragglers.abandon(run)
    this.#entrance.resume(run.task)
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

  callAbortListener(listener: () => unknown): void {
    this.#announcer.callHook('abort listener', listener)
  }

  /** Ends all that lives, with this grace in place of the tasks' own. */
  abortAll(graceMs: number): void {
    this.#retries.areOver = true
    this.#stragglers.limit(graceMs)
    for (const task of [...this.#ledger.live()]) {
      if (task.attempt === 0) this.#refuse(task, reasons.refusedByClose(task))
      else this.#stop(task, reasons.cancelledByClose(task), 'cancelled')
    }
  }

  /** Gives the timer back when there is nothing left to time. */
  rest(): void {
    this.#deadlines.rest()
  }
}

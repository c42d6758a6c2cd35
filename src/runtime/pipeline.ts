import type { Clock } from '../clock.js'
import { isTaskTimeoutError, type TaskwardError } from '../core/errors.js'
import type { TaskErrorRecord, TaskOutcome } from '../core/record.js'
import type { TaskFunction } from '../work.js'
import type { Announcer } from './announcer.js'
import { observe, runAttempt, type Settlement } from './attempt.js'
import { Host } from './attempt-host.js'
import { Deadlines } from './deadlines.js'
import { Dispatcher, type DispatcherOptions } from './dispatcher.js'
import { Entrance } from './entrance.js'
import type { Ledger } from './ledger.js'
import { attemptEndsAt, exceeded } from './limits.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { Outcomes } from './outcomes.js'
import type { Entry, PipelineParts } from './pipeline-parts.js'
import * as reasons from './reasons.js'
import { ProgressReports } from './progress-reports.js'
import type { Recorder } from './recorder.js'
import { Relations } from './relations.js'
import { Retries } from './retries.js'
import { Run } from './run.js'
import type { Sanitizer } from './sanitizer.js'
import { Stragglers } from './stragglers.js'
import { Sweep } from './sweep.js'
import { silence } from './thenable.js'
import { Waits } from './waits.js'

/**
 * Everything that happens to a task, in order:
 *
 *     spawn -> admit -> (delay) -> due -> (wait) -> start -> settle
 *                         ^                           |
 *                         +---------- retry ----------+-> stop -> settle late | abandon
 *
 * Each step changes the state whole before anybody hears of it, since those who hear may call back in.
 */
export class Pipeline {
  readonly dispatcher: Dispatcher
  readonly relations: Relations
  readonly waits: Waits
  readonly sweep: Sweep
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
  readonly #host: Host
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
    this.#onStep = parts.onStep
    this.#deadlines = new Deadlines(clock, (entry) => {
      if (entry instanceof Run) this.#abandon(entry)
      else this.#fallDue(entry)
    })
    const onSaturated = (reason: 'concurrency' | 'queue'): void => {
      announcer.saturated(reason, this.dispatcher.slots.held, this.dispatcher.waiting)
    }
    this.dispatcher = new Dispatcher(options, {
      ...{ clock, start: this.#start.bind(this), onSaturated },
      onServed: () => {
        this.waits.look()
      },
    })
    const release = this.dispatcher.release.bind(this.dispatcher)
    this.#stragglers = new Stragglers({ ...parts, deadlines: this.#deadlines, release })
    this.#retries = new Retries({
      ...parts,
      ...{ progress: this.#progress, outcomes: this.#outcomes, deadlines: this.#deadlines },
      leaveSlot: this.#leaveSlot.bind(this),
      fail: (task, error) => this.#stop(task, error, 'failed'),
      afterStep: this.#afterStep.bind(this),
    })
    const refuse = this.#refuse.bind(this)
    const cancel = (task: LiveTask, error: TaskwardError): boolean => this.#stop(task, error, 'cancelled')
    this.waits = new Waits({ clock, ledger: parts.ledger, dispatcher: this.dispatcher, refuse })
    this.sweep = new Sweep(parts.ledger, this.#retries, this.#stragglers, {
      dispatcher: this.dispatcher,
      refuse,
      cancel,
    })
    this.#host = new Host({
      ...parts,
      gates: this.dispatcher.gates,
      progress: this.#progress,
      settled: this.#settled.bind(this),
    })
    this.relations = new Relations({
      ...parts,
      dispatcher: this.dispatcher,
      refuse,
      resume: (task) => {
        this.#entrance.resume(task)
        this.#afterStep()
      },
      cancel,
    })
    this.#entrance = new Entrance(options, {
      ...parts,
      dependencies: this.relations.dependencies,
      deadlines: this.#deadlines,
      dispatcher: this.dispatcher,
      refuse,
      expire: (task, error) => this.#stop(task, error, 'failed'),
      afterStep: this.#afterStep.bind(this),
    })
  }

  spawn(task: LiveTask, work: TaskFunction<unknown> | PromiseLike<unknown>, entry: Entry): void {
    const { refusal, bornCancelled } = entry
    this.#ledger.spawned(task)
    if (entry.isDuplicate) this.#recorder.refuse(task)
    else this.#recorder.track(task)
    this.relations.joined(task)
    this.#announcer.task('task:spawned', task, {})
    if (refusal) this.#refuse(task, refusal)
    else if (bornCancelled) this.#stop(task, bornCancelled, 'cancelled')
    else if (entry.replaces) this.#stop(entry.replaces, reasons.replaced(entry.replaces), 'cancelled')

    if (typeof work !== 'function') this.#adopt(task, work)
    else if (!task.isSettled) this.#entrance.admit(task, work)
  }

  /** What has been started already runs whatever the caps say, so it takes no slot and does not wait. */
  #adopt(task: LiveTask, work: PromiseLike<unknown>): void {
    const run: TaskRun = (task.run = new Run(task, false))
    if (task.isSettled) run.endedMono = task.finishedMono
    else this.#begin(task)
    run.isActive = !task.isSettled
    observe(run, work, this.#host)
  }

  /** The task has its slot; returns when its function has, be it with a promise. */
  #start(task: LiveTask): void {
    this.#begin(task)
    // A listener of its start may have cancelled it.
    if (task.isSettled) return
    task.run!.isActive = true
    runAttempt(task.run!, this.#host)
  }

  #begin(task: LiveTask): void {
    task.begin(this.#clock.now(), this.#clock.monotonic())
    this.#ledger.started(task)
    this.#deadlines.set(task, attemptEndsAt(task))
    this.#recorder.changed(task)
    this.#announcer.task('task:started', task, {})
  }

  /** The function, or the promise handed over, has really settled. */
  #settled(run: TaskRun, settlement: Settlement): void {
    this.waits.forget(run)
    if (run.hasEnded) {
      this.#stragglers.settled(run, settlement)
      this.#entrance.resume(run.task)
      this.#afterStep()
      return
    }
    // One that a policy calls says itself whether it is active: it may have been answered for.
    if (!run.isByPolicy) run.isActive = false
    const outcome = this.#outcomes.of(settlement)
    if (outcome.status === 'failed' && this.#retries.follow(run.task, outcome)) return
    this.#conclude(run.task, outcome)
  }

  #conclude(task: LiveTask, outcome: TaskOutcome<unknown>): void {
    this.#progress.finish(task)
    // Code of the user's may just have cancelled it.
    if (!task.isSettled) {
      const failure = this.#decide(task, outcome)
      this.dispatcher.asOne(() => {
        this.#leaveSlot(task.run!, outcome)
        this.#tell(task, failure)
      })
    }
    this.#afterStep()
  }

  /** The attempt has come to its end by itself. Its function has too, unless a policy has answered for it. */
  #leaveSlot(run: TaskRun, outcome: TaskOutcome<unknown>): void {
    if (!run.isActive) {
      this.dispatcher.release(run)
      return
    }
    const cause = outcome.status === 'completed' ? undefined : outcome.reason
    const error = isTaskTimeoutError(cause) ? cause : reasons.overtaken(run.task, cause)
    this.#stragglers.tell(run, error, this.#sanitizer.error(error))
  }

  /** Puts a waiting task behind those of that priority; false when it does not wait. */
  setPriority(task: LiveTask, priority: number): boolean {
    if (task.status !== 'pending') return false
    if (!this.dispatcher.setPriority(task, priority) && task.priority !== priority) task.reprioritise(priority)
    this.#recorder.changed(task)
    return true
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
    if (isTaskTimeoutError(error)) this.#ledger.count(task, 'timedOut')
    const run = task.status === 'running' ? task.run : null
    const taskError = this.#sanitizer.error(error)
    const failure = this.#decide(task, { status, error: taskError, reason: error })
    // What follows from it is done before anybody gets its slot.
    this.dispatcher.asOne(() => {
      if (run?.isActive) this.#stragglers.tell(run, error, taskError)
      else this.dispatcher.release(run)
      this.#tell(task, failure)
    })
    this.#afterStep()
    return true
  }

  /** Ends a task that may not enter the queue, or not stay there, and counts it unless it has run. */
  #refuse(task: LiveTask, error: TaskwardError): void {
    if (task.isSettled) return
    if (task.attempt === 0) this.#ledger.count(task, 'rejected')
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
    else if (!this.#retries.follow(task, { error: this.#sanitizer.error(error), reason: error, isOverdue: true })) {
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
    this.relations.ended(task)
    return this.#outcomes.decide(task, outcome)
  }

  #tell(task: LiveTask, failure: TaskErrorRecord | null): void {
    this.#outcomes.tell(task, failure)
    this.relations.told(task)
  }

  #afterStep(): void {
    this.dispatcher.pump()
    this.#onStep()
  }

  /** Gives the timers back when there is nothing left to time. */
  rest(): void {
    this.dispatcher.gates.rest()
    this.#deadlines.rest()
  }
}

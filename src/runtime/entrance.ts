import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskFunction } from '../work.js'
import { captureContext } from './context.js'
import type { Deadlines } from './deadlines.js'
import type { Dependencies } from './dependencies.js'
import type { Dispatcher, DispatcherOptions } from './dispatcher.js'
import type { Ledger } from './ledger.js'
import { waitEndsAt } from './limits.js'
import type { LiveTask, TaskRun } from './live-task.js'
import * as reasons from './reasons.js'
import type { StoreGate } from './store-gate.js'

export interface EntranceParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly dispatcher: Dispatcher
  readonly dependencies: Dependencies
  readonly deadlines: Deadlines<LiveTask | TaskRun>
  /** For what waits for the store before it starts; null where that dies with the process. */
  readonly gate: StoreGate | null
  /** Ends a task that may not enter, and counts it. */
  readonly refuse: (task: LiveTask, error: TaskwardError) => void
  /** Ends a task that has come too late. */
  readonly expire: (task: LiveTask, error: TaskwardError) => void
  readonly afterStep: () => void
}

/** The way of a function from its spawn, or from a failed attempt, to the queue: after its delay, and not beyond the limits. */
export class Entrance {
  readonly #options: DispatcherOptions
  readonly #parts: EntranceParts

  constructor(options: DispatcherOptions, parts: EntranceParts) {
    this.#options = options
    this.#parts = parts
  }

  admit(task: LiveTask, fn: TaskFunction<unknown>): void {
    const { clock, deadlines, dependencies, expire, gate } = this.#parts
    task.fn = fn
    const { delayMs, retry } = task.settings
    const { isHeldBack } = task
    // The turn in which it goes on may not be that of its spawn.
    if (isHeldBack || retry || (gate && waitsForStore(task))) task.context = captureContext(this.#options.context)
    if (task.deadlineMono <= clock.monotonic()) {
      expire(task, reasons.pastDeadline(task))
      return
    }
    if (!isHeldBack) {
      this.#welcome(task)
      return
    }
    task.isPauseOver = delayMs === 0
    deadlines.set(task, task.isPauseOver ? task.deadlineMono : Math.min(task.dueMono, task.deadlineMono))
    if (task.dependencies) dependencies.hold(task)
    this.resume(task)
  }

  /** Goes on with a task whose pause is over, once nothing of its last attempt, and no other task, is waited for. */
  resume(task: LiveTask): void {
    const { clock, deadlines, dispatcher, ledger } = this.#parts
    if (task.list !== ledger.delayed || !task.isPauseOver || task.waitsFor || task.run?.isStopping) return
    ledger.due(task)
    task.dueMono = clock.monotonic()
    if (task.attempt === 0) {
      this.#welcome(task)
      return
    }
    // It has been admitted before, so no limit of the queue turns it away.
    deadlines.set(task, waitEndsAt(task))
    dispatcher.wait(task)
  }

  /** Its time has come, for the first time. */
  #welcome(task: LiveTask): void {
    const { afterStep, deadlines, gate, refuse } = this.#parts
    deadlines.set(task, waitEndsAt(task))
    if (!gate || !waitsForStore(task)) {
      this.#enter(task)
      return
    }
    const go = (): void => {
      if (task.isSettled) return
      if (task.isDuplicate) refuse(task, reasons.duplicate(task))
      else this.#enter(task)
      afterStep()
    }
    if (task.isAhead) gate.wait(task.accepted.promise, go)
    else gate.waitWhileUp(task.accepted.promise, go)
  }

  #enter(task: LiveTask): void {
    const { afterStep, dispatcher, refuse } = this.#parts
    const { admission, lane } = dispatcher.offer(task)
    if (admission === 'start' || admission === 'wait') return
    const { queueLimit } = lane?.settings ?? this.#options
    const queue = lane ? `the queue of lane '${lane.name}'` : 'the queue'
    if (admission === 'reject') refuse(task, reasons.queueFull(task, queue, queueLimit))
    else if (admission === 'drop') refuse(task, reasons.dropped(task, queue, queueLimit))
    else {
      const victim = dispatcher.leastUrgent(lane)!
      // Lest the victim is started before it is dropped.
      dispatcher.asOne(() => {
        dispatcher.wait(task)
        refuse(victim, reasons.dropped(victim, queue, queueLimit))
      })
      afterStep()
    }
    dispatcher.overflowed()
  }
}

/** Whether it starts only once the store has its record. */
const waitsForStore = ({ isTracked, isAhead, isUnsureOfId }: LiveTask): boolean =>
  isTracked && (isAhead || isUnsureOfId)

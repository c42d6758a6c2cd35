import type { TaskwardError } from '../core/errors.js'
import type { Dispatcher } from './dispatcher.js'
import type { Ledger } from './ledger.js'
import type { LiveTask, TaskScopeNode } from './live-task.js'
import * as reasons from './reasons.js'
import type { Retries } from './retries.js'
import type { Stragglers } from './stragglers.js'
import { silence } from './thenable.js'
import { waitingFirst } from './waiting-first.js'

/** What may be done to each. */
export interface SweepActs {
  readonly dispatcher: Dispatcher
  readonly refuse: (task: LiveTask, error: TaskwardError) => void
  readonly cancel: (task: LiveTask, error: TaskwardError) => boolean
}

/** Ends many tasks at once. */
export class Sweep {
  readonly #ledger: Ledger
  readonly #retries: Retries
  readonly #stragglers: Stragglers
  readonly #acts: SweepActs

  constructor(ledger: Ledger, retries: Retries, stragglers: Stragglers, acts: SweepActs) {
    this.#ledger = ledger
    this.#retries = retries
    this.#stragglers = stragglers
    this.#acts = acts
  }

  /** Ends all that lives, or lives in a scope, with this grace in place of the tasks' own. */
  abort(scope: TaskScopeNode | null, graceMs: number): void {
    const { cancel, dispatcher, refuse } = this.#acts
    if (!scope) this.#retries.areOver = true
    this.#stragglers.limit(graceMs, scope)
    dispatcher.asOne(() => {
      for (const task of waitingFirst((scope ?? this.#ledger).live())) {
        if (task.attempt === 0) refuse(task, reasons.refusedByClose(task, scope?.name))
        else cancel(task, reasons.cancelledByClose(task, scope?.name))
      }
    })
  }

  /** Tells the tasks to stop, and gives the number of those that were told, be it with their parents. */
  cancel(tasks: Iterable<LiveTask>, reason: unknown): number {
    silence(reason)
    const live = waitingFirst(tasks).filter((task) => !task.isSettled)
    this.#acts.dispatcher.asOne(() => {
      for (const task of live) this.#acts.cancel(task, reasons.cancelled(task, reason))
    })
    return live.filter(({ status }) => status === 'cancelled').length
  }
}

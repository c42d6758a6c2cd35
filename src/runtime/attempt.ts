import type { JsonValue } from '../core/record.js'
import type { TaskContext } from '../work.js'
import { runInTask } from './context.js'
import { createGuardedController, type CallListener } from './guarded-signal.js'
import type { LiveTask } from './live-task.js'
import { whenSettled } from './thenable.js'

/** How an attempt's function (or a promise handed over) settled. */
export type Settlement =
  { readonly isFulfilled: true; readonly value: unknown } | { readonly isFulfilled: false; readonly reason: unknown }

export type AttemptSettled = (task: LiveTask, settlement: Settlement) => void

/**
 * Calls the task's function, now, and tells once it has really settled, which is at once for a synchronous one. Tells again
 * where a foreign thenable settles again.
 */
export function runAttempt(task: LiveTask, callListener: CallListener, onSettled: AttemptSettled): void {
  const fn = task.fn!
  let returned: unknown
  try {
    returned = runInTask(task, task.context, () => fn(new AttemptContext(task, callListener)))
  } catch (thrown) {
    onSettled(task, { isFulfilled: false, reason: thrown })
    return
  }
  observe(task, returned, onSettled)
}

/** The same for what has been started already. */
export function observe(task: LiveTask, work: unknown, onSettled: AttemptSettled): void {
  const isPending = whenSettled(
    work,
    (value) => {
      onSettled(task, { isFulfilled: true, value })
    },
    (reason: unknown) => {
      onSettled(task, { isFulfilled: false, reason })
    },
  )
  if (!isPending) onSettled(task, { isFulfilled: true, value: work })
}

class AttemptContext implements TaskContext {
  readonly attempt: number
  readonly #task: LiveTask
  readonly #callListener: CallListener

  constructor(task: LiveTask, callListener: CallListener) {
    this.attempt = task.attempt
    this.#task = task
    this.#callListener = callListener
  }

  get id(): string {
    return this.#task.id
  }

  get name(): string {
    return this.#task.settings.name
  }

  get metadata(): Readonly<Record<string, JsonValue>> {
    return this.#task.settings.metadata
  }

  get deadline(): number | null {
    const { startedAt, settings } = this.#task
    return startedAt === null || settings.timeoutMs === Infinity ? null : startedAt + settings.timeoutMs
  }

  get signal(): AbortSignal {
    const task = this.#task
    if (task.controller === null) {
      task.controller = createGuardedController(this.#callListener)
      if (task.stopReason) task.controller.abort(task.stopReason)
    }
    return task.controller.signal
  }
}

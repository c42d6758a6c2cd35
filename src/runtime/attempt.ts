import type { JsonValue } from '../core/record.js'
import type { ProgressUpdate } from '../core/progress.js'
import type { SpawnFunction, TaskContext, TaskHandle } from '../work.js'
import { runInTask } from './context.js'
import { createGuardedController } from './guarded-signal.js'
import type { TaskRun } from './live-task.js'
import { whenSettled } from './thenable.js'
import { WatchedPromise } from './watched-promise.js'

/** How an attempt's function (or a promise handed over) settled. */
export type Settlement =
  { readonly isFulfilled: true; readonly value: unknown } | { readonly isFulfilled: false; readonly reason: unknown }

/** What an attempt asks of its supervisor. */
export interface AttemptHost {
  /** The function has really settled. Called again where a foreign thenable settles again. */
  settled(run: TaskRun, settlement: Settlement): void
  /** Leaves the call to the policy of the task's lane; false where it has none. */
  callThroughPolicy(run: TaskRun, call: () => unknown): boolean
  callAbortListener(listener: () => unknown): void
  spawnChild(run: TaskRun, ...args: Parameters<SpawnFunction>): ReturnType<SpawnFunction>
  beat(run: TaskRun, label: unknown): void
  progress(run: TaskRun, update: ProgressUpdate): void
}

/** Calls the task's function, now, and tells once it has really settled, which is at once for a synchronous one. */
export function runAttempt(run: TaskRun, host: AttemptHost): void {
  const { task } = run
  const fn = task.fn!
  const call = (): unknown => runInTask(task, task.context, () => fn(new AttemptContext(run, host)))
  if (host.callThroughPolicy(run, call)) return
  let returned: unknown
  try {
    returned = call()
  } catch (thrown) {
    host.settled(run, { isFulfilled: false, reason: thrown })
    return
  }
  observe(run, returned, host)
}

/** The same for what has been started already. */
export function observe(run: TaskRun, work: unknown, host: AttemptHost): void {
  if (work instanceof WatchedPromise) work.awaited()
  const isPending = whenSettled(
    work,
    (value) => {
      host.settled(run, { isFulfilled: true, value })
    },
    (reason: unknown) => {
      host.settled(run, { isFulfilled: false, reason })
    },
  )
  if (!isPending) host.settled(run, { isFulfilled: true, value: work })
}

class AttemptContext implements TaskContext {
  readonly attempt: number
  readonly #run: TaskRun
  readonly #startedAt: number
  readonly #host: AttemptHost

  constructor(run: TaskRun, host: AttemptHost) {
    this.attempt = run.attempt
    this.#run = run
    this.#startedAt = run.task.startedAt!
    this.#host = host
  }

  get id(): string {
    return this.#run.task.id
  }

  get name(): string {
    return this.#run.task.settings.name
  }

  get metadata(): Readonly<Record<string, JsonValue>> {
    return this.#run.task.settings.metadata
  }

  get deadline(): number | null {
    const { timeoutMs, deadlineAt } = this.#run.task.settings
    const endAt = Math.min(this.#startedAt + timeoutMs, deadlineAt)
    return endAt === Infinity ? null : endAt
  }

  get signal(): AbortSignal {
    const run = this.#run
    if (run.controller === null) {
      run.controller = createGuardedController((listener) => {
        this.#host.callAbortListener(listener)
      })
      if (run.stopReason) run.controller.abort(run.stopReason)
    }
    return run.controller.signal
  }

  get spawn(): SpawnFunction {
    return <T>(...args: Parameters<SpawnFunction>) => this.#host.spawnChild(this.#run, ...args) as TaskHandle<T>
  }

  // Bound, as a function may well take them out of its context.
  get heartbeat(): TaskContext['heartbeat'] {
    return (label) => {
      this.#host.beat(this.#run, label)
    }
  }

  get progress(): TaskContext['progress'] {
    return (update) => {
      this.#host.progress(this.#run, update)
    }
  }
}

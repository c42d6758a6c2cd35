import { TaskOptionError } from './core/errors.js'
import { matchesFilter, type TaskFilter } from './core/query.js'
import * as options from './options.js'
import type { Assembly } from './runtime/assembly.js'
import { closesOnItself } from './runtime/dependencies.js'
import { Handle, unwrap } from './runtime/handle.js'
import type { LiveTask, TaskScopeNode } from './runtime/live-task.js'
import { silence } from './runtime/thenable.js'
import { WatchedPromise } from './runtime/watched-promise.js'
import type { SpawnOptions, TaskFunction, TaskHandle } from './work.js'

type Work<T> = TaskFunction<T> | PromiseLike<T>

/** What a supervisor and a scope have in common: spawning with the defaults of the place, and cancelling. */
export class Spawner {
  readonly defaults: options.SpawnDefaults
  readonly #parts: Assembly
  readonly #scope: TaskScopeNode | null
  readonly #requests: options.SpawnRequests

  constructor(parts: Assembly, defaults: options.SpawnDefaults, scope: TaskScopeNode | null) {
    this.#parts = parts
    this.defaults = defaults
    this.#scope = scope
    this.#requests = new options.SpawnRequests(defaults)
  }

  spawn<T>(work: Work<T>, given: SpawnOptions | undefined, parent: LiveTask | null = null): TaskHandle<T> {
    return new Handle<T>(this.#spawn(work, given, parent), this.#parts.handleOwner)
  }

  /** Rejects also for misuse. */
  run<T>(work: Work<T>, given: SpawnOptions | undefined): Promise<T> {
    let task: LiveTask
    try {
      task = this.#spawn(work, given, null)
    } catch (misuse) {
      return Promise.reject(misuse)
    }
    const result = task.settled.promise.then(unwrap<unknown>) as Promise<T>
    const onAwaited = this.#parts.pipeline.waits.watcherOf(task)
    return onAwaited ? WatchedPromise.of(result, onAwaited) : result
  }

  #spawn(work: Work<unknown>, given: SpawnOptions | undefined, parent: LiveTask | null): LiveTask {
    const request = this.#requests.of(work, given)
    const { id, dependencies } = request
    const { intake, records } = this.#parts
    if (id !== null && intake.isLive(id)) {
      throw new TaskOptionError('spawn().id', `there is a live task with the id '${id}'`)
    }
    // Nobody can come after a task whose id nobody could know.
    if (id !== null && dependencies && closesOnItself(id, dependencies, (other) => records.recorder.find(other))) {
      throw new TaskOptionError('spawn().after', `the task '${id}' would come after itself`)
    }
    return this.#parts.reception.spawn(request, work, { scope: this.#scope, parent })
  }

  /** Never throws: a filter that makes no sense cancels nothing. */
  cancel(target: string | TaskFilter, reason: unknown, among: Cancelling): number {
    // A rejected promise troubles nobody either where the reason is nobody's.
    silence(reason)
    if (typeof target === 'string') {
      const task = this.#parts.records.recorder.find(target)
      const isMine = task !== undefined && (this.#scope === null || this.#scope.holds(task.scope))
      return isMine && this.#parts.pipeline.cancel(task, reason) ? 1 : 0
    }
    let filter: TaskFilter
    try {
      filter = options.resolveFilter(target)
    } catch (error) {
      // A misspelt key must not turn "those of this owner" into "all".
      this.#parts.announcer.log('warn', 'cancel() was given a filter that makes no sense, and cancelled nothing', {
        error,
      })
      return 0
    }
    return among.cancelWhere((task) => matchesFilter(task.snapshot(), filter), reason)
  }
}

/** Those whom a cancel is about. */
export interface Cancelling {
  cancelWhere(matches: (task: LiveTask) => boolean, reason: unknown): number
}

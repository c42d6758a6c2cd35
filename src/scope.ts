import type { JsonValue, TaskErrorRecord, TaskRecord } from './core/record.js'
import type { TaskFilter } from './core/query.js'
import type { RetryOptions } from './core/retry.js'
import type { ServiceFunction, ServiceHandle, ServiceOptions } from './service.js'
import type { SupervisorStatus } from './status.js'
import type { CloseOptions, CloseReport, DrainOptions, RunFunction, SpawnFunction } from './work.js'

/** Options of a scope. What is not given is as in the scope, or the supervisor, that it is in. */
export interface ScopeOptions {
  /** How many functions of the scope, those of scopes within it included, may run at once. @default Infinity */
  concurrency?: number | undefined
  /** Of its tasks, as in the options of a supervisor. @default as around it */
  timeout?: number | undefined
  /** Of its tasks, as in the options of a supervisor. @default as around it */
  grace?: number | undefined
  /** Of its tasks, as in the options of a supervisor. @default as around it */
  retry?: RetryOptions | undefined
  /** Called once for each of its failed tasks, in place of that around it. @default as around it */
  onError?: ((record: TaskErrorRecord, task: TaskRecord) => unknown) | undefined
  /** Of its tasks that give none. @default as around it */
  owner?: string | undefined
  /** Put under the metadata of each of its tasks. @default as around it */
  metadata?: Record<string, JsonValue> | undefined
  /** Cancels what lives in the scope when it aborts, and all that is spawned in it afterwards. @default none */
  signal?: AbortSignal | undefined
}

/**
 * A part of a supervisor: its tasks share the supervisor's slots, and are cancelled, awaited and closed as one. What is
 * cancelled in a scope goes down to its children and to scopes within it, never up.
 */
export interface TaskScope extends AsyncDisposable {
  readonly name: string
  /** As the supervisor's: the task's record has the name of this scope as `scope`. */
  readonly spawn: SpawnFunction
  /** As the supervisor's. */
  readonly run: RunFunction
  /** A scope within this one. @throws TaskOptionError `OPTION_INVALID` */
  scope(name: string, options?: ScopeOptions): TaskScope
  /** As the supervisor's: the service is stopped when this scope closes. @throws TaskOptionError `OPTION_INVALID` */
  supervise(name: string, fn: ServiceFunction, options?: ServiceOptions): ServiceHandle
  /** Of this scope and those within it; its cost grows with those, not with the tasks. Lanes are in that of the supervisor. */
  status(options?: { tasks?: number | undefined }): SupervisorStatus
  /** As the supervisor's, among the tasks of this scope and those within it. */
  cancel(target: string | TaskFilter, reason?: unknown): number
  /** Cancels what lives in it and in those within it. Later spawns are taken. */
  cancelAll(reason?: unknown): number
  onIdle(): Promise<void>
  drain(options?: DrainOptions): Promise<boolean>
  /**
   * Lets what lives finish, cancels what is left after `timeout`, and says what became of it. Afterwards, and for all but its
   * own live tasks from the call on, what is spawned in it is born cancelled with `SUPERVISOR_CLOSED`. Later calls give the
   * same report.
   */
  close(options?: CloseOptions): Promise<CloseReport>
}

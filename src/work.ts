import type { ProgressUpdate } from './core/progress.js'
import type { JsonValue, TaskErrorRecord, TaskOutcome, TaskRecord, TaskStatus } from './core/record.js'
import type { RetryOptions } from './core/retry.js'

/** Work to be started under supervision: sync or async, taking the task's context or nothing. */
export type TaskFunction<T> = (context: TaskContext) => T | PromiseLike<T>

/** Called once for each failed task. */
export type OnError = (record: TaskErrorRecord, task: TaskRecord) => unknown

/** `spawn`, as a supervisor, a scope and a running task have it. */
export type SpawnFunction = <T>(work: TaskFunction<T> | PromiseLike<T>, options?: SpawnOptions) => TaskHandle<T>

/** `run`, as a supervisor and a scope have it. */
export type RunFunction = <T>(work: TaskFunction<T> | PromiseLike<T>, options?: SpawnOptions) => Promise<T>

/** What a task's function is given. */
export interface TaskContext {
  readonly id: string
  readonly name: string
  /** 1 for the first run. */
  readonly attempt: number
  /**
   * Aborts when this attempt is told to stop, with a `TaskTimeoutError` or a `TaskCancelledError` as its reason. Made on
   * first read. A listener on it that throws is reported as `hook:error` and harms nothing.
   */
  readonly signal: AbortSignal
  /** When this attempt's timeout, or the task's deadline, fires, in epoch milliseconds; null when it has neither. */
  readonly deadline: number | null
  /** What was given to `spawn`, as a frozen copy. */
  readonly metadata: Readonly<Record<string, JsonValue>>
  /**
   * Says how far the work is: kept in the record, and told as `task:progress`, at most ten times a second. Does nothing once
   * the attempt has its outcome. @throws TaskOptionError `OPTION_INVALID`
   */
  readonly progress: (update: ProgressUpdate) => void
  /** Says that the work is alive, where it has a `stallTimeout`. The last labels go into the error's details if it stalls. */
  readonly heartbeat: (label?: string) => void
  /**
   * Spawns a child: its record has this task's id as `parentId`, it is in this task's scope, and it is cancelled when this
   * task is. It outlives a parent that completes or fails, unless it is spawned with `onParentEnd: 'cancel'`. While `close`
   * drains it is accepted. @throws TaskOptionError `OPTION_INVALID` for misuse only
   */
  readonly spawn: SpawnFunction
}

/** What may stand around the functions of a lane: a policy of cockatiel, or anything with its `execute`. */
export interface LanePolicy {
  /** Calls the function, or refuses to, and gives what came of it. */
  execute(fn: () => Promise<unknown>): PromiseLike<unknown>
}

/** Options of `spawn` and `run`. Times are whole milliseconds from 0, or `Infinity`; `undefined` means the default. */
export interface SpawnOptions {
  /**
   * A UUID or any other text of 1 to 256 bytes. One that is live here already is misuse; one that the store knows ends the
   * new task `failed` with `TASK_DUPLICATE`. Where only a commit can tell (a shared database, or a store that is not open
   * yet), the function does not start synchronously: it waits for a store that works, at most for `storeTimeout`.
   *
   * @default a new UUIDv7
   */
  id?: string | undefined
  /** 1 to 256 bytes. @default the function's name, else 'anonymous' */
  name?: string | undefined
  /** On whose behalf the work is done: 1 to 256 bytes. @default none */
  owner?: string | undefined
  /** One of the supervisor's `lanes`. @default none */
  lane?: string | undefined
  /** Any finite number; higher starts first, first come first served among equals. @default 0 */
  priority?: number | undefined
  /** Milliseconds an attempt may run, from its start; waiting does not count. @default the supervisor's `timeout` */
  timeout?: number | undefined
  /**
   * Milliseconds the task may wait for its first start, from spawn, or from when its `delay` is over. @default the supervisor's
   * `queueTimeout`
   */
  queueTimeout?: number | undefined
  /** When the task must have ended, whatever its attempts: epoch milliseconds, or `Infinity`. @default Infinity */
  deadline?: number | undefined
  /** Milliseconds from spawn before which it does not start, nor take a place in the queue. @default 0 */
  delay?: number | undefined
  /** Milliseconds an attempt may go without `heartbeat`, from its start. @default the supervisor's `stallTimeout` */
  stallTimeout?: number | undefined
  /** How a failed, timed-out or stalled attempt is followed by another. @default the supervisor's `retry` */
  retry?: RetryOptions | undefined
  /** Milliseconds between being told to stop and being abandoned. @default the supervisor's `grace` */
  grace?: number | undefined
  /**
   * Handles or ids of tasks that have to end first, be they of this supervisor or, with a shared store, of another process
   * (which is looked at every second). One that does not complete, or is not known, ends this task `failed` with
   * `TASK_DEPENDENCY_FAILED`. A task that would come after itself is misuse. @default []
   */
  after?: readonly (TaskHandle<unknown> | string)[] | undefined
  /** With 'run' the end of a dependency is enough, whatever its outcome. @default 'fail' */
  onDependencyFailure?: 'fail' | 'run' | undefined
  /**
   * What happens when a live task of this supervisor has the same key: `spawn` gives a handle on that one and calls nothing
   * ('reuse'), the new task ends `failed` with `TASK_DUPLICATE` ('reject'), or the live one is cancelled ('replace').
   *
   * @default none; `on` is 'reuse'
   */
  dedupe?: { key: string; on?: 'reuse' | 'reject' | 'replace' | undefined } | undefined
  /** For a child: whether it is cancelled also when its parent completes or fails. @default 'leave' */
  onParentEnd?: 'leave' | 'cancel' | undefined
  /** Whether this task may run in the slot of a task that awaits it. @default the supervisor's `reentrant` */
  reentrant?: 'report' | 'borrow' | undefined
  /**
   * Whether the record keeps what the function comes to, as JSON (`TaskRecord.result`): at most the supervisor's `maxResultBytes`,
   * secrets redacted. What is not JSON-safe (a bigint, NaN, a Map, a circle) or larger is left null, and the history says why.
   *
   * @default false
   */
  keepResult?: boolean | undefined
  /** Cancels the task when it aborts; its reason is the `cause` of the `TaskCancelledError`. May be shared by any number. */
  signal?: AbortSignal | undefined
  /** JSON-safe facts for the record, at most 16 KiB as JSON; copied at once. @default {} */
  metadata?: Record<string, JsonValue> | undefined
}

/**
 * What `spawn` gives. Not a thenable: a handle can be left alone without a lint complaint, and nothing it holds ever becomes
 * an `unhandledRejection`.
 */
export interface TaskHandle<T> {
  readonly id: string
  readonly name: string
  readonly status: TaskStatus
  /** The number of the current or last run; 0 before the first. */
  readonly attempt: number
  /** The value, or a rejection with what was thrown (or why it was stopped) for whoever looks. */
  readonly result: Promise<T>
  /** The outcome; never rejects. Resolves when the outcome is decided, which may be before the function has stopped. */
  readonly settled: Promise<TaskOutcome<T>>
  /** True once the task is known to the store; false if its record had to be dropped or was refused. Never rejects. */
  readonly accepted: Promise<boolean>
  /** True once the outcome is in the store; false if it had to be dropped or was refused. Never rejects. */
  readonly persisted: Promise<boolean>
  /** The record as it stands, a copy. */
  snapshot(): TaskRecord
  /** Tells the task to stop; false when it has already settled. */
  cancel(reason?: unknown): boolean
  /** Moves a waiting task behind those of that priority; false when it no longer waits. @throws TaskOptionError */
  setPriority(priority: number): boolean
}

/** What `drain` takes. */
export interface DrainOptions {
  /** Milliseconds to wait. @default Infinity */
  timeout?: number | undefined
}

/** What `close` takes. */
export interface CloseOptions {
  /** Whether to let what lives finish first, or to cancel it at once. @default 'drain' */
  mode?: 'drain' | 'cancel' | undefined
  /** Milliseconds for the drain, from the call. @default 30_000 */
  timeout?: number | undefined
  /**
   * Milliseconds for what was then aborted to stop. Replaces the tasks' own grace. With a store that outlives the process, the
   * last tenth of `timeout + grace`, at most a second, is kept back for writing down what became of the tasks; as much again
   * for stopping services, where there are any at the call.
   * @default 10_000
   */
  grace?: number | undefined
}

/** What became of the tasks between the call of `close` and its return. */
export interface CloseReport {
  completed: number
  failed: number
  cancelled: number
  /** Tasks whose function was still running at the end. */
  abandoned: TaskRecord[]
  /** Definitions left pending in the store for another process. */
  handedOff: TaskRecord[]
  /** Whether everything known was in the store in time. */
  persisted: boolean
  durationMs: number
}

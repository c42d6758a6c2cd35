import { TaskOptionError } from './core/errors.js'
import { matchesFilter, type ErrorQuery, type Page, type TaskFilter, type TaskQuery } from './core/query.js'
import type { TaskErrorGroup, TaskErrorRecord, TaskRecord, TaskTransition } from './core/record.js'
import type { TaskEventListener, TaskEventName } from './events.js'
import * as options from './options.js'
import { Assembly } from './runtime/assembly.js'
import { systemClock } from './runtime/clock.js'
import { Handle, unwrap, type HandleOwner } from './runtime/handle.js'
import type { LiveTask } from './runtime/live-task.js'
import type { FleetStatus, SupervisorStatus } from './status.js'
import { memoryStore } from './stores/memory.js'
import type { CloseOptions, CloseReport, DrainOptions, SpawnOptions, TaskFunction, TaskHandle } from './work.js'

/**
 * Runs background work under supervision: tracked, capped, timed, cancellable, its failures recorded.
 *
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 *
 * const supervisor = new TaskSupervisor({ concurrency: 10 })
 * supervisor.spawn(({ signal }) => fetch('https://example.com/receipt', { signal }), { name: 'receipt' })
 * console.log(supervisor.status().slots.running) // 1
 * await supervisor.close()
 * ```
 */
export class TaskSupervisor implements AsyncDisposable {
  readonly name: string
  /** Tells this supervisor from all others that share a store: a random UUID. */
  readonly instanceId: string
  readonly #options: options.ResolvedOptions
  readonly #parts: Assembly
  readonly #owner: HandleOwner

  /** @throws TaskOptionError `OPTION_INVALID` for an unknown option or a value out of range */
  constructor(given?: options.TaskSupervisorOptions) {
    const resolved = options.resolveOptions(given)
    const { clock = systemClock, store = memoryStore(), logger = null, onError = null } = resolved
    const parts = new Assembly(resolved, { clock, store, logger, onError })
    this.name = resolved.name
    this.instanceId = parts.instanceId
    this.#options = resolved
    this.#parts = parts
    this.#owner = {
      cancel: (task, reason) => parts.pipeline.cancel(task, reason),
      setPriority: (task, priority) => {
        options.checkPriority(priority)
        return parts.pipeline.setPriority(task, priority)
      },
    }
  }

  /** How many functions may run at once. Lowered below what runs, it starts nothing until that fits. */
  get concurrency(): number {
    return this.#parts.pipeline.dispatcher.slots.limit
  }

  /** @throws TaskOptionError `OPTION_INVALID` unless it is an integer from 1, or `Infinity` */
  set concurrency(limit: number) {
    options.checkConcurrency(limit)
    this.#parts.pipeline.dispatcher.limit = limit
  }

  /**
   * Starts the work under supervision: synchronously when a slot is free, as a bare call would, else as soon as one is. A
   * promise handed over runs already, so it takes no slot and does not wait; it is tracked, timed and recorded all the same.
   * Never fails for what happens at run time (a full queue, a closed supervisor): that is the handle's outcome.
   *
   * @throws TaskOptionError `OPTION_INVALID` for misuse only
   */
  spawn<T>(work: TaskFunction<T> | PromiseLike<T>, given?: SpawnOptions): TaskHandle<T> {
    return new Handle<T>(this.#spawn(work, given), this.#owner)
  }

  /**
   * As `spawn`, for a caller that awaits: rejects with what was thrown, or with why the task was stopped. An ordinary promise:
   * left alone, its rejection is the caller's to handle. Misuse rejects too.
   */
  async run<T>(work: TaskFunction<T> | PromiseLike<T>, given?: SpawnOptions): Promise<T> {
    const task = this.#spawn(work, given)
    return unwrap((await task.settled.promise) as Parameters<typeof unwrap<T>>[0])
  }

  #spawn(work: unknown, given: SpawnOptions | undefined): LiveTask {
    const request = options.resolveSpawn(work, given, this.#options)
    if (request.id !== null && this.#parts.intake.isLive(request.id)) {
      throw new TaskOptionError('spawn().id', `there is a live task with the id '${request.id}'`)
    }
    return this.#parts.spawn(request, work as TaskFunction<unknown> | PromiseLike<unknown>)
  }

  /**
   * A picture of the moment; its cost does not grow with the tasks.
   *
   * @param given `tasks`: how many records to include [100]
   */
  status(given?: { tasks?: number | undefined }): SupervisorStatus {
    return this.#parts.status(options.resolveStatus(given).tasks)
  }

  /** The task's record: what this process knows, else what the store has. @throws TaskStoreError `STORE_UNAVAILABLE` */
  get(id: string): Promise<TaskRecord | undefined> {
    return this.#parts.records.reader.get(id)
  }

  /** The tasks that match, live and stored, by creation. @throws TaskOptionError `OPTION_INVALID`, TaskStoreError */
  async list(query?: TaskQuery): Promise<Page<TaskRecord>> {
    return this.#parts.records.reader.list(options.resolveTaskQuery(query))
  }

  /** Every change of the task's status, oldest first; empty for a task that is not known. */
  history(id: string): Promise<TaskTransition[]> {
    return this.#parts.records.reader.history(id)
  }

  /** One record for each failed attempt, newest first; cancelled tasks have none. @throws TaskOptionError, TaskStoreError */
  async errors(query?: ErrorQuery): Promise<Page<TaskErrorRecord>> {
    return this.#parts.records.reader.errors(options.resolveErrorQuery(query))
  }

  /**
   * The errors that match, by fingerprint: last seen first, at most `limit` groups [100]. Costs a look at each of the errors,
   * of which it takes in the last 100,000. @throws TaskOptionError, TaskStoreError
   */
  async errorGroups(query?: ErrorQuery): Promise<TaskErrorGroup[]> {
    return this.#parts.records.reader.errorGroups(options.resolveErrorQuery(query))
  }

  /**
   * Tells live tasks to stop: the one with this id, or all that match. A waiting task leaves the queue at once; a running one
   * has its outcome at once and its signal aborts, and it keeps its slot until it has really stopped or its grace is over.
   * Gives how many were told: 0 for a false alarm, or for a filter that makes no sense. Never throws.
   */
  cancel(target: string | TaskFilter, reason?: unknown): number {
    if (typeof target === 'string') {
      const task = this.#parts.records.recorder.find(target)
      return task && this.#parts.pipeline.cancel(task, reason) ? 1 : 0
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
    return this.#parts.cancelWhere((task) => matchesFilter(task.snapshot(), filter), reason)
  }

  /** As `cancel`, for all that live. */
  cancelAll(reason?: unknown): number {
    return this.#parts.cancelWhere(() => true, reason)
  }

  /** Starts no function any more. Running ones go on, timeouts count, a promise handed over runs anyway. */
  pause(): void {
    this.#parts.pause()
  }

  resume(): void {
    this.#parts.resume()
  }

  /**
   * Every instance that shares the store: who lives, and what each said of itself within its last 5 s. With a store that
   * does not outlive the process, this one. @throws TaskStoreError `STORE_UNAVAILABLE`
   */
  fleet(): Promise<FleetStatus> {
    return this.#parts.records.fleet()
  }

  /**
   * Removes finished tasks from the store, with history and errors, beyond `retention` or what is given here. It happens by
   * itself too. Gives how many. @throws TaskOptionError, TaskStoreError
   */
  async prune(given?: Pick<options.RetentionOptions, 'maxAge' | 'maxTasks'>): Promise<number> {
    return this.#parts.records.retention.prune(options.resolvePrune(given))
  }

  /**
   * Opens the store, brings it up to date, and ends what processes that have died left in it: their tasks fail with
   * `TASK_INTERRUPTED`. Optional: `spawn` works before it, and the first record opens the store too. Another live process's
   * tasks are never touched; one on another machine counts as dead 30 s after its last sign of life.
   *
   * @throws TaskStoreError `STORE_UNAVAILABLE` where the store cannot be opened, or has not been after a minute; the next call
   *   tries again
   */
  open(): Promise<void> {
    return this.#parts.records.open()
  }

  /** Resolves when nothing is pending, running or stopping: at once when that is so. Abandoned functions are not waited for. */
  async onIdle(): Promise<void> {
    await this.#parts.rested(Infinity)
  }

  /** As `onIdle`, with a limit: true when idle, false when that took longer. Keeps accepting, and waits for that too. */
  async drain(given?: DrainOptions): Promise<boolean> {
    return this.#parts.rested(options.resolveDrain(given).timeout)
  }

  /**
   * Ends the supervisor within `timeout + grace`, whatever the tasks and the store do, and says what became of each task.
   * While it drains, live tasks may still spawn; everybody else's spawns end `cancelled` with `SUPERVISOR_CLOSED`, as all do
   * afterwards. Later calls give the same report.
   */
  async close(given?: CloseOptions): Promise<CloseReport> {
    return this.#parts.close(options.resolveClose(given))
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Listens until `off`. @throws TaskOptionError `OPTION_INVALID` for an event that does not exist */
  on<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): this {
    options.checkListener(event, listener)
    this.#parts.announcer.emitter.on(event, listener)
    return this
  }

  /** Listens to the next one. @throws TaskOptionError as `on` */
  once<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): this {
    options.checkListener(event, listener)
    this.#parts.announcer.emitter.once(event, listener)
    return this
  }

  /** Takes a listener of `on` or `once` back. @throws TaskOptionError as `on` */
  off<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): this {
    options.checkListener(event, listener)
    this.#parts.announcer.emitter.off(event, listener)
    return this
  }
}

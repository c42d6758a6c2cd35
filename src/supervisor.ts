import { NO_METADATA } from './core/metadata.js'
import type { ErrorQuery, Page, TaskFilter, TaskQuery } from './core/query.js'
import type { TaskErrorGroup, TaskErrorRecord, TaskRecord, TaskTransition } from './core/record.js'
import type { TaskEventListener, TaskEventName } from './events.js'
import * as options from './options.js'
import { Assembly } from './runtime/assembly.js'
import { systemClock } from './runtime/clock.js'
import type { ScopeOptions, TaskScope } from './scope.js'
import type { ServiceFunction, ServiceHandle, ServiceOptions } from './service.js'
import { Spawner } from './spawner.js'
import { processExits } from './process/exits.js'
import type { FleetStatus, SupervisorStatus } from './status.js'
import { SupervisedScope, type Spawners } from './supervised-scope.js'
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
  readonly #parts: Assembly
  readonly #spawner: Spawner
  readonly #spawners: Spawners = new WeakMap()

  /** @throws TaskOptionError `OPTION_INVALID` for an unknown option or a value out of range */
  constructor(given?: options.TaskSupervisorOptions) {
    const resolved = options.resolveOptions(given)
    const { clock = systemClock, store = memoryStore(), logger = null, onError = null } = resolved
    const parts = new Assembly(resolved, {
      ...{ clock, store, logger, onError, exits: processExits },
      spawnChild: (parent, work, own) => {
        const spawner = parent.scope ? this.#spawners.get(parent.scope)! : this.#spawner
        return spawner.spawn(work, own, parent)
      },
      services: { spawn: (work, own) => this.spawn(work, own), closeScope: () => void this.close() },
    })
    this.name = resolved.name
    this.instanceId = parts.instanceId
    this.#parts = parts
    this.#spawner = new Spawner(parts, { ...resolved, owner: null, metadata: NO_METADATA }, null)
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
    return this.#spawner.spawn(work, given)
  }

  /**
   * As `spawn`, for a caller that awaits: rejects with what was thrown, or with why the task was stopped. An ordinary promise:
   * left alone, its rejection is the caller's to handle. Misuse rejects too.
   */
  run<T>(work: TaskFunction<T> | PromiseLike<T>, given?: SpawnOptions): Promise<T> {
    return this.#spawner.run(work, given)
  }

  /**
   * A part of this supervisor that shares its slots: its tasks are capped, cancelled, awaited and closed as one. Costs nothing
   * once nobody lives in it. In a supervisor that is closed it takes nothing.
   *
   * @example
   * ```ts
   * import { TaskSupervisor } from 'taskward'
   *
   * const supervisor = new TaskSupervisor()
   * await using request = supervisor.scope('request', { owner: 'ann', timeout: 5_000 })
   * request.spawn(() => fetch('https://example.com/audit'))
   * ```
   * @throws TaskOptionError `OPTION_INVALID`
   */
  scope(name: string, given?: ScopeOptions): TaskScope {
    const around = { scope: null, defaults: this.#spawner.defaults }
    return new SupervisedScope(this.#parts, this.#spawners, around, { name, options: given })
  }

  /**
   * Runs a function that lives long: starts it now, and again when it ends, as `restart` says. It takes no slot, and neither
   * `onIdle` nor `drain` waits for it; `close` stops it, after the tasks unless told otherwise. Given to a supervisor that is
   * closing or closed, it is never called.
   *
   * @example
   * ```ts
   * import { TaskSupervisor } from 'taskward'
   * import { setTimeout } from 'node:timers/promises'
   *
   * const supervisor = new TaskSupervisor()
   * supervisor.supervise('poller', async ({ signal, spawn }) => {
   *   for (;;) {
   *     spawn(() => fetch('https://example.com/jobs'), { name: 'poll' })
   *     await setTimeout(1_000, undefined, { signal })
   *   }
   * }, { backoff: { delay: 1_000 }, stopOnClose: 'first' })
   * ```
   * @throws TaskOptionError `OPTION_INVALID` for misuse only, of which a second live service of one name is
   */
  supervise(name: string, fn: ServiceFunction, given?: ServiceOptions): ServiceHandle {
    return this.#parts.services.supervise(options.resolveService(name, fn, given, this.#spawner.defaults), fn)
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
    return this.#spawner.cancel(target, reason, this.#parts)
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

import { checkValue, priorityRule } from '../core/option-rules.js'
import type { TaskOutcome, TaskRecord, TaskStatus } from '../core/record.js'
import type { TaskHandle } from '../work.js'
import type { LiveTask } from './live-task.js'
import { WatchedPromise } from './watched-promise.js'

/** What a handle asks of its supervisor. */
export interface HandleOwner {
  cancel(task: LiveTask, reason: unknown): boolean
  setPriority(task: LiveTask, priority: number): boolean
  /** What is to be called when the running task that asks awaits that one; null where none asks. */
  watcherOf(task: LiveTask): (() => void) | null
}

export class Handle<T> implements TaskHandle<T> {
  readonly #task: LiveTask
  readonly #owner: HandleOwner
  #result: Promise<T> | undefined

  constructor(task: LiveTask, owner: HandleOwner) {
    this.#task = task
    this.#owner = owner
  }

  /** The task behind a handle of this copy of the package; undefined for anything else. */
  static taskOf(value: object): LiveTask | undefined {
    return #task in value ? (value as Handle<unknown>).#task : undefined
  }

  get id(): string {
    return this.#task.id
  }

  get name(): string {
    return this.#task.settings.name
  }

  get status(): TaskStatus {
    return this.#task.status
  }

  get attempt(): number {
    return this.#task.attempt
  }

  get result(): Promise<T> {
    const onAwaited = this.#owner.watcherOf(this.#task)
    if (onAwaited) {
      const watched = WatchedPromise.of(this.#task.settled.promise.then(unwrap<unknown>), onAwaited)
      watched.catch(() => undefined)
      return watched as Promise<T>
    }
    if (this.#result === undefined) {
      this.#result = this.settled.then(unwrap)
      // Whoever looks gets the rejection; whoever does not is not troubled by it.
      this.#result.catch(() => undefined)
    }
    return this.#result
  }

  get settled(): Promise<TaskOutcome<T>> {
    const { promise } = this.#task.settled
    const onAwaited = this.#owner.watcherOf(this.#task)
    return (onAwaited ? WatchedPromise.of(promise, onAwaited) : promise) as Promise<TaskOutcome<T>>
  }

  get accepted(): Promise<boolean> {
    return this.#task.accepted.promise
  }

  get persisted(): Promise<boolean> {
    return this.#task.persisted.promise
  }

  snapshot(): TaskRecord {
    return this.#task.snapshot()
  }

  cancel(reason?: unknown): boolean {
    return this.#owner.cancel(this.#task, reason)
  }

  setPriority(priority: number): boolean {
    checkValue('setPriority()', priority, priorityRule)
    return this.#owner.setPriority(this.#task, priority)
  }
}

/** The value, or a throw of what was thrown. */
export function unwrap<T>(outcome: TaskOutcome<T>): T {
  if (outcome.status === 'completed') return outcome.value
  throw outcome.reason
}

import type { TaskOutcome, TaskRecord, TaskStatus } from '../core/record.js'
import type { TaskHandle } from '../work.js'
import type { LiveTask } from './live-task.js'

/** What a handle asks of its supervisor. */
export interface HandleOwner {
  cancel(task: LiveTask, reason: unknown): boolean
  setPriority(task: LiveTask, priority: number): boolean
}

export class Handle<T> implements TaskHandle<T> {
  readonly #task: LiveTask
  readonly #owner: HandleOwner
  #result: Promise<T> | undefined

  constructor(task: LiveTask, owner: HandleOwner) {
    this.#task = task
    this.#owner = owner
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
    if (this.#result === undefined) {
      this.#result = this.settled.then(unwrap)
      // Whoever looks gets the rejection; whoever does not is not troubled by it.
      this.#result.catch(() => undefined)
    }
    return this.#result
  }

  get settled(): Promise<TaskOutcome<T>> {
    return this.#task.settled.promise as Promise<TaskOutcome<T>>
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
    return this.#owner.setPriority(this.#task, priority)
  }
}

/** The value, or a throw of what was thrown. */
export function unwrap<T>(outcome: TaskOutcome<T>): T {
  if (outcome.status === 'completed') return outcome.value
  throw outcome.reason
}

import type { TaskError, TaskErrorRecord, TaskStatus, TaskTransition } from '../core/record.js'
import type { TaskChange } from '../store.js'

type Entry = Omit<TaskTransition, 'taskId' | 'instanceId'>

/** What has happened to one task, and how much of it the store has confirmed. */
export class Journal {
  // Entries get the task's id when they leave, as it may not have been made. Made for those who have any.
  #entries: Entry[] | null = null
  #failures: TaskErrorRecord[] | null = null
  #confirmedVersion = 0
  #confirmedTransitions = 0
  #confirmedErrors = 0

  /** Every failed attempt so far. */
  get failures(): readonly TaskErrorRecord[] {
    return this.#failures ?? []
  }

  enter(
    from: TaskStatus,
    to: TaskStatus,
    at: number,
    attempt: number,
    error: TaskError | null,
    note: string | null,
  ): void {
    ;(this.#entries ??= []).push({ from, to, at, attempt, reason: error?.code ?? note, error })
  }

  fail(failure: TaskErrorRecord): void {
    ;(this.#failures ??= []).push(failure)
  }

  /** Every transition so far, from the making of the task on. */
  transitions(taskId: string, instanceId: string, createdAt: number): TaskTransition[] {
    const born = { from: null, to: 'pending', at: createdAt, attempt: 0, reason: null, error: null } as const
    return [born, ...(this.#entries ?? [])].map(({ from, to, at, attempt, reason, error }) => {
      return { taskId, from, to, at, attempt, instanceId, reason, error }
    })
  }

  /** What the store has not confirmed of these, as one change. */
  change(record: TaskChange['record'], transitions: readonly TaskTransition[]): TaskChange {
    return {
      record,
      expected: this.#confirmedVersion,
      transitions: transitions.slice(this.#confirmedTransitions),
      errors: this.failures.slice(this.#confirmedErrors),
    }
  }

  /** The store has that change. */
  confirm({ record, transitions, errors }: TaskChange): void {
    this.#confirmedVersion = record.version
    this.#confirmedTransitions += transitions.length
    this.#confirmedErrors += errors.length
  }
}

import type { TaskError, TaskErrorRecord, TaskOutcome, TaskStatus, TaskTransition } from '../core/record.js'
import type { TaskChange } from '../store.js'

/** A step of a task's life, without what is the same in each of them. */
type Step = Omit<TaskTransition, 'taskId' | 'instanceId'>

/** A task, as far as its record tells its history. */
export interface Told {
  readonly id: string
  readonly instanceId: string
  readonly status: TaskStatus
  readonly attempt: number
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly outcome: TaskOutcome<unknown> | null
}

/** What a record does not tell of its task: how earlier attempts went, and what failed. Made for those who have any. */
export class Journal {
  readonly steps: Step[] = []
  readonly failures: TaskErrorRecord[] = []

  /** An attempt has failed, and another follows. */
  retried({ attempt, startedAt }: Told, at: number, error: TaskError): void {
    this.steps.push(startOf(attempt, startedAt!), stepTo('pending', 'running', at, attempt, error, null))
  }
}

/** How much of a task's changes the store has confirmed. */
export class Confirmed {
  #version = 0
  #transitions = 0
  #errors = 0

  add({ record, transitions, errors }: TaskChange): void {
    this.#version = record.version
    this.#transitions += transitions.length
    this.#errors += errors.length
  }

  /** What it has not, of all there is. */
  restOf({ record, transitions, errors }: TaskChange): TaskChange {
    return {
      record,
      expected: this.#version,
      transitions: transitions.slice(this.#transitions),
      errors: errors.slice(this.#errors),
    }
  }
}

/**
 * Every step of a task so far: its making, those of its earlier attempts, and what its record tells of the last.
 *
 * @param hasRun whether it has its outcome from an attempt
 * @param note what is said of a completed one
 */
export function transitionsOf(
  task: Told,
  journal: Journal | null,
  hasRun: boolean,
  note: string | null,
): TaskTransition[] {
  const { id: taskId, instanceId } = task
  return stepsOf(task, journal, hasRun, note).map(({ from, to, at, attempt, reason, error }) => {
    return { taskId, from, to, at, attempt, instanceId, reason, error }
  })
}

function stepsOf(task: Told, journal: Journal | null, hasRun: boolean, note: string | null): Step[] {
  const { attempt, createdAt, finishedAt, outcome, startedAt, status } = task
  const steps: Step[] = [stepTo('pending', null, createdAt, 0, null, null), ...(journal?.steps ?? [])]
  if (status === 'running' || hasRun) steps.push(startOf(attempt, startedAt!))
  if (outcome === null) return steps
  const error = outcome.status === 'completed' ? null : outcome.error
  steps.push(stepTo(outcome.status, hasRun ? 'running' : 'pending', finishedAt!, attempt, error, note))
  return steps
}

const startOf = (attempt: number, at: number): Step => stepTo('running', 'pending', at, attempt, null, null)

const stepTo = (
  to: TaskStatus,
  from: TaskStatus | null,
  at: number,
  attempt: number,
  error: TaskError | null,
  note: string | null,
): Step => ({ from, to, at, attempt, reason: error?.code ?? note, error })

import type { TaskStatus } from './record.js'

/** Every legal move of a task. `null` is where it comes from; the last three have no way out. */
export const MOVES = {
  pending: ['running', 'failed', 'cancelled'],
  running: ['pending', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<TaskStatus, readonly TaskStatus[]>

export const TASK_STATUSES = Object.keys(MOVES) as readonly TaskStatus[]

export const isTaskStatus = (value: unknown): value is TaskStatus => TASK_STATUSES.includes(value as TaskStatus)

/** The only place that decides whether a task may change its status; an illegal move is a bug of taskward's. */
export function transition(from: TaskStatus | null, to: TaskStatus): TaskStatus {
  const legal = from === null ? to === 'pending' : (MOVES[from] as readonly TaskStatus[]).includes(to)
  if (!legal) throw new Error(`BUG: a task cannot go from ${String(from)} to ${to}; please report this`)
  return to
}

export function isTerminal(status: TaskStatus): boolean {
  return MOVES[status].length === 0
}

import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import type { Changes } from '../../store.js'
import { errorOfRow, recordOfRow, transitionOfRow, type StoredError, type StoredTask } from '../sql/records.js'
import type { TransitionRow } from '../sql/rows.js'
import type { Connection } from './connection.js'
import { readMeta } from './schema.js'

export const TASK_COLUMNS =
  'id, version, status, name, lane, owner, parent_id, created_at, finished_at, instance_id, body'

export const ERROR_COLUMNS = 'id, task_id, task_name, owner, fingerprint, at, body'

/** As the partial index has it, word for word: else it is not taken. */
export const UNFINISHED = `status IN ('pending', 'running')`

/** As the partial index has it, too. */
export const FINISHED = `status IN ('completed', 'failed', 'cancelled')`

/** A limit as SQLite takes it: there is no `Infinity`. */
export const limitOf = (limit: number): number => Math.min(limit, Number.MAX_SAFE_INTEGER)

/* Ids are as the columns have them: through `columnText`. */

export function taskOf(connection: Connection, id: string): TaskRecord | undefined {
  const row = connection.get<StoredTask>(`SELECT ${TASK_COLUMNS} FROM taskward_tasks WHERE id = ?`, id)
  return row && recordOfRow(row)
}

export const hasTask = (connection: Connection, id: string): boolean =>
  connection.get('SELECT 1 AS found FROM taskward_tasks WHERE id = ?', id) !== undefined

export const historyOf = (connection: Connection, id: string): TaskTransition[] =>
  connection
    .all<TransitionRow>('SELECT task_id, body FROM taskward_transitions WHERE task_id = ? ORDER BY seq, step', id)
    .map(transitionOfRow)

/** Of one task, in the order in which they came. */
export const errorsOf = (connection: Connection, id: string): TaskErrorRecord[] =>
  connection
    .all<StoredError>(`SELECT ${ERROR_COLUMNS} FROM taskward_errors WHERE task_id = ? ORDER BY key`, id)
    .map(errorOfRow)

export function countsOf(connection: Connection): Record<TaskStatus, number> {
  const counts: Record<TaskStatus, number> = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
  const rows = connection.all<{ status: TaskStatus; count: number }>(
    'SELECT status, count(*) AS count FROM taskward_tasks GROUP BY status',
  )
  for (const { status, count } of rows) if (status in counts) counts[status] = count
  return counts
}

export function changesSince(connection: Connection, since: number, limit: number): Changes {
  if (since === Infinity) return { items: [], next: readMeta(connection, 'seq') }
  const items = connection
    .all<StoredTask & { seq: number }>(
      `SELECT seq, ${TASK_COLUMNS} FROM taskward_tasks WHERE seq > ? ORDER BY seq LIMIT ?`,
      since,
      limitOf(limit),
    )
    .map((row) => ({ seq: row.seq, record: recordOfRow(row) }))
  return { items, next: items.at(-1)?.seq ?? since }
}

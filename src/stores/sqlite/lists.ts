import { matchesError, matchesTask, type ErrorQuery, type Page, type TaskQuery } from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus } from '../../core/record.js'
import { columnText } from '../../core/store-text.js'
import { errorOfRow, recordOfRow, type StoredError, type StoredTask } from '../sql/records.js'
import type { Term } from './list-statement.js'
import { ERROR_COLUMNS, TASK_COLUMNS, UNFINISHED } from './reads.js'
import { scan } from './scan.js'
import type { Use } from './steps.js'

/** A condition, and the index that answers it, where one does. */
interface Condition extends Term {
  readonly index?: string
}

export async function listTasks(use: Use, query: TaskQuery): Promise<Page<TaskRecord>> {
  const { text, parentId, owner, name, lane } = query
  const statuses = query.status === undefined ? undefined : [...new Set([query.status].flat())]
  if (statuses?.length === 0) return { items: [], nextCursor: null }
  const conditions = [
    ...equal('parent_id', parentId, 'taskward_tasks_parent'),
    ...equal('owner', owner, 'taskward_tasks_owner'),
    ...equal('name', name, 'taskward_tasks_name'),
    ...equal('lane', lane, 'taskward_tasks_lane'),
    ...(statuses ? [statusIn(statuses)] : []),
    ...containing(text),
  ]
  return scan<StoredTask, TaskRecord>(use, {
    ...{ table: 'taskward_tasks', columns: TASK_COLUMNS, at: 'created_at', page: query },
    ...wayThrough(conditions, 'taskward_tasks_created'),
    itemOf: recordOfRow,
    matches: (record) => text === undefined || matchesTask(record, { text }),
  })
}

export function listErrors(use: Use, query: ErrorQuery): Promise<Page<TaskErrorRecord>> {
  const { text, fingerprint, owner, code, name } = query
  const conditions = [
    ...equal('fingerprint', fingerprint, 'taskward_errors_fingerprint'),
    ...equal('owner', owner, 'taskward_errors_owner'),
    ...equal('code', code, 'taskward_errors_code'),
    ...equal('task_name', name, 'taskward_errors_name'),
    ...containing(text),
  ]
  return scan<StoredError, TaskErrorRecord>(use, {
    ...{ table: 'taskward_errors', columns: ERROR_COLUMNS, at: 'at', page: query },
    ...wayThrough(conditions, 'taskward_errors_at'),
    itemOf: errorOfRow,
    matches: (failure) => text === undefined || matchesError(failure, { text }),
  })
}

const equal = (column: string, value: string | undefined, index: string): Condition[] =>
  value === undefined ? [] : [{ sql: `${column} = ?`, values: [columnText(value)], index }]

/** What is unfinished has an index of its own, so that a few among a hundred thousand are found at once. */
function statusIn(statuses: readonly TaskStatus[]): Condition {
  if (statuses.length === 1) return { sql: 'status = ?', values: statuses, index: 'taskward_tasks_status' }
  const isUnfinished = statuses.every((status) => status === 'pending' || status === 'running')
  if (isUnfinished) return { sql: UNFINISHED, values: [], index: 'taskward_tasks_unfinished' }
  return { sql: `status IN (${statuses.map(() => '?').join(', ')})`, values: statuses }
}

const containing = (text: string | undefined): Condition[] =>
  text === undefined ? [] : [{ sql: 'instr(search, ?) > 0', values: [columnText(text.toLowerCase())] }]

/** By the first index there is; they come with the most telling first. */
function wayThrough(conditions: readonly Condition[], otherwise: string) {
  const way = conditions.find(({ index }) => index !== undefined)
  return {
    index: way?.index ?? otherwise,
    by: way ? [way] : [],
    also: conditions.filter((condition) => condition !== way),
  }
}

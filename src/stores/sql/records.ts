import { errorRecordFromStored, parseStored, recordFromStored, transitionFromStored } from '../../core/stored.js'
import { textOfColumn } from '../../core/store-text.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import type { ErrorRow, TaskRow, TransitionRow } from './rows.js'

/*
 * Rows read back: what the body says, and where it cannot be read, what the columns know. None of these throws.
 */

/** What is selected to make a record of it. */
export type StoredTask = Omit<TaskRow, 'search'>
/** What is selected to make an error record of it. */
export type StoredError = Omit<ErrorRow, 'search' | 'code'>

/** A column may hold anything, too: what is no text is not known. */
const text = (column: unknown): string | undefined => (typeof column === 'string' ? textOfColumn(column) : undefined)

export const recordOfRow = (row: StoredTask): TaskRecord =>
  recordFromStored(parseStored(row.body), {
    id: text(row.id),
    version: row.version,
    // Whatever is there: it is looked at before it is believed.
    status: row.status as TaskStatus,
    name: text(row.name),
    lane: text(row.lane),
    owner: text(row.owner),
    parentId: text(row.parent_id),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    instanceId: text(row.instance_id),
  })

export const transitionOfRow = (row: TransitionRow): TaskTransition =>
  transitionFromStored(parseStored(row.body), { taskId: text(row.task_id) })

export const errorOfRow = (row: StoredError): TaskErrorRecord =>
  errorRecordFromStored(parseStored(row.body), {
    id: text(row.id),
    taskId: text(row.task_id),
    taskName: text(row.task_name),
    owner: text(row.owner),
    fingerprint: text(row.fingerprint),
    at: row.at,
  })

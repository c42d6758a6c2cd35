import { columnText, searchTextOfError, searchTextOfTask } from '../../core/store-text.js'
import type { TaskErrorRecord, TaskRecord, TaskTransition } from '../../core/record.js'

/*
 * What a row holds beside the record itself: no more than what is searched, sorted or guarded by. The record is `body`, as
 * JSON text, in which NUL and lone surrogates are escapes; the other texts go through `columnText`.
 */

export interface TaskRow {
  id: string
  version: number
  status: string
  name: string
  lane: string | null
  owner: string | null
  parent_id: string | null
  created_at: number
  finished_at: number | null
  instance_id: string
  search: string
  body: string
}

export interface TransitionRow {
  task_id: string
  body: string
}

export interface ErrorRow {
  id: string
  task_id: string
  task_name: string
  owner: string | null
  code: string | null
  fingerprint: string
  at: number
  search: string
  body: string
}

const columnOrNull = (text: string | null): string | null => (text === null ? null : columnText(text))

export const rowOfTask = (record: TaskRecord): TaskRow => ({
  id: columnText(record.id),
  version: record.version,
  status: record.status,
  name: columnText(record.name),
  lane: columnOrNull(record.lane),
  owner: columnOrNull(record.owner),
  parent_id: columnOrNull(record.parentId),
  created_at: record.createdAt,
  finished_at: record.finishedAt,
  instance_id: columnText(record.instanceId),
  search: searchTextOfTask(record),
  body: JSON.stringify(record),
})

export const rowOfTransition = (transition: TaskTransition): TransitionRow => ({
  task_id: columnText(transition.taskId),
  body: JSON.stringify(transition),
})

export const rowOfError = (failure: TaskErrorRecord): ErrorRow => ({
  id: columnText(failure.id),
  task_id: columnText(failure.taskId),
  task_name: columnText(failure.taskName),
  owner: columnOrNull(failure.owner),
  code: columnOrNull(failure.error.code),
  fingerprint: columnText(failure.fingerprint),
  at: failure.at,
  search: searchTextOfError(failure),
  body: JSON.stringify(failure),
})

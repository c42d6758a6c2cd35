import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import { columnText } from '../../core/store-text.js'
import { rowOfError, rowOfTask, type ErrorRow, type TaskRow } from '../sql/rows.js'
import type { StoredError, StoredTask } from '../sql/records.js'
import type { Row } from './database.js'

/** What an entry of a B-tree may hold has an end (2,704 bytes), and a text that is longer would fail the whole batch. */
const MAX_INDEXED = 256

/** A text as its column has it where it is indexed: its beginning. The body has the whole, and is what decides. */
export const indexedText = (text: string): string => clipped(columnText(text))

const clipped = (column: string): string => (column.length > MAX_INDEXED ? column.slice(0, MAX_INDEXED) : column)
const clippedOrNull = (column: string | null): string | null => (column === null ? null : clipped(column))

export const taskRow = (record: TaskRecord): TaskRow => {
  const row = rowOfTask(record)
  row.name = clipped(row.name)
  row.lane = clippedOrNull(row.lane)
  row.owner = clippedOrNull(row.owner)
  row.parent_id = clippedOrNull(row.parent_id)
  return row
}

export const errorRow = (failure: TaskErrorRecord): ErrorRow => {
  const row = rowOfError(failure)
  row.task_name = clipped(row.task_name)
  row.owner = clippedOrNull(row.owner)
  row.code = clippedOrNull(row.code)
  row.fingerprint = clipped(row.fingerprint)
  return row
}

/** The columns with their types, in the order in which they are written. */
export const TASK_COLUMNS: Readonly<Record<keyof TaskRow, 'text' | 'float8'>> = {
  id: 'text',
  version: 'float8',
  status: 'text',
  name: 'text',
  lane: 'text',
  owner: 'text',
  parent_id: 'text',
  created_at: 'float8',
  finished_at: 'float8',
  instance_id: 'text',
  search: 'text',
  body: 'text',
}

export const ERROR_COLUMNS: Readonly<Record<keyof ErrorRow, 'text' | 'float8'>> = {
  id: 'text',
  task_id: 'text',
  task_name: 'text',
  owner: 'text',
  code: 'text',
  fingerprint: 'text',
  at: 'float8',
  search: 'text',
  body: 'text',
}

const listOf = (columns: object, ...without: string[]): string =>
  Object.keys(columns)
    .filter((column) => !without.includes(column))
    .join(', ')

/** What is read to make a record, an error record, of it. */
export const STORED_TASK = listOf(TASK_COLUMNS, 'search')
export const STORED_ERROR = listOf(ERROR_COLUMNS, 'search', 'code')

// A pool that was handed in may have been told to read numbers in another way.
export const storedTask = (row: Row): StoredTask => {
  const { version, created_at, finished_at } = row
  return {
    ...(row as unknown as StoredTask),
    version: Number(version),
    created_at: Number(created_at),
    finished_at: finished_at === null ? null : Number(finished_at),
  }
}

export const storedError = (row: Row): StoredError => ({ ...(row as unknown as StoredError), at: Number(row['at']) })

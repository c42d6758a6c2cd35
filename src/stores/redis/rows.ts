import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import { columnText } from '../../core/store-text.js'
import type { TaskChange } from '../../store.js'
import { rowOfError, rowOfTask } from '../sql/rows.js'

/** A hash as the scripts take it: null is a field that is not there. */
type Fields = Readonly<Record<string, string | number | null>>

/** What the commit script takes of one change. */
export function packChange({ record, expected, transitions, errors }: TaskChange): string[] {
  const fields: Record<string, string | number | null> = { ...taskFields(record) }
  // Under the version that brought them, so that a change written twice is there once; in lines, which JSON text has none of,
  // so that a step that is spoiled spoils no other.
  if (transitions.length > 0)
    fields[`history:${record.version}`] = transitions.map((step) => JSON.stringify(step)).join('\n')
  if (errors.length > 0) {
    fields[`errors:${record.version}`] = JSON.stringify(errors.map(({ id }) => columnText(id)))
  }
  const packed = [columnText(record.id), String(expected), ...packFields(fields), String(errors.length)]
  for (const failure of errors) packed.push(columnText(failure.id), ...packFields(errorFields(failure)))
  return packed
}

function taskFields(record: TaskRecord): Fields {
  const row = rowOfTask(record)
  return {
    ...{ version: row.version, status: row.status, instance: row.instance_id },
    ...{ created: row.created_at, finished: row.finished_at },
    ...{ name: row.name, lane: row.lane, owner: row.owner, parent: row.parent_id },
    ...{ search: row.search, body: row.body },
  }
}

function errorFields(failure: TaskErrorRecord): Fields {
  const row = rowOfError(failure)
  return {
    ...{ task: row.task_id, name: row.task_name, owner: row.owner, code: row.code, fingerprint: row.fingerprint },
    ...{ at: row.at, search: row.search, body: row.body },
  }
}

function packFields(fields: Fields): string[] {
  const packed = ['']
  for (const [field, value] of Object.entries(fields)) {
    if (value !== null) packed.push(field, String(value))
  }
  packed[0] = String((packed.length - 1) / 2)
  return packed
}

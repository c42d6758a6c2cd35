import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import { TASK_STATUSES } from '../../core/lifecycle.js'
import { columnText, textOfColumn } from '../../core/store-text.js'
import {
  errorRecordFromStored,
  parseStored,
  recordFromStored,
  transitionFromStored,
  type Known,
} from '../../core/stored.js'
import type { ArchivedTask } from '../../store.js'
import type { Connection } from './any-connection.js'
import { fieldsOf, listOf, numberOf } from './reply.js'
import { SCRIPTS } from './script.js'

/** How much of what is stored one script gives back. */
export const MAX_REPLY = 1_000_000

export type Fields = Map<string, string>

/** All the fields of each, in the order of the ids; null where there are none. */
export async function readFields(
  connection: Connection,
  kind: 'task' | 'error',
  ids: readonly string[],
): Promise<(Fields | null)[]> {
  const rows: (Fields | null)[] = []
  while (rows.length < ids.length) {
    const rest = ids.slice(rows.length, rows.length + 1_000).map(columnText)
    const reply = listOf(await connection.run(SCRIPTS.read, [kind, String(MAX_REPLY), ...rest]))
    if (reply.length === 0) throw new Error('BUG: a read gave nothing; please report this')
    rows.push(...reply.map(fieldsOf))
  }
  return rows
}

export async function readTask(connection: Connection, id: string): Promise<TaskRecord | undefined> {
  const [fields] = await readFields(connection, 'task', [id])
  return fields ? recordOf(id, fields) : undefined
}

export async function readHistory(connection: Connection, id: string): Promise<TaskTransition[]> {
  const [fields] = await readFields(connection, 'task', [id])
  return fields ? historyOf(id, fields) : []
}

/** All that belongs to each. */
export async function readWhole(connection: Connection, ids: readonly string[]): Promise<ArchivedTask[]> {
  const tasks = (await readFields(connection, 'task', ids)).map((fields) => fields ?? NO_FIELDS)
  const errorIds = tasks.map(errorIdsIn)
  const errors = (await readFields(connection, 'error', errorIds.flat())).values()
  return tasks.map((fields, index) => {
    const taskId = ids[index]!
    const own = errorIds[index]!.map((id) => errorOf(id, errors.next().value ?? NO_FIELDS, { taskId }))
    return { record: recordOf(taskId, fields), transitions: historyOf(taskId, fields), errors: own }
  })
}

const NO_FIELDS: Fields = new Map()

const errorIdsIn = (fields: Fields): string[] =>
  versionsOf(fields, 'errors:')
    .flatMap((text) => listOf(parseStored(text)))
    .map((id) => textOfColumn(String(id)))

export async function readCounts(connection: Connection): Promise<Record<TaskStatus, number>> {
  const counts = listOf(await connection.run(SCRIPTS.counts, TASK_STATUSES))
  return Object.fromEntries(TASK_STATUSES.map((status, index) => [status, numberOf(counts[index])])) as Record<
    TaskStatus,
    number
  >
}

export function recordOf(id: string, fields: Fields, known: Known<TaskRecord> = {}): TaskRecord {
  const text = textIn(fields)
  return recordFromStored(parseStored(fields.get('body')), {
    ...known,
    ...withoutNull({
      status: fields.get('status') as TaskStatus | undefined,
      ...{ name: text('name'), lane: text('lane'), owner: text('owner'), parentId: text('parent') },
      ...{ instanceId: text('instance'), version: numberIn(fields, 'version') },
      ...{ createdAt: numberIn(fields, 'created'), finishedAt: numberIn(fields, 'finished') },
    }),
    id,
  })
}

export function errorOf(id: string, fields: Fields, known: Known<TaskErrorRecord> = {}): TaskErrorRecord {
  const text = textIn(fields)
  return errorRecordFromStored(parseStored(fields.get('body')), {
    ...known,
    ...withoutNull({
      ...{ taskId: text('task'), taskName: text('name'), owner: text('owner') },
      ...{ fingerprint: text('fingerprint'), at: numberIn(fields, 'at') },
    }),
    id,
  })
}

function historyOf(taskId: string, fields: Fields): TaskTransition[] {
  return versionsOf(fields, 'history:').flatMap((lines) =>
    lines.split('\n').map((line) => transitionFromStored(parseStored(line), { taskId })),
  )
}

/** What each version has left, in the order of the versions. */
function versionsOf(fields: Fields, prefix: string): string[] {
  return [...fields]
    .filter(([field]) => field.startsWith(prefix))
    .sort(([a], [b]) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)))
    .map(([, text]) => text)
}

const textIn =
  (fields: Fields) =>
  (field: string): string | null => {
    const column = fields.get(field)
    return column === undefined ? null : textOfColumn(column)
  }

function numberIn(fields: Fields, field: string): number | null {
  const text = fields.get(field)
  return text === undefined ? null : Number(text)
}

function withoutNull<T extends object>(known: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>
}

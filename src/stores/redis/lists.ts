import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import { matchesError, matchesTask, type ErrorQuery, type Page, type TaskQuery } from '../../core/query.js'
import { errorRecordFromStored, parseStored, recordFromStored, type Known } from '../../core/stored.js'
import type { Changes } from '../../store.js'
import type { Connection } from './any-connection.js'
import { listOf, numberOf } from './reply.js'
import { rowsOf, scanPage, type Row, type Scan, type ScanFilter } from './scan.js'
import { SCRIPTS } from './script.js'
import { errorOf, MAX_REPLY, readFields, recordOf, type Fields } from './tasks.js'

/** Tasks that match, in pages. */
export async function listTasks(connection: Connection, query: TaskQuery): Promise<Page<TaskRecord>> {
  const { status, name, lane, owner, parentId } = query
  const statuses = status === undefined ? undefined : [...new Set([status].flat())]
  if (statuses?.length === 0) return { items: [], nextCursor: null }
  const filters = filtersOf({ status: statuses, name, lane, owner, parent: parentId })
  // What led to a row is true of it, also where the row itself cannot say so any more.
  const known = withoutUndefined({
    name,
    lane,
    owner,
    parentId,
    status: statuses?.length === 1 ? statuses[0] : undefined,
  })
  return scanPage(connection, scanOf('tasks', query, query.order, filters), query, async (rows) => {
    const records = await recordsOf(connection, rows.map(asTask), known)
    return records.map((record) => (matchesTask(record, query) ? record : null))
  })
}

/** Failed attempts that match, newest first, in pages. */
export async function listErrors(connection: Connection, query: ErrorQuery): Promise<Page<TaskErrorRecord>> {
  const { name, owner, code, fingerprint } = query
  const filters = filtersOf({ name, owner, code, fingerprint })
  const known = withoutUndefined({ taskName: name, owner, fingerprint })
  return scanPage(connection, scanOf('errors', query, 'newest', filters), query, async (rows) => {
    const failures = rows.map(({ id, at, body }) => errorRecordFromStored(parseStored(body), { ...known, at, id }))
    await improve(connection, 'error', failures, (failure, fields) =>
      errorOf(failure.id, fields, { ...known, at: failure.at }),
    )
    // Of a body that is illegible, the code by which it was found is lost.
    return failures.map((failure) => (isCorrupt(failure) || matchesError(failure, query) ? failure : null))
  })
}

/** Unfinished tasks of instances that are not among the living; oldest first. Looks at every unfinished task, if need be. */
export async function listOrphans(
  connection: Connection,
  living: readonly string[],
  limit: number,
): Promise<TaskRecord[]> {
  const filters = [
    { field: 'status', values: ['pending', 'running'] },
    { field: 'instance', isNegated: true, values: living },
  ]
  const page = await scanPage(
    connection,
    scanOf('tasks', {}, 'oldest', filters),
    { limit, maxSteps: Infinity },
    async (rows) => recordsOf(connection, rows.map(asTask), {}),
  )
  return page.items
}

/** The records that have changed after a place in the order of changes. */
export async function readChanges(connection: Connection, since: number, limit: number): Promise<Changes> {
  if (since === Infinity) {
    const [last] = listOf(await connection.run(SCRIPTS.changes, ['0', '0', '0']))
    return { items: [], next: numberOf(last) }
  }
  const changes: Changes = { items: [], next: since }
  for (;;) {
    const wanted = Math.min(limit - changes.items.length, MAX_CHANGES)
    const args = [String(changes.next), String(wanted), String(MAX_REPLY)]
    const [, found] = listOf(await connection.run(SCRIPTS.changes, args))
    const rows = rowsOf(listOf(found))
    const records = await recordsOf(connection, rows, {})
    for (const [index, record] of records.entries()) changes.items.push({ seq: rows[index]!.at, record })
    changes.next = rows.at(-1)?.at ?? changes.next
    if (rows.length === 0 || changes.items.length >= limit) return changes
  }
}

const MAX_CHANGES = 1_000

/** A row to be read, with what is known of it besides its text. */
interface TaskRow extends Pick<Row, 'id' | 'body'> {
  readonly createdAt?: number
}

const asTask = ({ id, at, body }: Row): TaskRow => ({ id, body, createdAt: at })

async function recordsOf(
  connection: Connection,
  rows: readonly TaskRow[],
  known: Known<TaskRecord>,
): Promise<TaskRecord[]> {
  const records = rows.map(({ body, ...row }) => recordFromStored(parseStored(body), { ...known, ...row }))
  await improve(connection, 'task', records, (record, fields) =>
    recordOf(record.id, fields, { ...known, createdAt: record.createdAt }),
  )
  return records
}

/** Reads those that are corrupt once more, with the other fields of their hashes, which say what they can. */
async function improve<T extends TaskRecord | TaskErrorRecord>(
  connection: Connection,
  kind: 'task' | 'error',
  items: T[],
  readFrom: (item: T, fields: Fields) => T,
): Promise<void> {
  const corrupt = items.filter(isCorrupt)
  if (corrupt.length === 0) return
  const ids = corrupt.map(({ id }) => id)
  const fields = new Map((await readFields(connection, kind, ids)).map((found, index) => [ids[index], found]))
  for (const [index, item] of items.entries()) {
    const found = fields.get(item.id)
    if (found) items[index] = readFrom(item, found)
  }
}

const isCorrupt = ({ error }: TaskRecord | TaskErrorRecord): boolean => error?.code === 'STORE_CORRUPT'

function scanOf(
  base: Scan['base'],
  { text, createdAfter, createdBefore }: Pick<TaskQuery, 'text' | 'createdAfter' | 'createdBefore'>,
  order: Scan['order'] = 'newest',
  filters: readonly ScanFilter[],
): Scan {
  return { base, order, filters, text, createdAfter, createdBefore }
}

function filtersOf(wanted: Readonly<Record<string, string | readonly string[] | undefined>>): ScanFilter[] {
  return Object.entries(wanted).flatMap(([field, values]) =>
    values === undefined ? [] : [{ field, values: [values].flat() }],
  )
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const withoutUndefined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>

import {
  decodeCursor,
  DEFAULT_LIMIT,
  encodeCursor,
  matchesError,
  matchesTask,
  type ErrorQuery,
  type Page,
  type Position,
  type TaskQuery,
} from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import { columnText, textOfColumn } from '../../core/store-text.js'
import { errorOfRow, recordOfRow } from '../sql/records.js'
import type { Database, Row } from './database.js'
import type { Names } from './names.js'
import { indexedText, STORED_ERROR, STORED_TASK, storedError, storedTask } from './rows.js'
import { limitOf, Statement } from './statement.js'

/** No index helps to find a text; some 100 ms. */
const SCANNED = 50_000

export const listTasks = (
  database: Database,
  names: Names,
  query: TaskQuery,
  scanned = SCANNED,
): Promise<Page<TaskRecord>> =>
  pageOf(database, query, {
    ...{ scanned, table: names.of('task'), columns: STORED_TASK, at: 'created_at' },
    bind: (statement) => [
      ...equal(statement, { name: query.name, lane: query.lane, owner: query.owner, parent_id: query.parentId }),
      ...(query.status === undefined ? [] : [`status = ANY(${statement.bind([query.status].flat(), 'text[]')})`]),
    ],
    itemOf: (row) => recordOfRow(storedTask(row)),
    matches: (record) => matchesTask(record, query),
  })

export const listErrors = (
  database: Database,
  names: Names,
  query: ErrorQuery,
  scanned = SCANNED,
): Promise<Page<TaskErrorRecord>> =>
  pageOf(database, query, {
    ...{ scanned, table: names.of('error'), columns: STORED_ERROR, at: 'at' },
    bind: (statement) => {
      const { name, owner, fingerprint, code } = query
      return equal(statement, { task_name: name, owner, fingerprint, code })
    },
    itemOf: (row) => errorOfRow(storedError(row)),
    matches: (failure) => matchesError(failure, query),
  })

interface Kind<T> {
  /** How many rows one call looks through for a text. */
  readonly scanned: number
  readonly table: string
  readonly columns: string
  /** The column of the instant it is listed by. */
  readonly at: string
  readonly bind: (statement: Statement) => string[]
  readonly itemOf: (row: Row) => T
  /** Decides: columns have the beginnings of long texts, and a text may be found across two fields. */
  readonly matches: (item: T) => boolean
}

type Paging = Pick<TaskQuery, 'createdAfter' | 'createdBefore' | 'text' | 'limit' | 'cursor' | 'order'>

async function pageOf<T>(database: Database, query: Paging, kind: Kind<T>): Promise<Page<T>> {
  const { limit = DEFAULT_LIMIT } = query
  const scanEnd = query.text === undefined ? null : await endOfScan(database, query, kind)
  const statement = selection(kind.columns, query, kind, scanEnd)
  if (query.text !== undefined) {
    const wanted = columnText(query.text.toLowerCase())
    statement.text += ` AND strpos(search, ${statement.bind(wanted, 'text')}) > 0`
  }
  statement.text += ordered(query, kind)
  statement.text += ` LIMIT ${statement.bind(limitOf(limit + 1), 'bigint')}`
  const rows = await database.query(statement.text, statement.values)
  const items = rows.slice(0, limit).map(kind.itemOf).filter(kind.matches)
  const next = rows.length > limit ? positionOf(rows[limit - 1]!, kind) : scanEnd
  return { items, nextCursor: next && encodeCursor(next) }
}

/**
 * Where the scan for a text is to stop; null where it may go to the end. It is settled before the scan, so that what is
 * written meanwhile can move neither its end nor what has been given.
 */
async function endOfScan<T>(database: Database, query: Paging, kind: Kind<T>): Promise<Position | null> {
  const statement = selection(`${kind.at}, id`, query, kind, null)
  statement.text += `${ordered(query, kind)} OFFSET ${kind.scanned - 1} LIMIT 1`
  const [row] = await database.query(statement.text, statement.values)
  return row ? positionOf(row, kind) : null
}

function selection<T>(columns: string, query: Paging, kind: Kind<T>, scanEnd: Position | null): Statement {
  const { createdAfter, createdBefore, cursor, order } = query
  const statement = new Statement()
  const { at } = kind
  const onwards = order === 'oldest' ? '>' : '<'
  const place = ({ at: instant, id }: Position): string =>
    `(${statement.bind(instant, 'float8')}, ${statement.bind(columnText(id), 'text')})`
  const conditions = ['true', ...kind.bind(statement)]
  if (createdAfter !== undefined) conditions.push(`${at} >= ${statement.bind(createdAfter, 'float8')}`)
  if (createdBefore !== undefined) conditions.push(`${at} < ${statement.bind(createdBefore, 'float8')}`)
  if (cursor !== undefined) conditions.push(`(${at}, id) ${onwards} ${place(decodeCursor(cursor))}`)
  if (scanEnd) conditions.push(`(${at}, id) ${order === 'oldest' ? '<=' : '>='} ${place(scanEnd)}`)
  statement.text = `SELECT ${columns} FROM ${kind.table} WHERE ${conditions.join(' AND ')}`
  return statement
}

const ordered = ({ order }: Paging, { at }: { at: string }): string =>
  order === 'oldest' ? ` ORDER BY ${at}, id` : ` ORDER BY ${at} DESC, id DESC`

function equal(statement: Statement, wanted: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(wanted).flatMap(([column, text]) =>
    text === undefined ? [] : [`${column} = ${statement.bind(indexedText(text), 'text')}`],
  )
}

/** By the columns, which is where the next page will look, whatever a spoiled body says. */
const positionOf = <T>(row: Row, { at }: Kind<T>): Position => ({
  at: Number(row[at]),
  id: textOfColumn(row['id'] as string),
})

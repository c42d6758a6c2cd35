import { columnText, textOfColumn } from '../../core/store-text.js'
import { decodeCursor, DEFAULT_LIMIT, encodeCursor, type Page, type Position } from '../../core/query.js'
import type { Connection } from './any-connection.js'
import { listOf, textOf } from './reply.js'
import { SCRIPTS } from './script.js'
import { MAX_REPLY } from './tasks.js'

/** How far one script goes, and a page: the server is blocked for a few milliseconds, and a caller waits for less than 500. */
const MAX_ENTRIES = 500
const MAX_STEPS = 30

/** What to look for, in the words of the indexes. */
export interface Scan {
  readonly base: 'tasks' | 'errors'
  readonly order: 'newest' | 'oldest'
  readonly filters: readonly ScanFilter[]
  readonly text: string | undefined
  readonly createdAfter: number | undefined
  readonly createdBefore: number | undefined
}

export interface ScanFilter {
  readonly field: string
  readonly isNegated?: boolean
  readonly values: readonly string[]
}

export interface Row {
  readonly id: string
  /** Where the index has it. */
  readonly at: number
  readonly body: string | null
}

export interface ScanLimits {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly maxSteps?: number
}

interface Step {
  /** Null where nothing is left. */
  readonly next: Position | null
  readonly rows: readonly Row[]
}

/**
 * Goes through the smallest index that fits, step by step, until the page is full, nothing is left, or enough has been looked
 * at for one call; then the page is short and its cursor goes on from there.
 *
 * @param readRows what each row is; null where a closer look shows that it does not match
 */
export async function scanPage<T>(
  connection: Connection,
  scan: Scan,
  { cursor, limit = DEFAULT_LIMIT, maxSteps = MAX_STEPS }: ScanLimits,
  readRows: (rows: readonly Row[]) => Promise<readonly (T | null)[]>,
): Promise<Page<T>> {
  const items: T[] = []
  let place = cursor === undefined ? null : decodeCursor(cursor)
  for (let steps = 0; steps < maxSteps; steps++) {
    // One more than fits tells whether there is another page.
    const { next, rows } = await takeStep(connection, scan, place, limit - items.length + 1)
    for (const [index, item] of (await readRows(rows)).entries()) {
      if (item === null) continue
      if (items.length === limit) return { items, nextCursor: place && encodeCursor(place) }
      items.push(item)
      place = rows[index]!
    }
    if (!next) return { items, nextCursor: null }
    place = next
    if (items.length === limit) break
  }
  return { items, nextCursor: place && encodeCursor(place) }
}

async function takeStep(connection: Connection, scan: Scan, place: Position | null, wanted: number): Promise<Step> {
  const { base, order, filters, text, createdAfter, createdBefore } = scan
  const args = [
    ...[base, base === 'tasks' ? 'task' : 'error', order],
    ...[createdAfter === undefined ? '-inf' : String(createdAfter)],
    ...[createdBefore === undefined ? '+inf' : `(${String(createdBefore)}`],
    ...(place ? [String(place.at), columnText(place.id)] : ['', '']),
    ...[String(Math.min(wanted, MAX_ENTRIES)), String(MAX_ENTRIES), String(MAX_REPLY)],
    ...(text === undefined ? ['0', ''] : ['1', columnText(text.toLowerCase())]),
    String(filters.length),
  ]
  for (const { field, isNegated = false, values } of filters) {
    args.push(field, isNegated ? 'not' : 'is', String(values.length), ...values.map(columnText))
  }
  const [at, id, hasMore, found] = listOf(await connection.run(SCRIPTS.scan, args))
  return { next: hasMore === 1 ? positionOf(at, id) : null, rows: rowsOf(listOf(found)) }
}

const positionOf = (at: unknown, id: unknown): Position => ({ at: Number(at), id: textOfColumn(String(id)) })

/** Rows as the scripts flatten them: id, place in the index, body. */
export function rowsOf(found: readonly unknown[]): Row[] {
  const rows: Row[] = []
  for (let index = 0; index < found.length; index += 3) {
    rows.push({ ...positionOf(found[index + 1], found[index]), body: textOf(found[index + 2]) })
  }
  return rows
}

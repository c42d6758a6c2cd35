import { decodeCursor, type TaskQuery } from '../../core/query.js'
import { columnText } from '../../core/store-text.js'
import type { Connection } from './connection.js'
import type { SqliteValue } from './driver.js'

/** A condition, with its values. */
export interface Term {
  readonly sql: string
  readonly values: readonly SqliteValue[]
}

/** What to list, and the way to it. */
export interface ListedRows {
  readonly table: string
  readonly columns: string
  /** The instant by which it is sorted; then by `id`. */
  readonly at: string
  /** Is named in the statement, so that the way is the same whatever statistics the database has. */
  readonly index: string
  /** What the index answers. */
  readonly by: readonly Term[]
  /** What only a look at each row answers. */
  readonly also: readonly Term[]
  readonly page: Pick<TaskQuery, 'createdAfter' | 'createdBefore' | 'limit' | 'cursor' | 'order'>
}

/** A place in a list, in terms of columns. */
export interface Place {
  readonly at: number
  readonly id: string
}

/** How many rows are read, and how many are looked at and passed over, before other work has its turn. */
const READ_STEP = 250
const LOOK_STEP = 5_000

/** The SQL of one list, which reads on from any place in it. */
export class ListStatement<Row extends { id: string }> {
  /** Where the list begins: what is asked for comes after it. */
  readonly start: Place
  readonly #end: Place
  readonly #read: string
  readonly #skip: string
  readonly #by: readonly SqliteValue[]
  readonly #also: readonly SqliteValue[]
  readonly #at: string

  constructor({ table, columns, at, index, by, also, page }: ListedRows) {
    const isOldestFirst = page.order === 'oldest'
    const [after, upTo, direction] = isOldestFirst ? ['>', '<=', ''] : ['<', '>=', ' DESC']
    const from = (terms: readonly Term[]): string =>
      `FROM ${table} INDEXED BY ${index} WHERE ${[
        ...terms.map(({ sql }) => sql),
        `(${at}, id) ${after} (?, ?)`,
        `(${at}, id) ${upTo} (?, ?)`,
      ].join(' AND ')} ORDER BY ${at}${direction}, id${direction}`
    this.#read = `SELECT ${columns} ${from([...by, ...also])} LIMIT ?`
    this.#skip = also.length === 0 ? '' : `SELECT ${at}, id ${from(by)} LIMIT 1 OFFSET ${String(LOOK_STEP - 1)}`
    this.#by = by.flatMap(({ values }) => values)
    this.#also = also.flatMap(({ values }) => values)
    this.#at = at
    ;({ start: this.start, end: this.#end } = boundsOf(page))
  }

  /** The next rows, and where it stopped before the end of the list. */
  read(connection: Connection, place: Place, wanted: number): { rows: Row[]; stoppedAt: Place | undefined } {
    const limit = Math.min(wanted, READ_STEP)
    const far =
      this.#skip && connection.get<Row>(this.#skip, ...this.#by, place.at, place.id, this.#end.at, this.#end.id)
    const end = far ? this.placeOf(far) : this.#end
    const values = [...this.#by, ...this.#also, place.at, place.id, end.at, end.id, limit]
    const rows = connection.all<Row>(this.#read, ...values)
    const last = rows.length === limit ? rows.at(-1) : undefined
    return { rows, stoppedAt: last ? this.placeOf(last) : far ? end : undefined }
  }

  placeOf(row: Row): Place {
    return { at: (row as Row & Record<string, number>)[this.#at]!, id: row.id }
  }
}

/** Both ends, in the order of the list: the first is not in it, the last is. No id is empty, so an empty one is before all. */
function boundsOf({ createdAfter, createdBefore, cursor, order }: ListedRows['page']): {
  start: Place
  end: Place
} {
  const after = { at: createdAfter ?? Number.MIN_SAFE_INTEGER, id: '' }
  const before = { at: createdBefore ?? Number.MAX_SAFE_INTEGER, id: '' }
  const [start, end] = order === 'oldest' ? [after, before] : [before, after]
  if (cursor === undefined) return { start, end }
  const { at, id } = decodeCursor(cursor)
  const isFurther = order === 'oldest' ? at >= start.at : at < start.at
  return { start: isFurther ? { at, id: columnText(id) } : start, end }
}

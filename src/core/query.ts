import { TaskOptionError } from './errors.js'
import { columnText } from './store-text.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus } from './record.js'

/** One page of a list. `nextCursor` continues it, also while tasks are being written; null at the end. */
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** What `list` takes; everything given must hold. Instants are epoch milliseconds. */
export interface TaskQuery {
  status?: TaskStatus | TaskStatus[] | undefined
  name?: string | undefined
  lane?: string | undefined
  owner?: string | undefined
  parentId?: string | undefined
  /** Found in name, id, owner or the error's message, in any case of letters. */
  text?: string | undefined
  /** Inclusive. */
  createdAfter?: number | undefined
  /** Exclusive. */
  createdBefore?: number | undefined
  /** From 1. @default 100 */
  limit?: number | undefined
  /** `nextCursor` of the page before, with the same query. */
  cursor?: string | undefined
  /** By creation. @default 'newest' */
  order?: 'newest' | 'oldest' | undefined
}

/** Which live tasks to cancel; everything given must hold. */
export type TaskFilter = Pick<TaskQuery, 'status' | 'name' | 'lane' | 'owner' | 'parentId'>

/** What `errors` takes; `createdAfter` and `createdBefore` are about the failure. */
export type ErrorQuery = Pick<
  TaskQuery,
  'name' | 'owner' | 'createdAfter' | 'createdBefore' | 'limit' | 'cursor' | 'text'
> & {
  fingerprint?: string | undefined
  code?: string | undefined
}

/** Where an item stands in a list: by instant, and by id among those of one instant. */
export interface Position {
  at: number
  id: string
}

export const DEFAULT_LIMIT = 100

export function matchesTask(record: TaskRecord, query: TaskQuery): boolean {
  return (
    matchesFilter(record, query) &&
    isWithin(record.createdAt, query) &&
    matchesText(query.text, [record.name, record.id, record.owner, record.error?.message])
  )
}

export function matchesFilter(record: Pick<TaskRecord, keyof TaskFilter>, filter: TaskFilter): boolean {
  const { status } = filter
  return (
    (status === undefined || (Array.isArray(status) ? status.includes(record.status) : status === record.status)) &&
    (filter.name === undefined || filter.name === record.name) &&
    (filter.lane === undefined || filter.lane === record.lane) &&
    (filter.owner === undefined || filter.owner === record.owner) &&
    (filter.parentId === undefined || filter.parentId === record.parentId)
  )
}

export function matchesError(record: TaskErrorRecord, query: ErrorQuery): boolean {
  return (
    (query.name === undefined || query.name === record.taskName) &&
    (query.owner === undefined || query.owner === record.owner) &&
    (query.fingerprint === undefined || query.fingerprint === record.fingerprint) &&
    (query.code === undefined || query.code === record.error.code) &&
    isWithin(record.at, query) &&
    matchesText(query.text, [record.taskName, record.taskId, record.owner, record.error.message])
  )
}

export const positionOfTask = (record: TaskRecord): Position => ({ at: record.createdAt, id: record.id })
export const positionOfError = (record: TaskErrorRecord): Position => ({ at: record.at, id: record.id })

/** Compares for a list: negative when `a` comes first. */
export function comparePositions(a: Position, b: Position, order: 'newest' | 'oldest'): number {
  const oldestFirst = a.at - b.at || compareIds(a.id, b.id)
  return order === 'oldest' ? oldestFirst : -oldestFirst
}

/** In the form in which databases hold them, of which nearly every id is its own. */
function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index++
  const at = index < length ? index : length - 1
  const isPlain = isPlainUnit(a.charCodeAt(at)) && isPlainUnit(b.charCodeAt(at))
  if (!isPlain) return compareText(columnText(a), columnText(b))
  return index < length ? a.charCodeAt(index) - b.charCodeAt(index) : a.length - b.length
}

/** What no escape and no surrogate pair is made of. */
const isPlainUnit = (unit: number): boolean => unit > 0 && unit < 0xd800

/** By code points, as databases compare UTF-8 byte by byte; JavaScript's own order differs beyond U+D7FF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = rankOf(a.charCodeAt(index)) - rankOf(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Puts surrogates behind the rest, where the code points are that they stand for. */
const rankOf = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

export const encodeCursor = ({ at, id }: Position): string => `${at}:${id}`

/** @throws TaskOptionError `OPTION_INVALID` for what no list gave */
export function decodeCursor(cursor: string): Position {
  // A bad row may stand at an instant that is none.
  const [, at, id] = /^(-?(?:\d{1,400}(?:\.\d{1,400})?(?:e[+-]\d{1,3})?|Infinity)|NaN):(.+)$/s.exec(cursor) ?? []
  if (at === undefined || id === undefined) {
    throw new TaskOptionError('cursor', `expected the nextCursor of a page, got ${JSON.stringify(cursor.slice(0, 80))}`)
  }
  return { at: Number(at), id }
}

/** Sorts the candidates, skips to the cursor and cuts the page. The candidates must already match the query. */
export function cutPage<T>(
  candidates: T[],
  positionOf: (item: T) => Position,
  { cursor, limit = DEFAULT_LIMIT, order = 'newest' }: Pick<TaskQuery, 'cursor' | 'limit' | 'order'>,
): Page<T> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor)
  const placed = candidates.map((item) => ({ item, position: positionOf(item) }))
  const rest = after ? placed.filter(({ position }) => comparePositions(position, after, order) > 0) : placed
  rest.sort((a, b) => comparePositions(a.position, b.position, order))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(({ item }) => item),
    nextCursor: last && rest.length > limit ? encodeCursor(last.position) : null,
  }
}

function isWithin(
  at: number,
  { createdAfter, createdBefore }: Pick<TaskQuery, 'createdAfter' | 'createdBefore'>,
): boolean {
  return (createdAfter === undefined || at >= createdAfter) && (createdBefore === undefined || at < createdBefore)
}

function matchesText(text: string | undefined, fields: readonly (string | null | undefined)[]): boolean {
  if (text === undefined) return true
  const wanted = text.toLowerCase()
  return fields.some((field) => field?.toLowerCase().includes(wanted))
}

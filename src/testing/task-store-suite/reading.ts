import assert from 'node:assert/strict'
import {
  DEFAULT_LIMIT,
  comparePositions,
  decodeCursor,
  positionOfError,
  positionOfTask,
  type ErrorQuery,
  type Page,
  type Position,
  type TaskQuery,
} from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import type { CommitAnswer, TaskChange, TaskStore } from '../../store.js'

/** Commits, and expects all of it to be applied. */
export async function apply(store: TaskStore, changes: readonly TaskChange[]): Promise<void> {
  const answers = await store.commit(changes)
  assert.deepEqual(answers, Array<CommitAnswer>(changes.length).fill('applied'))
}

export const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)

/** All pages of a list, each looked at as it comes. */
export const listAll = (store: TaskStore, query: TaskQuery = {}): Promise<TaskRecord[]> =>
  readAll(query.cursor, async (cursor) => {
    const page = await store.list({ ...query, cursor })
    checkPage(page, positionOfTask, { ...query, cursor })
    return page
  })

/** As {@link listAll}, for errors. */
export const errorsAll = (store: TaskStore, query: ErrorQuery = {}): Promise<TaskErrorRecord[]> =>
  readAll(query.cursor, async (cursor) => {
    const page = await store.errors({ ...query, cursor })
    checkPage(page, positionOfError, { ...query, cursor })
    return page
  })

export async function readAll<T>(
  start: string | undefined,
  read: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = []
  let cursor = start
  for (;;) {
    const { items, nextCursor } = await read(cursor)
    all.push(...items)
    if (nextCursor === null) return all
    assert.notEqual(nextCursor, cursor, 'a page leads back to itself')
    cursor = nextCursor
  }
}

/** In order, within its limit, after its cursor, and with a cursor that leads on from where it ends. */
function checkPage<T>(
  { items, nextCursor }: Page<T>,
  positionOf: (item: T) => Position,
  { cursor, limit = DEFAULT_LIMIT, order = 'newest' }: Pick<TaskQuery, 'cursor' | 'limit' | 'order'>,
): void {
  assert.ok(items.length <= limit, `${items.length} items on a page of ${limit}`)
  const start = cursor === undefined ? [] : [decodeCursor(cursor)]
  const places = [...start, ...items.map(positionOf)]
  for (const [index, place] of places.entries()) {
    const before = places[index - 1]
    const isAfter = !before || comparePositions(before, place, order) < 0
    assert.ok(isAfter, `${JSON.stringify(before)} comes before ${JSON.stringify(place)}, ${order} first`)
  }
  if (nextCursor === null) return
  const last = places.at(-1)
  const ahead = last ? comparePositions(last, decodeCursor(nextCursor), order) : -1
  const isFull = items.length === limit
  const message = `the cursor ${nextCursor} of a page of ${items.length} that ends at ${JSON.stringify(last)}`
  // Only a scan in bounded steps may have come farther than its last item.
  assert.ok(isFull ? ahead === 0 : ahead < 0 || (ahead === 0 && items.length > 0), message)
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Lets others come to their turn, where a store answers without waiting for anything. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

import {
  DEFAULT_LIMIT,
  comparePositions,
  cutPage,
  decodeCursor,
  encodeCursor,
  matchesError,
  matchesTask,
  positionOfError,
  positionOfTask,
  type ErrorQuery,
  type Page,
  type Position,
  type TaskQuery,
} from '../core/query.js'
import { parseTaskError } from '../core/normalize-error.js'
import type { TaskError, TaskErrorGroup, TaskErrorRecord, TaskRecord, TaskTransition } from '../core/record.js'
import type { GuardedStore } from './guarded-store.js'
import type { Recorder } from './recorder.js'

/** Answers from what this process knows and what the store has, merged: never older than what this process knows. */
export class Reader {
  readonly #store: GuardedStore
  readonly #recorder: Recorder

  constructor(store: GuardedStore, recorder: Recorder) {
    this.#store = store
    this.#recorder = recorder
  }

  async get(id: string): Promise<TaskRecord | undefined> {
    const live = this.#recorder.find(id)
    if (live) return live.snapshot()
    const stored = await this.#store.get(id)
    return stored && withReadableError(stored)
  }

  async history(id: string): Promise<TaskTransition[]> {
    const live = this.#recorder.find(id)
    if (live) return live.transitions()
    return (await this.#store.history(id)).map(withReadableError)
  }

  async list(query: TaskQuery): Promise<Page<TaskRecord>> {
    // Who is live is settled before the store is read, lest a task that moves from here to there is seen in neither; what
    // they are like is looked at afterwards.
    const tasks = [...this.#recorder.known()]
    return merge({
      known: new Set(tasks.map(({ id }) => id)),
      live: () => tasks.map((task) => task.snapshot()).filter((record) => matchesTask(record, query)),
      positionOf: positionOfTask,
      query,
      read: (cursor) => this.#store.list({ ...query, cursor }),
    })
  }

  async errors(query: ErrorQuery): Promise<Page<TaskErrorRecord>> {
    const live: TaskErrorRecord[] = [...this.#recorder.refused]
    for (const task of this.#recorder.known()) live.push(...task.failures)
    return merge({
      known: new Set(live.map(({ id }) => id)),
      live: () => live.filter((record) => matchesError(record, query)),
      positionOf: positionOfError,
      query,
      read: (cursor) => this.#store.errors({ ...query, cursor }),
    })
  }

  /** Looks at every error that matches, newest first, up to a bound. */
  async errorGroups({ limit = DEFAULT_LIMIT, ...query }: ErrorQuery): Promise<TaskErrorGroup[]> {
    const groups = new Map<string, TaskErrorGroup>()
    let { cursor } = query
    for (let pages = 0; pages < MAX_GROUPED / GROUPING_PAGE; pages++) {
      const { items, nextCursor } = await this.errors({ ...query, cursor, limit: GROUPING_PAGE })
      for (const error of items) addToGroup(groups, error)
      if (nextCursor === null) break
      cursor = nextCursor
    }
    return [...groups.values()].slice(0, limit)
  }
}

/** Errors come newest first, so the first of a group is the last seen. */
function addToGroup(groups: Map<string, TaskErrorGroup>, error: TaskErrorRecord): void {
  const { fingerprint, at } = error
  const group = groups.get(fingerprint)
  if (!group) groups.set(fingerprint, { fingerprint, count: 1, firstSeen: at, lastSeen: at, sample: error })
  else {
    group.count++
    group.firstSeen = at
  }
}

/** How many errors are looked at for one answer of `errorGroups`. */
const MAX_GROUPED = 100_000
const GROUPING_PAGE = 1_000
/** How often the store is asked for one page. */
const MAX_READS = 10

/** What was stored as an error, by whichever version, read back as one. */
function withReadableError<T extends { error: TaskError | null }>(stored: T): T {
  // Not what the type says, but what a store may hold.
  const error = stored.error as unknown
  return { ...stored, error: error === null || error === undefined ? null : parseTaskError(error) }
}

interface Merge<T> {
  /** The ids of which `live` (or nothing, where it does not match) replaces what is stored. */
  known: ReadonlySet<string>
  /** Called when the store has been read. */
  live: () => T[]
  positionOf: (item: T) => Position
  query: Pick<TaskQuery, 'cursor' | 'limit' | 'order'>
  read: (cursor: string | undefined) => Promise<Page<T>>
}

/**
 * One page out of both. A stored page says nothing of what comes after its last item, so live items beyond that wait for
 * the next page. A page thinned out by what is known better, or by a store that scans in steps, is filled up, but not for
 * ever: it may be short, and have a cursor.
 */
async function merge<T extends { id: string; error: TaskError | null }>({
  known,
  live,
  positionOf,
  query,
  read,
}: Merge<T>): Promise<Page<T>> {
  const { limit = DEFAULT_LIMIT, order = 'newest' } = query
  const stored: T[] = []
  let { cursor } = query
  let next: string | null = null
  for (let reads = 0; reads < MAX_READS; reads++) {
    const page = await read(cursor)
    stored.push(...page.items.filter(({ id }) => !known.has(id)).map(withReadableError))
    next = page.nextCursor
    if (next === null || stored.length >= limit) break
    cursor = next
  }
  const end = next === null ? null : decodeCursor(next)
  const reached = live().filter((item) => end === null || comparePositions(positionOf(item), end, order) <= 0)
  const page = cutPage([...stored, ...reached], positionOf, query)
  if (page.nextCursor !== null || end === null) return page
  return { items: page.items, nextCursor: encodeCursor(end) }
}

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isTerminal } from '../../src/core/lifecycle.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskStore, TaskTransition } from '../../src/index.js'
import { messageOf, metadataOf, type Fate, type RecordSize } from './tasks.js'
import type { Acknowledged } from './writer.js'

const PAGE = 200

/** What is wrong with a task, in words. */
export interface Fault {
  readonly id: string
  readonly what: string
}

/** Looks at a store again and again, and tells what it should not have become. */
export class Witness {
  readonly #acknowledged: Acknowledged
  /** A digest of each finished record when it was first seen. */
  readonly #finished = new Map<string, string>()
  /** Tasks whose process lives: they are not to be touched. */
  readonly #living = new Map<string, number>()

  constructor(acknowledged: Acknowledged) {
    this.#acknowledged = acknowledged
  }

  /** A task of a process that lives on, which nobody else may touch. */
  watch(record: TaskRecord): void {
    this.#living.set(record.id, record.version)
  }

  /**
   * Reads all that is there, once a later process has opened the store: all tasks, and what has been answered for of each.
   * The history of a finished task is read once, and by a thorough look.
   */
  async look(store: TaskStore, { isThorough }: { isThorough: boolean }): Promise<Fault[]> {
    const faults: Fault[] = []
    const records = await all((cursor) => store.list({ limit: PAGE, order: 'oldest', ...cursor }))
    const errors = byTask(await all((cursor) => store.errors({ limit: PAGE, ...cursor })))
    const found = new Map(records.map((record) => [record.id, record]))
    const isNew = ({ id }: TaskRecord): boolean => isThorough || !this.#finished.has(id)
    const unread = records.filter(isNew)
    const say = (id: string, what: string | null): void => {
      if (what !== null) faults.push({ id, what })
    }
    for (const record of records) {
      say(record.id, this.#change(record))
      say(record.id, faultIn(record))
      if (!this.#living.has(record.id) && !isTerminal(record.status)) {
        say(record.id, `is still ${record.status}, though its process is gone`)
      }
    }
    for (const id of this.#acknowledged.accepted) if (!found.has(id)) say(id, 'was accepted, and is lost')
    for (const [id, version] of this.#living) {
      if (found.get(id)?.version !== version) say(id, 'was touched, though its process lives')
    }
    for (const [id, fate] of this.#acknowledged.persisted) {
      const record = found.get(id)
      if (!record) say(id, 'was persisted, and is lost')
      else say(id, outcomeFault(record, fate) ?? errorFault(record, errors.get(id) ?? []))
    }
    for (const record of unread) say(record.id, historyFault(record, await store.history(record.id)))
    return faults
  }

  /** What has changed about a record that had its last status. */
  #change(record: TaskRecord): string | null {
    if (!isTerminal(record.status)) return this.#finished.has(record.id) ? 'was finished, and lives again' : null
    // A function that stops after its outcome changes its record once more, but not how the task ended.
    const { id, status, error, finishedAt, result } = record
    const digest = createHash('sha1')
      .update(JSON.stringify([status, error, finishedAt, result]))
      .digest('base64')
    const before = this.#finished.get(id)
    this.#finished.set(id, before ?? digest)
    return before === undefined || before === digest ? null : 'was finished, and has changed'
  }
}

async function all<T>(
  read: (cursor: { cursor?: string }) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: T[]; nextCursor: string | null } = await read(cursor === '' ? {} : { cursor })
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}

function byTask(errors: readonly TaskErrorRecord[]): Map<string, TaskErrorRecord[]> {
  const tasks = new Map<string, TaskErrorRecord[]>()
  for (const error of errors) {
    const others = tasks.get(error.taskId)
    if (others) others.push(error)
    else tasks.set(error.taskId, [error])
  }
  return tasks
}

function faultIn({ error, metadata }: TaskRecord): string | null {
  if (error?.code === 'STORE_CORRUPT') return `is illegible: ${error.message}`
  const { order, size } = metadata
  if (typeof order !== 'number') return 'has lost its metadata'
  return isDeepStrictEqual(metadata, metadataOf(order, size as RecordSize)) ? null : 'has other metadata'
}

function outcomeFault({ id, status, error }: TaskRecord, fate: Fate): string | null {
  const code = error?.code ?? null
  if (status !== fate.status) return `was persisted as ${fate.status}, and is ${status} (${String(code)})`
  if (code !== fate.code) return `was persisted with ${String(fate.code)}, and has ${String(code)}`
  return code === 'E_CARD' && error?.message !== messageOf(id) ? 'has the error of another' : null
}

/** A failed task has one failed attempt, any other none. */
function errorFault({ id, status, error }: TaskRecord, errors: readonly TaskErrorRecord[]): string | null {
  const expected = status === 'failed' ? 1 : 0
  if (errors.length !== expected) return `has ${String(errors.length)} error records, not ${String(expected)}`
  return errors.every((failure) => failure.taskId === id && failure.error.code === error?.code)
    ? null
    : 'has an error record of something else'
}

function historyFault({ id, status }: TaskRecord, history: readonly TaskTransition[]): string | null {
  let last: TaskStatus | null = null
  for (const { taskId, from, to } of history) {
    if (taskId !== id) return 'has the history of another'
    if (from !== last) return `has a gap in its history: ${pathOf(history)}`
    last = to
  }
  return last === status ? null : `is ${status}, and its history says ${pathOf(history)}`
}

const pathOf = (history: readonly TaskTransition[]): string =>
  history.map(({ from, to }) => `${String(from)}->${to}`).join(', ')

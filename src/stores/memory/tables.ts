import { isTerminal } from '../../core/lifecycle.js'
import {
  cutPage,
  matchesError,
  matchesTask,
  positionOfError,
  positionOfTask,
  type ErrorQuery,
  type Page,
  type TaskQuery,
} from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import type { ArchivedTask, Changes, CommitAnswer, PrunePolicy, TaskChange } from '../../store.js'
import { FinishedOrder, finishOf } from './finished-order.js'

/** Its lists are never added to, but replaced: an array that has grown keeps room for many more than most tasks ever have. */
export interface Entry extends ArchivedTask {
  seq: number
  bytes: number
}

/** What a store knows of a change that it has written somewhere. */
export interface Written {
  /** Its place in the order of changes, where it has had one before. */
  readonly seq?: number
  /** How much its last version takes there: an estimate of all there is of the task. */
  readonly bytes?: number
}

/** Records, transitions and errors in memory, behind the guard of the contract. Synchronous; what is read is a copy. */
export class Tables {
  readonly #entries = new Map<string, Entry>()
  /** The same, in the order in which they last changed. */
  readonly #byChange = new Set<Entry>()
  readonly #finished = new FinishedOrder<Entry>()
  #seq = 0
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  /** The place of the last change in the order of changes. */
  get seq(): number {
    return this.#seq
  }

  /** What all tasks take together, by what was said of their last changes. */
  get bytes(): number {
    return this.#bytes
  }

  commit(change: TaskChange): CommitAnswer {
    const there = this.#entries.get(change.record.id)?.record
    const answer = judge(there, change)
    if (answer === 'applied' && !(there && isSameVersion(there, change.record))) this.apply(change)
    return answer
  }

  /** Applies a change that has been judged. */
  apply(change: Omit<TaskChange, 'expected'>, { seq = this.#seq + 1, bytes }: Written = {}): void {
    const { record, transitions, errors } = change
    let entry = this.#entries.get(record.id)
    if (entry) {
      this.#byChange.delete(entry)
      entry.record = record
      entry.seq = seq
      if (transitions.length > 0) entry.transitions = [...entry.transitions, ...transitions]
      if (errors.length > 0) entry.errors = [...entry.errors, ...errors]
    } else {
      entry = { record, transitions: [...transitions], errors: [...errors], seq, bytes: 0 }
      this.#entries.set(record.id, entry)
    }
    if (bytes !== undefined) this.#weigh(entry, bytes)
    this.advance(seq)
    this.#byChange.add(entry)
    if (isTerminal(record.status)) this.#finished.add(entry)
    else this.#finished.delete(entry)
  }

  /** Says what a task takes from now on. */
  weigh(id: string, bytes: number): void {
    const entry = this.#entries.get(id)
    if (entry) this.#weigh(entry, bytes)
  }

  #weigh(entry: Entry, bytes: number): void {
    this.#bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  /** To be called once changes have been applied with places of their own, which may have come in any order. */
  restoreOrder(): void {
    const entries = [...this.#byChange]
    if (entries.every((entry, index) => index === 0 || entries[index - 1]!.seq <= entry.seq)) return
    entries.sort((a, b) => a.seq - b.seq)
    this.#byChange.clear()
    for (const entry of entries) this.#byChange.add(entry)
  }

  /** Later changes get places behind this one. */
  advance(seq: number): void {
    this.#seq = Math.max(this.#seq, seq)
  }

  remove(ids: Iterable<string>): void {
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (!entry) continue
      this.#entries.delete(id)
      this.#bytes -= entry.bytes
      this.#byChange.delete(entry)
      this.#finished.delete(entry)
    }
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** Everything there is, not copied, in the order of the last changes. */
  all(): Iterable<Readonly<Entry>> {
    return this.#byChange
  }

  find(id: string): Readonly<Entry> | undefined {
    return this.#entries.get(id)
  }

  get(id: string): TaskRecord | undefined {
    return structuredClone(this.#entries.get(id)?.record)
  }

  list(query: TaskQuery): Page<TaskRecord> {
    const matching: TaskRecord[] = []
    for (const { record } of this.#entries.values()) if (matchesTask(record, query)) matching.push(record)
    return structuredClone(cutPage(matching, positionOfTask, query))
  }

  history(id: string): TaskTransition[] {
    return structuredClone(this.#entries.get(id)?.transitions ?? [])
  }

  errors(query: ErrorQuery): Page<TaskErrorRecord> {
    const matching: TaskErrorRecord[] = []
    for (const { errors } of this.#entries.values()) {
      for (const error of errors) if (matchesError(error, query)) matching.push(error)
    }
    return structuredClone(cutPage(matching, positionOfError, query))
  }

  counts(): Record<TaskStatus, number> {
    const counts: Record<TaskStatus, number> = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
    for (const { record } of this.#entries.values()) counts[record.status]++
    return counts
  }

  changes(since: number, limit: number): Changes {
    if (since === Infinity) return { items: [], next: this.#seq }
    const items: Changes['items'] = []
    for (const { seq, record } of this.#byChange) {
      if (seq <= since) continue
      if (items.length === limit) break
      items.push({ seq, record })
    }
    return structuredClone({ items, next: items.at(-1)?.seq ?? since })
  }

  unfinished(limit: number, isOrphan: (record: TaskRecord) => boolean): TaskRecord[] {
    const found: TaskRecord[] = []
    for (const { record } of this.#entries.values()) {
      if (!isTerminal(record.status) && isOrphan(record)) found.push(record)
    }
    return structuredClone(cutPage(found, positionOfTask, { limit, order: 'oldest' }).items)
  }

  /** What the policy lets go, not copied; removes nothing. */
  expired({ finishedBefore, maxTasks, limit }: Omit<PrunePolicy, 'archive'>): ArchivedTask[] {
    const expired: ArchivedTask[] = []
    for (const entry of this.#finished.oldestFirst()) {
      const isTooOld = finishOf(entry) < finishedBefore
      if (expired.length >= limit || !(isTooOld || this.#finished.size - expired.length > maxTasks)) break
      const { record, transitions, errors } = entry
      expired.push({ record, transitions, errors })
    }
    return expired
  }
}

/** What the guard answers to a change, given what is there. */
export function judge(
  there: TaskRecord | undefined,
  { record, expected }: Pick<TaskChange, 'record' | 'expected'>,
): CommitAnswer {
  if (!there) return expected === 0 ? 'applied' : 'missing'
  if (isSameVersion(there, record)) return 'applied'
  if (isTerminal(there.status) && there.status !== record.status) return 'terminal'
  return there.version === expected ? 'applied' : 'stale'
}

/** The very change that is there already: its answer was lost, and it came again. */
export function isSameVersion(a: TaskRecord, b: TaskRecord): boolean {
  const isOfOneTask = a.instanceId === b.instanceId && a.createdAt === b.createdAt
  return isOfOneTask && a.version === b.version && a.status === b.status
}

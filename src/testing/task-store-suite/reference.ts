import type { ErrorQuery, TaskQuery } from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord } from '../../core/record.js'
import type { ArchivedTask, CommitAnswer, PrunePolicy, TaskChange } from '../../store.js'

/**
 * The contract over again, as plainly as can be and sharing no code with any store: a list of tasks in the order of their last
 * changes, looked at from end to end for each answer.
 */
export class Reference {
  #tasks: (ArchivedTask & { place: number })[] = []
  #place = 0

  commit(change: TaskChange): CommitAnswer {
    const { record, expected } = change
    const held = this.#tasks.find((task) => task.record.id === record.id)
    if (!held) {
      if (expected > 0) return 'missing'
      this.#tasks.push({
        record,
        transitions: [...change.transitions],
        errors: [...change.errors],
        place: ++this.#place,
      })
      return 'applied'
    }
    const there = held.record
    const isSame = (['version', 'instanceId', 'createdAt', 'status'] as const).every(
      (key) => there[key] === record[key],
    )
    if (isSame) return 'applied'
    const isOver = there.status !== 'pending' && there.status !== 'running'
    if (isOver && there.status !== record.status) return 'terminal'
    if (there.version !== expected) return 'stale'
    held.record = record
    held.transitions.push(...change.transitions)
    held.errors.push(...change.errors)
    held.place = ++this.#place
    return 'applied'
  }

  get(id: string): TaskRecord | undefined {
    return this.#tasks.find((task) => task.record.id === id)?.record
  }

  history(id: string): ArchivedTask['transitions'] {
    return this.#tasks.find((task) => task.record.id === id)?.transitions ?? []
  }

  /** All pages in one. */
  list({ status, name, lane, owner, parentId, text, createdAfter, createdBefore, order }: TaskQuery): TaskRecord[] {
    const statuses = status === undefined ? null : [status].flat()
    const found = this.#tasks
      .map(({ record }) => record)
      .filter((record) => statuses?.includes(record.status) ?? true)
      .filter((record) => hasAll(record, { name, lane, owner, parentId }))
      .filter(({ createdAt }) => createdAt >= (createdAfter ?? -Infinity) && createdAt < (createdBefore ?? Infinity))
      .filter((record) => hasText(text, [record.name, record.id, record.owner, record.error?.message]))
    return order === 'oldest' ? sorted(found, 'createdAt') : sorted(found, 'createdAt').reverse()
  }

  /** All pages in one. */
  errors({ name, owner, fingerprint, code, text, createdAfter, createdBefore }: ErrorQuery): TaskErrorRecord[] {
    const found = this.#tasks
      .flatMap(({ errors }) => errors)
      .filter((failure) => hasAll(failure, { taskName: name, owner, fingerprint }))
      .filter(({ error }) => hasAll(error, { code }))
      .filter(({ at }) => at >= (createdAfter ?? -Infinity) && at < (createdBefore ?? Infinity))
      .filter(({ taskName, taskId, owner: whose, error }) => hasText(text, [taskName, taskId, whose, error.message]))
    return sorted(found, 'at').reverse()
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
    for (const { record } of this.#tasks) counts[record.status] = (counts[record.status] ?? 0) + 1
    return counts
  }

  changes(since: number): { items: TaskRecord[]; next: number } {
    const later = this.#tasks.filter(({ place }) => place > since).sort((a, b) => a.place - b.place)
    return { items: later.map(({ record }) => record), next: later.at(-1)?.place ?? since }
  }

  prune({ finishedBefore, maxTasks, limit }: PrunePolicy): number {
    const finished = this.#tasks
      .filter(({ record }) => record.finishedAt !== null)
      .sort((a, b) => a.record.finishedAt! - b.record.finishedAt!)
    const going = finished
      .filter(({ record }, index) => record.finishedAt! < finishedBefore || finished.length - index > maxTasks)
      .slice(0, limit)
    this.#tasks = this.#tasks.filter((task) => !going.includes(task))
    return going.length
  }
}

const hasAll = (item: object, wanted: object): boolean =>
  Object.entries(wanted).every(([key, value]) => value === undefined || Reflect.get(item, key) === value)

const hasText = (text: string | undefined, fields: readonly (string | null | undefined)[]): boolean =>
  text === undefined || fields.some((field) => field?.toLowerCase().includes(text.toLowerCase()))

const sorted = <K extends string, T extends Record<K, number> & { id: string }>(items: T[], at: K): T[] =>
  [...items].sort((a, b) => a[at] - b[at] || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))

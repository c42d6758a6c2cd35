import type { TaskRecord } from '../../core/record.js'
import type { CommitAnswer, TaskChange } from '../../store.js'
import { isSameVersion, judge, type Tables } from '../memory/tables.js'
import { encodeLine, type InstanceLine } from './line.js'
import type { LiveBytes } from './live-bytes.js'

/** What several callers want, made one write: each sees what those before it in the batch have asked for. */
export class Batch {
  readonly #tables: Tables
  readonly #liveBytes: LiveBytes
  readonly #lines: string[] = []
  readonly #effects: (() => void)[] = []
  /** What will be there of tasks that are in the batch; null for none. */
  readonly #staged = new Map<string, TaskRecord | null>()
  #seq: number
  #length = 0

  constructor(tables: Tables, liveBytes: LiveBytes) {
    this.#tables = tables
    this.#liveBytes = liveBytes
    this.#seq = tables.seq
  }

  /** About how many bytes it has. */
  get length(): number {
    return this.#length
  }

  commit(change: TaskChange): CommitAnswer {
    const { record, transitions, errors } = change
    const there = this.#find(record.id)
    const answer = judge(there, change)
    if (answer !== 'applied' || (there && isSameVersion(there, record))) return answer
    const line = encodeLine({ seq: this.#seq + 1, record, transitions, errors })
    this.#seq++
    this.#add(line, () => {
      this.#tables.apply(change)
      this.#liveBytes.wrote(record.id, line.length)
    })
    this.#staged.set(record.id, record)
    return answer
  }

  /** Removes those that are still as they were given; gives their number. */
  prune(records: readonly TaskRecord[]): number {
    const pruned = records.filter((record) => this.#find(record.id)?.version === record.version).map(({ id }) => id)
    if (pruned.length === 0) return 0
    this.#add(encodeLine({ pruned }), () => {
      this.#tables.remove(pruned)
      for (const id of pruned) this.#liveBytes.removed(id)
    })
    for (const id of pruned) this.#staged.set(id, null)
    return pruned.length
  }

  instance(line: InstanceLine): void {
    this.#add(encodeLine(line), () => undefined)
  }

  bytes(): Buffer {
    return Buffer.from(this.#lines.join(''))
  }

  /** To be called once it has been written. */
  apply(): void {
    for (const effect of this.#effects) effect()
  }

  #find(id: string): TaskRecord | undefined {
    const staged = this.#staged.get(id)
    return staged === undefined ? this.#tables.find(id)?.record : (staged ?? undefined)
  }

  #add(line: string, effect: () => void): void {
    this.#lines.push(line)
    this.#length += line.length
    this.#effects.push(effect)
  }
}

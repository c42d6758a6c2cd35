import type { TaskRecord } from '../../core/record.js'
import type { CommitAnswer, TaskChange } from '../../store.js'
import { isSameVersion, judge, type Tables } from '../memory/tables.js'
import type { InstanceLine } from './line.js'
import type { LineBuffer } from './line-buffer.js'

interface Written {
  readonly change: TaskChange
  /** The length of its line. */
  readonly bytes: number
}

/** What several callers want, made one write: each sees what those before it in the batch have asked for. */
export class Batch {
  readonly #tables: Tables
  readonly #lines: LineBuffer
  /** What is to become of the tables, in order: changes, and ids to be removed. */
  readonly #steps: (Written | readonly string[])[] = []
  /** What will be there of tasks that are in the batch; null for none. */
  readonly #staged = new Map<string, TaskRecord | null>()
  #seq: number

  /** @param lines takes what is to be written */
  constructor(tables: Tables, lines: LineBuffer) {
    this.#tables = tables
    this.#lines = lines
    this.#seq = tables.seq
  }

  commit(change: TaskChange): CommitAnswer {
    const { record, transitions, errors } = change
    const there = this.#find(record.id)
    const answer = judge(there, change)
    if (answer !== 'applied' || (there && isSameVersion(there, record))) return answer
    const bytes = this.#lines.add({ seq: this.#seq + 1, record, transitions, errors })
    this.#seq++
    this.#steps.push({ change, bytes })
    this.#staged.set(record.id, record)
    return answer
  }

  /** Removes those that are still as they were given; gives their number. */
  prune(records: readonly TaskRecord[]): number {
    const pruned = records.filter((record) => this.#find(record.id)?.version === record.version).map(({ id }) => id)
    if (pruned.length === 0) return 0
    this.#lines.add({ pruned })
    this.#steps.push(pruned)
    for (const id of pruned) this.#staged.set(id, null)
    return pruned.length
  }

  instance(line: InstanceLine): void {
    this.#lines.add(line)
  }

  /** To be called once its lines have been written. */
  apply(): void {
    for (const step of this.#steps) {
      if ('change' in step) this.#tables.apply(step.change, { bytes: step.bytes })
      else this.#tables.remove(step)
    }
  }

  #find(id: string): TaskRecord | undefined {
    const staged = this.#staged.get(id)
    return staged === undefined ? this.#tables.find(id)?.record : (staged ?? undefined)
  }
}

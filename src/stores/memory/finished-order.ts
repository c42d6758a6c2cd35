import type { TaskRecord } from '../../core/record.js'

interface Finished {
  readonly record: TaskRecord
}

/** A record that has lost when it finished goes by when it was made, so that it does not stay for ever. */
export const finishOf = ({ record }: Finished): number => record.finishedAt ?? record.createdAt

/** Finished tasks in the order in which they finished, which is the order in which they go. They nearly always come in it. */
export class FinishedOrder<T extends Finished> {
  #tasks = new Set<T>()
  #newest = -Infinity
  #isSorted = true

  get size(): number {
    return this.#tasks.size
  }

  add(task: T): void {
    const { size } = this.#tasks
    // One look instead of two: most are new.
    if (this.#tasks.add(task).size === size) return
    const finish = finishOf(task)
    if (finish < this.#newest) this.#isSorted = false
    else this.#newest = finish
  }

  delete(task: T): void {
    this.#tasks.delete(task)
  }

  oldestFirst(): Iterable<T> {
    if (!this.#isSorted) this.#tasks = new Set([...this.#tasks].sort((a, b) => finishOf(a) - finishOf(b)))
    this.#isSorted = true
    return this.#tasks
  }
}

import type { LiveTask } from './live-task.js'

/** Tasks that have changed since the store heard of them, each once: those that have ended, and those that still live. */
export class Backlog {
  readonly #ended = new Set<LiveTask>()
  readonly #living = new Set<LiveTask>()

  get size(): number {
    return this.#ended.size + this.#living.size
  }

  get endedSize(): number {
    return this.#ended.size
  }

  has(task: LiveTask): boolean {
    return this.#ended.has(task) || this.#living.has(task)
  }

  add(task: LiveTask): void {
    if (!task.isSettled) this.#living.add(task)
    else {
      this.#living.delete(task)
      this.#ended.add(task)
    }
  }

  remove(task: LiveTask): void {
    this.#ended.delete(task)
    this.#living.delete(task)
  }

  /** Takes out at most so many of those that may go, outcomes first. */
  take(most: number, mayGo: (task: LiveTask) => boolean = () => true): LiveTask[] {
    const taken: LiveTask[] = []
    for (const tasks of [this.#ended, this.#living]) {
      for (const task of tasks) {
        if (taken.length === most) return taken
        if (!mayGo(task)) continue
        taken.push(task)
        tasks.delete(task)
      }
    }
    return taken
  }

  /** Takes out the oldest of those that have ended, beyond so many. Those that live are no burden: they are kept anyway. */
  trim(most: number): LiveTask[] {
    const trimmed: LiveTask[] = []
    for (const task of this.#ended) {
      if (this.#ended.size <= most) break
      this.#ended.delete(task)
      trimmed.push(task)
    }
    return trimmed
  }
}

import type { LiveTask } from './live-task.js'

/** Which live task has which key. */
export class DedupeKeys {
  readonly #holders = new Map<string, LiveTask>()

  holderOf(key: string): LiveTask | undefined {
    return this.#holders.get(key)
  }

  /** From now on the key is this task's. */
  take(task: LiveTask): void {
    const { dedupe } = task.settings
    if (dedupe) this.#holders.set(dedupe.key, task)
  }

  /** To be called when the task has its outcome. */
  free(task: LiveTask): void {
    const { dedupe } = task.settings
    if (dedupe && this.#holders.get(dedupe.key) === task) this.#holders.delete(dedupe.key)
  }
}

import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { GuardedStore } from './guarded-store.js'
import { interrupted, type InterruptionParts } from './interruption.js'

const STEP = 500

export interface RecoveryParts extends InterruptionParts {
  readonly store: GuardedStore
  /** A task that a dead process left behind has been ended, by this process and no other. */
  readonly onInterrupted: (record: TaskRecord, failure: TaskErrorRecord) => void
}

/**
 * Ends what dead processes left behind: the function is gone with its process, so the task fails with `TASK_INTERRUPTED`.
 * Of several survivors one wins each task, by the guard of the commit; what lives is never touched.
 */
export class Recovery {
  readonly #parts: RecoveryParts
  #running: Promise<void> | null = null

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Looks once, or joins a look under way. Rejects where the store does. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = null))
    return this.#running
  }

  async #run(): Promise<void> {
    const { store, instanceId } = this.#parts
    // Others are at those too, or the store takes nothing for them: none may keep those behind it from their end.
    const stuck = new Set<string>()
    for (;;) {
      const found = await store.orphans(STEP + stuck.size)
      const orphans = found.filter((record) => record.instanceId !== instanceId && !stuck.has(record.id))
      if (orphans.length === 0) return
      const changes = orphans.map((record) => interrupted(record, this.#parts))
      const answers = await store.commit(changes)
      for (const [index, { record, errors }] of changes.entries()) {
        if (answers[index] === 'applied') this.#parts.onInterrupted(record, errors[0]!)
        else stuck.add(record.id)
      }
      if (found.length < STEP) return
    }
  }
}

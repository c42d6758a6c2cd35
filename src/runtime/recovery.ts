import type { Clock } from '../clock.js'
import { TaskwardError } from '../core/errors.js'
import { fingerprint } from '../core/fingerprint.js'
import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { TaskChange } from '../store.js'
import type { GuardedStore } from './guarded-store.js'
import type { Sanitizer } from './sanitizer.js'

const STEP = 500

export interface RecoveryParts {
  readonly clock: Clock
  readonly store: GuardedStore
  readonly sanitizer: Sanitizer
  readonly instanceId: string
  readonly makeId: (nowMs: number) => string
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
      const changes = orphans.map((record) => this.#interrupted(record))
      const answers = await store.commit(changes)
      for (const [index, { record, errors }] of changes.entries()) {
        if (answers[index] === 'applied') this.#parts.onInterrupted(record, errors[0]!)
        else stuck.add(record.id)
      }
      if (found.length < STEP) return
    }
  }

  #interrupted(record: TaskRecord): TaskChange {
    const { clock, sanitizer, instanceId, makeId } = this.#parts
    const at = Math.max(clock.now(), record.createdAt)
    const { id: taskId, name, owner, attempt, status } = record
    const error = sanitizer.error(interruption(record))
    const failure = {
      id: makeId(at),
      taskId,
      taskName: name,
      owner,
      attempt,
      at,
      fingerprint: fingerprint(error),
      error,
    }
    return {
      record: {
        ...record,
        ...{ status: 'failed', finishedAt: at, stoppingSince: null, error },
        ...{ instanceId, version: record.version + 1 },
      },
      expected: record.version,
      transitions: [{ taskId, from: status, to: 'failed', at, attempt, instanceId, reason: 'TASK_INTERRUPTED', error }],
      errors: [failure],
    }
  }
}

function interruption({ name, status, error }: TaskRecord): TaskwardError {
  const text = `Task '${name}' was ${status === 'running' ? 'running' : 'waiting'} when its process ended`
  return new TaskwardError('TASK_INTERRUPTED', text, error === null ? undefined : { cause: error })
}

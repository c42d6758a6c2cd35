import type { Clock } from '../clock.js'
import { TaskwardError } from '../core/errors.js'
import { fingerprint } from '../core/fingerprint.js'
import type { TaskRecord } from '../core/record.js'
import type { TaskChange } from '../store.js'
import type { Sanitizer } from './sanitizer.js'

export interface InterruptionParts {
  readonly clock: Clock
  readonly sanitizer: Sanitizer
  /** Who says so: the process that dies, or the one that has found what it left. */
  readonly instanceId: string
  readonly makeId: (nowMs: number) => string
}

/** The end of a task whose function went with its process: `TASK_INTERRUPTED`, as the change that follows its record. */
export function interrupted(
  record: TaskRecord,
  { clock, sanitizer, instanceId, makeId }: InterruptionParts,
): TaskChange {
  const at = Math.max(clock.now(), record.createdAt)
  const { id: taskId, name, owner, attempt, status } = record
  const error = sanitizer.error(reasonOf(record))
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

function reasonOf({ name, status, error }: TaskRecord): TaskwardError {
  const text = `Task '${name}' was ${status === 'running' ? 'running' : 'waiting'} when its process ended`
  return new TaskwardError('TASK_INTERRUPTED', text, error === null ? undefined : { cause: error })
}

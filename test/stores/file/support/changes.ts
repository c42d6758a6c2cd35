import type { TaskRecord, TaskStatus } from '../../../../src/core/record.js'
import type { TaskChange } from '../../../../src/store.js'
import { makeTask } from '../../../runtime/support/tasks.js'

const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'completed']

/** The step of a task to this version: 1 pending, 2 running, 3 completed. */
export function step(id: string, version = 1, own: Partial<TaskRecord> = {}): TaskChange {
  const status = STATUSES[version - 1]!
  const finishedAt = version === 3 ? 3_000 : null
  const record = { ...makeTask(0, { id }).snapshot(), status, version, finishedAt, ...own }
  const from = STATUSES[version - 2] ?? null
  const { instanceId } = record
  return {
    record,
    expected: version - 1,
    transitions: [{ taskId: id, from, to: status, at: version, attempt: 1, instanceId, reason: null, error: null }],
    errors: [],
  }
}

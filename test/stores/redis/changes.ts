import type { TaskRecord } from '../../../src/core/record.js'
import type { TaskChange } from '../../../src/store.js'
import { makeTask } from '../../runtime/support/tasks.js'

/** A new task, as it first comes to a store. */
export function changeOf(id: string, own: Partial<TaskRecord> = {}): TaskChange {
  const record: TaskRecord = { ...makeTask(0, { id }).snapshot(), name: 'job', createdAt: 1_700_000_000_000, ...own }
  const { status, createdAt: at, attempt, instanceId } = record
  return {
    record,
    expected: 0,
    transitions: [{ taskId: id, from: null, to: status, at, attempt, instanceId, reason: null, error: null }],
    errors: [],
  }
}

import type { TaskRecord } from '../../../src/core/record.js'
import type { TaskChange } from '../../../src/store.js'
import { makeTask } from '../../runtime/support/tasks.js'

export const recordOf = (id: string, own: Partial<TaskRecord> = {}): TaskRecord => ({
  ...makeTask(0, { id }).snapshot(),
  ...own,
})

/** A change with one step of history. */
export const change = (record: TaskRecord, expected = 0): TaskChange => ({
  record,
  expected,
  transitions: [
    {
      ...{ taskId: record.id, from: null, to: record.status, at: record.createdAt, attempt: 0 },
      ...{ instanceId: record.instanceId, reason: null, error: null },
    },
  ],
  errors: [],
})

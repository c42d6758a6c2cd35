import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskErrorRecord, type TaskRecord } from 'taskward'
import { turns } from './support.js'

describe('errors', () => {
  it('has the failure of a task that was refused as a duplicate, and leaves the stored record as it is', async () => {
    const told: [TaskErrorRecord, TaskRecord][] = []
    const supervisor = new TaskSupervisor({ onError: (record, task) => void told.push([record, task]) })
    await supervisor.spawn(() => 1, { id: 'receipt-1' }).persisted
    const before = await supervisor.get('receipt-1')
    await supervisor.spawn(() => 2, { id: 'receipt-1' }).settled
    await turns()
    expect(told).toHaveLength(1)
    expect(await supervisor.get('receipt-1')).toEqual(before)
    const { items } = await supervisor.errors()
    expect(items).toMatchObject([{ taskId: 'receipt-1', attempt: 0, error: { code: 'TASK_DUPLICATE' } }])
  })
})

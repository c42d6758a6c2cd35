import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskHandle } from 'taskward'

/** Spawns a function that spawns the next within itself, so many; tells how many had been called before each had returned. */
function chain(supervisor: TaskSupervisor, length: number): { handles: TaskHandle<void>[]; calledAtOnce: number } {
  const handles: TaskHandle<void>[] = []
  let called = 0
  const next = (): TaskHandle<void> =>
    supervisor.spawn(() => {
      called++
      if (called < length) handles.push(next())
    })
  handles.push(next())
  return { handles, calledAtOnce: called }
}

describe('functions that each spawn the next while they are called', () => {
  it('start synchronously down to a depth of 100, and deeper ones a moment later', async () => {
    const supervisor = new TaskSupervisor({ concurrency: Infinity })
    const { handles, calledAtOnce } = chain(supervisor, 150)
    expect(calledAtOnce).toBe(101)
    await supervisor.onIdle()
    expect(handles).toHaveLength(150)
    await supervisor.close()
  })

  it.each([1, 2, Infinity])('never exhaust the stack, at a cap of %d', async (concurrency) => {
    const supervisor = new TaskSupervisor({ concurrency })
    const { handles } = chain(supervisor, 20_000)
    await supervisor.onIdle()
    expect(handles).toHaveLength(20_000)
    expect(supervisor.status().totals).toMatchObject({ spawned: 20_000, completed: 20_000 })
    await supervisor.close()
  })
})

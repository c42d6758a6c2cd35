import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from 'taskward'
import { hold } from './support.js'

describe("context: 'detach'", () => {
  it('keeps what a task enters from those that come after it', async () => {
    const storage = new AsyncLocalStorage<string>()
    const supervisor = new TaskSupervisor({ context: 'detach', concurrency: 1 })
    const seen: unknown[] = []
    supervisor.spawn(() => storage.enterWith('the first'))
    supervisor.spawn(() => void seen.push(storage.getStore()))
    const held = hold(supervisor)
    supervisor.spawn(() => void seen.push(storage.getStore()))
    held.resolve()
    await supervisor.onIdle()
    expect(seen).toEqual([undefined, undefined])
  })

  it('is not that of the spawn, whether the task starts at once or has to wait', async () => {
    const storage = new AsyncLocalStorage<string>()
    const supervisor = new TaskSupervisor({ context: 'detach', concurrency: 1 })
    const seen: unknown[] = []
    storage.run('the request', () => {
      supervisor.spawn(() => void seen.push(storage.getStore()))
      const held = hold(supervisor)
      supervisor.spawn(() => void seen.push(storage.getStore()))
      held.resolve()
    })
    await supervisor.onIdle()
    expect(seen).toEqual([undefined, undefined])
  })
})

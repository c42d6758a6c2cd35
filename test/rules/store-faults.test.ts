import { describe, expect, it } from 'vitest'
import { isTaskStoreError, TaskSupervisor, type CommitAnswer } from 'taskward'
import { clocked, deferred, fakeStore, hold, never, record, runFixture, turns } from './support.js'

const told = <T>(promise: Promise<T>): Promise<T | 'hangs'> =>
  Promise.race([promise, turns(20).then(() => 'hangs' as const)])

describe('a store that is down when the supervisor closes', () => {
  it('has what it did not take counted as dropped (rule 18), and every handle told', async () => {
    const { clock, supervisor } = clocked({ store: fakeStore({ commit: () => Promise.reject(new Error('down')) }) })
    const handles = [1, 2, 3].map((value) => supervisor.spawn(() => value))
    const closing = supervisor.close({ timeout: 100, grace: 100 })
    for (let i = 0; i < 40; i++) {
      await turns(3)
      clock.advance(10)
    }
    expect(await told(closing)).toMatchObject({ completed: 0, persisted: false })
    expect(await told(Promise.all(handles.map((handle) => handle.persisted)))).toEqual([false, false, false])
    expect(supervisor.status().store).toMatchObject({ state: 'closed', buffered: 0, dropped: 3 })
  })

  it('and hangs leaves no handle untold once close has returned', async () => {
    const { clock, supervisor } = clocked({ store: fakeStore({ commit: never }) })
    const handle = supervisor.spawn(() => 1)
    await turns()
    const closing = supervisor.close({ timeout: 100, grace: 100 })
    await turns()
    clock.advance(200)
    expect(await told(closing)).toMatchObject({ persisted: false })
    expect(await told(handle.persisted)).toBe(false)
    expect(supervisor.status().store.state).toBe('closed')
  })
})

describe('a process that has nothing left to do', () => {
  it('stays for a store that fails for a moment, and not for one that is down', async () => {
    const [shaky, down] = await Promise.all([
      runFixture('last-words.ts', ['3']),
      runFixture('last-words.ts', ['1000000']),
    ])
    expect([shaky.code, shaky.stdout.trim()]).toEqual([0, 'receipt completed'])
    expect([down.code, down.stdout]).toEqual([0, ''])
  })
})

describe('a store that answers junk', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['too few', []],
    ['words of its own', ['banana']],
    ['no words', [null]],
  ])('to commit (%s) is reported once, and is asked again', async (_, answer) => {
    let isSound = false
    const memory = fakeStore()
    const { clock, supervisor } = clocked({
      store: fakeStore({
        commit: (changes) => (isSound ? memory.commit(changes) : Promise.resolve(answer as CommitAnswer[])),
      }),
    })
    const seen = record(supervisor, ['store:error', 'store:recovered', 'hook:error'])
    const handle = supervisor.spawn(() => 1)
    await turns()
    expect(seen.map(({ event }) => event)).toEqual(['store:error'])
    isSound = true
    clock.advance(1_000)
    await turns()
    expect(await told(handle.persisted)).toBe(true)
    expect(seen.map(({ event }) => event)).toEqual(['store:error', 'store:recovered'])
  })

  it.each(['list', 'errors', 'history', 'get'] as const)('to %s makes that a TaskStoreError', async (method) => {
    for (const junk of [null, 7, 'junk', {}, { items: 'junk', nextCursor: 5 }]) {
      const supervisor = new TaskSupervisor({ store: fakeStore({ [method]: () => Promise.resolve(junk) }) })
      const asked = (
        method === 'list' || method === 'errors' ? supervisor[method]() : supervisor[method]('x')
      ) as Promise<unknown>
      expect(await asked.then(() => 'answered', isTaskStoreError)).toBe(true)
    }
  })

  it('to prune keeps no other task from running', async () => {
    let calls = 0
    const prune = () => {
      // Ends the loop that would otherwise never give the thread back.
      if (++calls > 5_000) throw new Error('endless')
      return Promise.resolve(1_000)
    }
    const supervisor = new TaskSupervisor({ store: fakeStore({ prune }) })
    await supervisor.spawn(() => 1).persisted
    await turns(20)
    expect(calls).toBeLessThan(1_000)
  })
})

describe('a slow store', () => {
  it('does not make history older than what this process knows', async () => {
    const memory = fakeStore()
    const gate = deferred()
    const history = async (id: string) => {
      const stored = await memory.history(id)
      await gate.promise
      return stored
    }
    const supervisor = new TaskSupervisor({
      store: fakeStore({ commit: (changes) => memory.commit(changes), history }),
    })
    const held = hold(supervisor)
    const asked = supervisor.history(held.handle.id)
    await turns()
    held.resolve()
    await held.handle.persisted
    gate.resolve()
    expect((await asked).map(({ to }) => to).slice(0, 2)).toEqual(['pending', 'running'])
  })

  it('is not waited for by the history of a task of which it knows nothing yet', async () => {
    const { supervisor } = clocked({ store: fakeStore({ commit: never }) })
    const handle = supervisor.spawn(() => 1)
    await turns()
    const history = await told(supervisor.history(handle.id))
    expect(history === 'hangs' ? history : history.map(({ to }) => to)).toEqual(['pending', 'running', 'completed'])
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskStore, type TaskSupervisorOptions } from 'taskward'
import { clocked, deferred, durableStore, hold, namesOf, never, record, turn, turns } from './support.js'

/** A durable store with the names of what it was told, and a way to hold its answers back. */
function watched(log: string[] = []) {
  const inner = durableStore()
  const state = { isHeld: false, release: deferred() }
  const store: TaskStore = {
    ...inner,
    commit: async (changes) => {
      if (state.isHeld) await state.release.promise
      const answers = await inner.commit(changes)
      for (const { record: { status } } of changes) log.push(`stored ${status}`) // prettier-ignore
      return answers
    },
  }
  return { inner, store, state, log }
}

const ahead = (store: TaskStore, options: TaskSupervisorOptions = {}) =>
  clocked({ store, durability: 'ahead', ...options })

describe('an id that only the store can tell from others', () => {
  it("is asked for before anything runs, also with durability 'behind'", async () => {
    const { store, inner, state } = watched()
    const other = new TaskSupervisor({ store: inner })
    await other.spawn(() => 'theirs', { id: 'receipt-1' }).persisted
    const { supervisor } = clocked({ store: { ...store, has: undefined as never } })
    let calls = 0
    state.isHeld = true
    const [known, fresh] = ['receipt-1', 'receipt-2'].map((id) => supervisor.spawn(() => ++calls, { id }))
    const unnamed = supervisor.spawn(() => 'at once')
    expect([known!.status, fresh!.status, unnamed.status]).toEqual(['pending', 'pending', 'completed'])
    await turns()
    expect(calls).toBe(0)
    state.isHeld = false
    state.release.resolve()
    expect(await known!.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DUPLICATE' } })
    expect(await fresh!.settled).toEqual({ status: 'completed', value: 1 })
    expect([calls, await known!.accepted, await fresh!.persisted]).toEqual([1, false, true])
    expect(await supervisor.get('receipt-1')).toMatchObject({ status: 'completed', instanceId: other.instanceId })
    expect(supervisor.status().store.dropped).toBe(0)
    await supervisor.close()
    await other.close()
  })

  it('runs after storeTimeout where the store does not answer', async () => {
    const { store, state } = watched()
    state.isHeld = true
    const { clock, supervisor } = clocked({ store, storeTimeout: 200 })
    const handle = supervisor.spawn(() => 1, { id: 'mine' })
    await turns()
    clock.advance(199)
    expect(handle.status).toBe('pending')
    clock.advance(1)
    expect(await handle.settled).toEqual({ status: 'completed', value: 1 })
    state.isHeld = false
    state.release.resolve()
    expect(await handle.persisted).toBe(true)
    await supervisor.close()
  })

  it('waits for no store that fails', async () => {
    let isDown = true
    const inner = durableStore()
    const { clock, supervisor } = clocked({
      store: {
        ...inner,
        has: undefined as never,
        commit: (changes) => (isDown ? Promise.reject(new Error('down')) : inner.commit(changes)),
      },
    })
    const first = supervisor.spawn(() => 1, { id: 'first' })
    await turns()
    expect(await first.settled).toEqual({ status: 'completed', value: 1 })
    // Known to be down: nobody waits any more, until it is up again.
    expect(supervisor.spawn(() => 2, { id: 'second' }).status).toBe('completed')
    isDown = false
    clock.advance(1_000)
    await turns()
    expect(await first.persisted).toBe(true)
    const third = supervisor.spawn(() => 3, { id: 'third' })
    expect(third.status).toBe('pending')
    expect(await third.settled).toEqual({ status: 'completed', value: 3 })
    await supervisor.close()
  })

  it('is known at once where the store can say so', async () => {
    const inner = durableStore()
    const { supervisor } = clocked({ store: inner })
    await supervisor.open()
    await supervisor.spawn(() => 1, { id: 'a' }).persisted
    expect(supervisor.spawn(() => 2, { id: 'a' }).snapshot().error?.code).toBe('TASK_DUPLICATE')
    expect(supervisor.spawn(() => 3, { id: 'b' }).status).toBe('completed')
    await supervisor.close()
  })

  it('leaves the failure of a promise that ran under it in errors()', async () => {
    const inner = durableStore()
    const other = new TaskSupervisor({ store: inner })
    await other.spawn(() => 'theirs', { id: 'a' }).persisted
    const { supervisor } = clocked({ store: { ...inner, has: undefined as never } })
    const handle = supervisor.spawn(Promise.reject(new Error('mine')), { id: 'a' })
    expect(await handle.persisted).toBe(false)
    expect((await supervisor.errors()).items).toMatchObject([{ taskId: 'a', error: { message: 'mine' } }])
    expect((await other.errors()).items).toEqual([])
    await supervisor.close()
    await other.close()
  })
})

describe("durability 'ahead'", () => {
  it('has the pending record stored before the function starts, and the outcome before anybody is told', async () => {
    const { store, log } = watched()
    const { supervisor } = ahead(store)
    supervisor.on('task:completed', () => log.push('task:completed'))
    const handle = supervisor.spawn(() => void log.push('runs'))
    void handle.accepted.then(() => log.push('accepted'))
    void handle.settled.then(() => log.push('settled'))
    void handle.persisted.then(() => log.push('persisted'))
    expect([handle.status, log]).toEqual(['pending', []])
    await turns()
    expect(log.indexOf('stored pending')).toBe(0)
    expect(log.slice(1, 3).sort()).toEqual(['accepted', 'runs'])
    const stored = log.indexOf('stored completed')
    expect(stored).toBeGreaterThan(2)
    for (const told of ['task:completed', 'settled', 'persisted']) expect(log.indexOf(told)).toBeGreaterThan(stored)
    await supervisor.close()
  })

  it("'behind', the default, waits for neither", async () => {
    const { store, log } = watched()
    const { supervisor } = clocked({ store })
    const handle = supervisor.spawn(() => void log.push('runs'))
    void handle.settled.then(() => log.push('settled'))
    expect(log).toEqual(['runs'])
    await turns()
    expect(log).toEqual(['runs', 'settled', 'stored completed'])
    await supervisor.close()
  })

  it('means nothing to a store that dies with the process: the start is synchronous', () => {
    const { supervisor } = clocked({ durability: 'ahead' })
    expect(supervisor.spawn(() => 1).status).toBe('completed')
  })

  it('runs the function in the context of its spawn', async () => {
    const request = new AsyncLocalStorage<string>()
    const { supervisor } = ahead(watched().store)
    const [first, second] = ['a', 'b'].map((id) =>
      request.run(id, () =>
        supervisor.run(async () => {
          const before = request.getStore()
          await turn()
          return [before, request.getStore()]
        }),
      ),
    )
    expect([await first, await second]).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
    await supervisor.close()
  })

  it('goes on without a store that does not answer within storeTimeout, and says so once', async () => {
    const { store, state } = watched()
    state.isHeld = true
    const { clock, supervisor } = ahead(store, { storeTimeout: 200 })
    const seen = record(supervisor, ['task:started', 'task:settled', 'store:error', 'store:recovered'])
    const [one, two] = [supervisor.spawn(() => 1), supervisor.spawn(() => 2)]
    await turns()
    clock.advance(199)
    await turns()
    expect([one.status, two.status, seen]).toEqual(['pending', 'pending', []])
    clock.advance(1)
    await turns()
    expect(namesOf(seen)).toEqual(['store:error', 'task:started', 'task:started'])
    expect(supervisor.status().store).toMatchObject({ state: 'degraded', lastError: { code: 'STORE_UNAVAILABLE' } })
    clock.advance(200)
    await turns()
    expect([await one.settled, await two.settled]).toEqual([
      { status: 'completed', value: 1 },
      { status: 'completed', value: 2 },
    ])
    state.isHeld = false
    state.release.resolve()
    await turns(20)
    expect(await Promise.all([one.accepted, one.persisted, two.accepted, two.persisted])).toEqual(Array(4).fill(true))
    expect(namesOf(seen).filter((name) => name.startsWith('store:'))).toEqual(['store:error', 'store:recovered'])
    await supervisor.close()
  })

  it('never starts a task that is cancelled, or waits too long, before the store has it', async () => {
    const { store, state } = watched()
    state.isHeld = true
    const { clock, supervisor } = ahead(store)
    let calls = 0
    const work = () => calls++
    const cancelled = supervisor.spawn(work)
    const late = supervisor.spawn(work, { queueTimeout: 100 })
    await turns()
    expect(cancelled.cancel()).toBe(true)
    clock.advance(100)
    state.isHeld = false
    state.release.resolve()
    await turns(20)
    expect((await cancelled.settled).status).toBe('cancelled')
    expect(await late.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_QUEUE_TIMEOUT' } })
    expect(calls).toBe(0)
    await supervisor.close()
  })

  it('aborts at once on timeout, frees the slot, and tells when the outcome is stored', async () => {
    const { store, state } = watched()
    const { clock, supervisor } = ahead(store, { concurrency: 1, timeout: 50 })
    const reasons: unknown[] = []
    const slow = supervisor.spawn(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason)
            reject(signal.reason as Error)
          })
        }),
    )
    const next = supervisor.spawn(() => 'next')
    await turns()
    state.isHeld = true
    let isTold = false
    void slow.settled.then(() => (isTold = true))
    clock.advance(50)
    await turns()
    expect([reasons.length, slow.status, isTold, next.status]).toEqual([1, 'failed', false, 'completed'])
    state.isHeld = false
    state.release.resolve()
    await turns(20)
    expect([isTold, (await next.settled).status]).toEqual([true, 'completed'])
    await supervisor.close()
  })

  it('is idle only when every outcome has been told', async () => {
    const { store, state } = watched()
    const { supervisor } = ahead(store)
    const held = hold(supervisor)
    await turns()
    state.isHeld = true
    held.resolve()
    await turns()
    let isIdle = false
    void supervisor.onIdle().then(() => (isIdle = true))
    const drained = supervisor.drain()
    await turns()
    expect([held.handle.status, isIdle]).toEqual(['completed', false])
    state.isHeld = false
    state.release.resolve()
    await turns(20)
    expect([isIdle, await drained]).toEqual([true, true])
    await supervisor.close()
  })

  it('tells everybody before close returns, though the store hangs', async () => {
    const { clock, supervisor } = ahead(durableStore({ commit: never }), { storeTimeout: Infinity })
    const waiting = supervisor.spawn(() => 1)
    const started = supervisor.spawn(Promise.resolve(2))
    await turns()
    const told: string[] = []
    for (const { settled } of [waiting, started]) void settled.then(({ status }) => told.push(status))
    const closing = supervisor.close({ timeout: 100, grace: 100 })
    for (let step = 0; step < 20; step++) {
      clock.advance(10)
      await turns(3)
    }
    expect(await closing).toMatchObject({ persisted: false })
    expect(told.sort()).toEqual(['cancelled', 'completed'])
    expect(await Promise.all([waiting.persisted, started.persisted])).toEqual([false, false])
  })

  it('refuses an id that a shared store knows from somebody else, before anything runs', async () => {
    const { store, inner } = watched()
    const other = new TaskSupervisor({ store: inner })
    await other.spawn(() => 'theirs', { id: 'receipt-1' }).persisted
    const { supervisor } = ahead({ ...store, has: () => false })
    let calls = 0
    const mine = supervisor.spawn(() => calls++, { id: 'receipt-1' })
    expect(await mine.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DUPLICATE' } })
    expect([calls, await mine.accepted, await mine.persisted]).toEqual([0, false, false])
    expect(await supervisor.get('receipt-1')).toMatchObject({ status: 'completed', instanceId: other.instanceId })
    expect((await supervisor.errors()).items).toMatchObject([{ error: { code: 'TASK_DUPLICATE' } }])
    expect(supervisor.status().totals).toMatchObject({ spawned: 1, failed: 1, rejected: 1 })
    await supervisor.close()
    await other.close()
  })

  it('keeps its word under load: whatever was told is in the store', async () => {
    const { store, inner } = watched()
    const supervisor = new TaskSupervisor({ store, durability: 'ahead', concurrency: 7 })
    const wrong: string[] = []
    supervisor.on('task:settled', ({ task }) => {
      void inner.get(task.id).then((stored) => {
        if (stored?.status !== task.status) wrong.push(`${task.id} told ${task.status}, stored ${stored?.status}`)
      })
    })
    const handles = Array.from({ length: 500 }, (_, index) =>
      supervisor.spawn(async () => {
        if (index % 3 === 0) await turn()
        if (index % 5 === 0) throw new Error('odd')
      }),
    )
    for (const handle of handles.filter((_, index) => index % 7 === 0)) handle.cancel()
    await supervisor.close()
    await turns()
    expect(wrong).toEqual([])
    expect((await inner.list({ limit: 1_000 })).items).toHaveLength(500)
  })
})

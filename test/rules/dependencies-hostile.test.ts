import { describe, expect, it } from 'vitest'
import { memoryStore, type TaskHandle, type TaskRecord } from 'taskward'
import { sqliteStore } from 'taskward/stores/sqlite'
import { makePlace } from '../stores/sqlite/places.js'
import { passing } from './passing.js'
import { clocked, durableStore, fakeStore, hold, never, turns } from './support.js'

const MANY = 10_000
/** Each failure has those before as its causes, which takes a millisecond to write down. */
const IN_LINE = 3_000

describe('very many', () => {
  it('dependencies of one task are waited for, and the last lets it go', async () => {
    const { supervisor } = clocked({ concurrency: Infinity })
    const first = Array.from({ length: MANY }, () => hold(supervisor))
    const last = supervisor.spawn(() => 1, { after: first.map(({ handle }) => handle) })
    for (const { resolve } of first.slice(1)) resolve()
    await turns()
    expect(last.status).toBe('pending')
    first[0]!.resolve()
    expect(await last.result).toBe(1)
    expect(last.snapshot().after).toHaveLength(MANY)
  })

  it.each(['run one after the other', 'fail one after the other', 'run in spite of that'])(
    'tasks, each after the one before, %s',
    async (how) => {
      const { supervisor } = clocked()
      const first = hold(supervisor)
      const line: TaskHandle<unknown>[] = [first.handle]
      const onDependencyFailure = how === 'run in spite of that' ? 'run' : 'fail'
      for (let count = 0; count < IN_LINE; count++) {
        line.push(supervisor.spawn(() => 1, { after: [line[count]!], onDependencyFailure }))
      }
      if (how === 'run one after the other') first.resolve()
      else first.handle.cancel()
      // Its function, that is stopping, has to end too.
      first.resolve()
      await supervisor.onIdle()
      const status = how === 'fail one after the other' ? 'failed' : 'completed'
      expect(line.slice(1).filter((handle) => handle.status === status)).toHaveLength(IN_LINE)
      expect(supervisor.status()).toMatchObject({ totals: { spawned: IN_LINE + 1 }, slots: { running: 0 } })
    },
  )

  it('dependents of one task end with it', async () => {
    const { supervisor } = clocked({ concurrency: 2 })
    const first = hold(supervisor)
    for (let count = 0; count < MANY; count++) supervisor.spawn(() => 1, { after: [first.handle] })
    expect(supervisor.status().queue.waiting).toBe(0)
    first.resolve()
    await supervisor.onIdle()
    expect(supervisor.status().totals).toMatchObject({ spawned: MANY + 1, completed: MANY + 1 })
  })
})

describe('what is given as `after`', () => {
  it.each([
    ['nothing', [undefined]],
    ['null', [null]],
    ['a number', [5]],
    ['an empty id', ['']],
    ['no array', 'an id'],
    ['an object without an id', [{}]],
    ['a hole', new Array(3)],
    ['a getter that throws', [Object.defineProperty({}, 'id', { get: () => { throw new Error('no') } })]], // prettier-ignore
    ['a revoked proxy', [revoked()]],
    ['an array that lies', new Proxy(['a'], { get: (target, key) => (key === 'every' ? () => true : key === '0' ? 5 : (Reflect.get(target, key) as unknown)) })], // prettier-ignore
  ])('is misuse where it is %s', (_, after) => {
    const { supervisor } = clocked()
    expect(() => supervisor.spawn(never, { after: after as never })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('spawn().after') as string }),
    )
    expect(supervisor.status().totals.spawned).toBe(0)
  }) // prettier-ignore

  it('is read once more at most: an id that changes while it is read is misuse, or one and the same', async () => {
    const { supervisor } = clocked()
    let reads = 0
    const shifty = { get id() { return reads++ === 0 ? 'a' : 5 } } // prettier-ignore
    expect(() => supervisor.spawn(never, { after: [shifty as never] })).toThrow('spawn().after')
    reads = 0
    const growing = { get id() { return `id ${String(reads++)}` } } // prettier-ignore
    const task = supervisor.spawn(() => 1, { after: [growing as never] })
    const [id] = task.snapshot().after
    expect(await task.settled).toMatchObject({ error: { message: expect.stringContaining(`'${id!}'`) as string } })
  })

  it('may be a handle of another copy of the package: then its id is looked up', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const last = supervisor.spawn(() => 1, { after: [{ id: first.handle.id, status: 'completed' } as never] })
    await turns()
    expect(last.status).toBe('pending')
    first.resolve()
    expect(await last.result).toBe(1)
  })
})

describe('with the store', () => {
  it.each(['rejects', 'throws', 'hangs'])('down, that %s, a task fails once storeTimeout is over', async (how) => {
    const store = fakeStore({
      get: () => {
        if (how === 'throws') throw new Error('down')
        return how === 'rejects' ? Promise.reject(new Error('down')) : never()
      },
    })
    const { clock, supervisor } = clocked({ store, storeTimeout: 3_000 })
    const [fails, runs] = (['fail', 'run'] as const).map((onDependencyFailure) =>
      supervisor.spawn(() => 1, { after: ['elsewhere'], onDependencyFailure }),
    ) as [TaskHandle<number>, TaskHandle<number>]
    await passing({ clock }, fails.settled, 500)
    expect(clock.monotonic()).toBeGreaterThanOrEqual(3_000)
    expect(clock.monotonic()).toBeLessThanOrEqual(5_500)
    expect(await fails.settled).toMatchObject({
      error: { code: 'TASK_DEPENDENCY_FAILED', details: { cause: { code: 'STORE_UNAVAILABLE' } } },
    })
    await turns()
    expect(runs.status).toBe('completed')
    await passing({ clock }, supervisor.close())
    expect(clock.timers).toBe(0)
  }) // prettier-ignore

  it('back in time, it goes on; and a cancelled one asks no more', async () => {
    let calls = 0
    const store = fakeStore({
      get: () => (calls++ < 2 ? Promise.reject(new Error('down')) : Promise.resolve({ id: 'x', name: 'x', status: 'completed', error: null } as TaskRecord)), // prettier-ignore
    })
    const { clock, supervisor } = clocked({ store })
    const last = supervisor.spawn(() => 1, { after: ['x'] })
    await passing({ clock }, last.result, 500)
    expect(calls).toBe(3)
    calls = 0
    const cancelled = supervisor.spawn(() => 1, { after: ['x'] })
    await turns()
    cancelled.cancel()
    await passing({ clock }, supervisor.close())
    expect([calls, clock.timers]).toEqual([1, 0])
  })

  it('a task that another process has is looked at until it ends, or is there no more', async () => {
    const record = { id: 'x', name: 'remote', status: 'running', error: null } as TaskRecord
    for (const end of ['completed', 'failed', 'gone'] as const) {
      let found: TaskRecord | undefined = record
      const { clock, supervisor } = clocked({ store: durableStore({ get: () => Promise.resolve(found) }) })
      const last = supervisor.spawn(() => 1, { after: ['x'] })
      for (let second = 0; second < 60; second++) {
        clock.advance(1_000)
        await turns(2)
      }
      expect(last.status).toBe('pending')
      found = end === 'gone' ? undefined : { ...record, status: end }
      const outcome = await passing({ clock }, last.settled, 500)
      expect([end, outcome.status]).toEqual([end, end === 'completed' ? 'completed' : 'failed'])
      await passing({ clock }, supervisor.close())
    }
  })

  it('two supervisors on one SQLite file: one waits for the other’s task', async () => {
    const { path, dispose } = makePlace()
    const [one, other] = [clocked({ store: sqliteStore({ path }) }), clocked({ store: sqliteStore({ path }) })]
    const first = hold(one.supervisor, { name: 'first' })
    await first.handle.accepted
    const last = other.supervisor.spawn(() => 1, { after: [first.handle.id] })
    const failing = other.supervisor.spawn(() => 1, { after: [last, 'nobody'] })
    await passing(other, failing.settled, 500)
    expect(last.status).toBe('pending')
    first.resolve()
    await first.handle.persisted
    expect(await passing(other, last.result, 500)).toBe(1)
    expect(failing.status).toBe('failed')
    await Promise.all([one.supervisor.close(), other.supervisor.close()])
    dispose()
  })

  it('a memory store shared by two tells of what has ended', async () => {
    const store = memoryStore()
    const [one, other] = [clocked({ store }), clocked({ store })]
    const first = one.supervisor.spawn(() => 1)
    await first.persisted
    expect(await other.supervisor.spawn(() => 2, { after: [first.id] }).result).toBe(2)
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

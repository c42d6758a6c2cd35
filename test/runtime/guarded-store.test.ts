import { describe, expect, it } from 'vitest'
import { isTaskStoreError } from '../../src/core/errors.js'
import type { TaskStore } from '../../src/store.js'
import { ARCHIVE_LIMIT_MS, GuardedStore, OPEN_LIMIT_MS, STORE_LIMIT_MS } from '../../src/runtime/guarded-store.js'
import { manualClock } from '../../src/testing/index.js'
import { revoked } from '../core/support/hostile-values.js'
import { faultStore } from './support/fault-store.js'
import { complete, makeTask } from './support/tasks.js'
import { stateOf, turns } from './support/turns.js'

const setUp = () => {
  const clock = manualClock()
  const inner = faultStore()
  return { clock, inner, store: new GuardedStore(inner, clock) }
}
const CHANGE = complete(makeTask(0, { id: 'a' })).change()
const POLICY = { finishedBefore: 0, maxTasks: 1, limit: 1 }

const calls: [string, (store: GuardedStore) => Promise<unknown>][] = [
  ['open', (store) => store.open()],
  ['commit', (store) => store.commit([])],
  ['get', (store) => store.get('a')],
  ['list', (store) => store.list({})],
  ['history', (store) => store.history('a')],
  ['errors', (store) => store.errors({})],
  ['counts', (store) => store.counts()],
  ['prune', (store) => store.prune(POLICY)],
  ['close', (store) => store.close()],
]

const faults: [string, () => unknown, string][] = [
  ['throws', () => { throw new Error('mine') }, 'failed: mine'],
  ['rejects', () => Promise.reject('mine'), 'failed: mine'],
  ['throws a revoked proxy', () => { throw revoked({}) }, 'failed: '],
  ['rejects with a revoked proxy', () => Promise.reject(revoked({})), 'failed: '],
  ['hangs', () => new Promise(() => undefined), 'gave no answer within 5000 ms'],
] // prettier-ignore

describe('GuardedStore', () => {
  it.each<[string, unknown, (store: GuardedStore) => Promise<unknown>]>([
    ['commit', ['applied'], (store) => store.commit([CHANGE])],
    ['get', CHANGE.record, (store) => store.get('a')],
    ['list', { items: [CHANGE.record], nextCursor: '1:a' }, (store) => store.list({})],
    ['history', CHANGE.transitions, (store) => store.history('a')],
    ['errors', { items: [], nextCursor: null }, (store) => store.errors({})],
    ['counts', { completed: 1 }, (store) => store.counts()],
    ['prune', 3, (store) => store.prune(POLICY)],
  ])('passes %s on, and its answer back', async (name, answer, call) => {
    const { inner, store, clock } = setUp()
    Object.assign(inner, { [name]: async () => answer })
    expect(await call(store)).toBe(answer)
    expect(clock.timers).toBe(0)
  })

  it.each<[string, unknown[], (store: GuardedStore) => Promise<unknown>]>([
    ['commit', [undefined, 'applied', [], ['applied', 'applied'], ['perhaps'], [1]], (store) => store.commit([CHANGE])],
    ['get', [null, 'text', {}, { id: 1 }], (store) => store.get('a')],
    ['list', [undefined, [], { items: [] }, { items: [{}], nextCursor: null }], (store) => store.list({})],
    [
      'list',
      [
        { items: [], nextCursor: 5 },
        { items: revoked([]), nextCursor: null },
      ],
      (store) => store.list({}),
    ],
    ['history', [undefined, {}, [null]], (store) => store.history('a')],
    ['errors', [undefined, { items: 'none', nextCursor: null }], (store) => store.errors({})],
    ['counts', [undefined, null, 5], (store) => store.counts()],
    ['prune', [undefined, NaN, Infinity, '3'], (store) => store.prune(POLICY)],
  ])('makes a TaskStoreError of an answer to %s that makes no sense', async (name, answers, call) => {
    const { inner, store } = setUp()
    for (const answer of answers) {
      Object.assign(inner, { [name]: async () => answer })
      const error = await call(store).catch((thrown: unknown) => thrown)
      expect(isTaskStoreError(error)).toBe(true)
    }
  })

  for (const [what, fault, message] of faults) {
    it.each(calls)(`makes one TaskStoreError of a store that ${what} in %s`, async (name, call) => {
      const { inner, store, clock } = setUp()
      // What has not been opened is not closed.
      if (name === 'close') await store.open()
      Object.assign(inner, { [name]: fault })
      const failure = call(store).catch((error: unknown) => error)
      await turns(2)
      expect(clock.timers).toBe(what === 'hangs' ? 1 : 0)
      clock.advance(name === 'open' ? OPEN_LIMIT_MS : STORE_LIMIT_MS)
      const error = (await failure) as Error
      expect(isTaskStoreError(error)).toBe(true)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      const limitMs = name === 'open' ? '60000' : '5000'
      expect(error.message).toContain(`The fault store's ${name}() ${message.replace('5000', limitMs)}`)
      expect(clock.timers).toBe(0)
    })
  }

  it('opens the store once, before anything else, and again after a failure', async () => {
    const { inner, store } = setUp()
    inner.openFault = () => Promise.reject(new Error('down'))
    await expect(store.get('a')).rejects.toThrow('down')
    inner.openFault = null
    await Promise.all([store.get('a'), store.list({}), store.open(), store.open()])
    expect(inner.calls).toEqual(['open', 'open', 'get', 'list'])
  })

  it('lets an opening take its time, though each call waits for it no longer than for any other', async () => {
    const { inner, store, clock } = setUp()
    let finish!: () => void
    inner.open = () => {
      inner.calls.push('open')
      return new Promise((resolve) => (finish = resolve))
    }
    const opening = store.open()
    const early = store.get('a').catch((error: unknown) => (error as Error).message)
    clock.advance(STORE_LIMIT_MS)
    expect(await early).toBe("The fault store's open() gave no answer within 5000 ms")
    expect(await stateOf(opening)).toBe('unsettled')
    const late = store.get('a')
    clock.advance(STORE_LIMIT_MS - 1)
    finish()
    await opening
    await late
    expect(inner.calls).toEqual(['open', 'get'])
    expect(clock.timers).toBe(0)
  })

  it('waits no longer than its limit, and does not mind an answer after it', async () => {
    const { inner, store, clock } = setUp()
    let answer!: (value: undefined) => void
    inner.get = () => new Promise((resolve) => (answer = resolve))
    const reading = store.get('a').catch(() => 'given up')
    await turns(1)
    clock.advance(STORE_LIMIT_MS - 1)
    expect(await stateOf(reading)).toBe('unsettled')
    clock.advance(1)
    answer(undefined)
    expect(await reading).toBe('given up')
  })

  it('says whether the store knows an id, where it can be asked at once', async () => {
    const { inner, clock } = setUp()
    const knows = async (own: Partial<TaskStore>): Promise<unknown[]> => {
      const store = new GuardedStore({ ...inner, ...own }, clock)
      const before = store.knows('a')
      await store.open()
      return [before, store.knows('a')]
    }
    const volatile = { capabilities: { durable: false, shared: false, push: false } }
    expect(await knows({ has: () => true })).toEqual([undefined, true])
    expect(await knows({ has: () => false })).toEqual([undefined, false])
    expect(await knows({ has: undefined as never })).toEqual([undefined, undefined])
    expect(await knows({ has: () => { throw new Error('mine') } })).toEqual([undefined, undefined]) // prettier-ignore
    expect(await knows({ ...volatile, has: () => true })).toEqual([true, true])
    expect(await knows({ ...volatile, has: undefined as never })).toEqual([false, false])
  })

  it('closes the store with the last that has it open', async () => {
    const { inner, clock } = setUp()
    const [one, two, never] = [1, 2, 3].map(() => new GuardedStore(inner, clock))
    await Promise.all([one!.open(), two!.get('a')])
    await never!.close()
    await one!.close()
    await one!.close()
    expect(inner.calls).not.toContain('close')
    await two!.get('a')
    await two!.close()
    expect(inner.calls.filter((name) => name === 'close')).toHaveLength(1)
    const next = new GuardedStore(inner, clock)
    await next.open()
    await next.close()
    expect(inner.calls.filter((name) => name === 'close')).toHaveLength(2)
  })

  it('opens a durable store no more once it is closed, opened before or not', async () => {
    const { inner, store, clock } = setUp()
    await store.close()
    for (const call of [store.open(), store.list({}), store.get('a')]) {
      await expect(call).rejects.toThrow("The fault store's open() came after its close")
    }
    expect([inner.calls, clock.timers]).toEqual([[], 0])
    const volatile = new GuardedStore(faultStore({ durable: false }), clock)
    await volatile.close()
    expect(await volatile.list({})).toEqual({ items: [], nextCursor: null })
  })

  it('gives a prune that has an archive to wait for more time', async () => {
    const { inner, store, clock } = setUp()
    await store.open()
    inner.prune = () => new Promise(() => undefined)
    const pruning = store.prune({ ...POLICY, archive: () => Promise.resolve() }).catch(() => 'given up')
    await turns(1)
    clock.advance(ARCHIVE_LIMIT_MS - 1)
    expect(await stateOf(pruning)).toBe('unsettled')
    clock.advance(1)
    expect(await pruning).toBe('given up')
  })
})

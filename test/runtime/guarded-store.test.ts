import { describe, expect, it } from 'vitest'
import { isTaskStoreError } from '../../src/core/errors.js'
import { GuardedStore, OPEN_LIMIT_MS, STORE_LIMIT_MS } from '../../src/runtime/guarded-store.js'
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

  it('takes a store that cannot say whether it has an id for one that has not', () => {
    const { inner, store, clock } = setUp()
    expect(store.has('a')).toBe(false)
    expect(new GuardedStore({ ...inner, has: () => true }, clock).has('a')).toBe(true)
    const throwing = { ...inner, has: () => { throw new Error('mine') } } // prettier-ignore
    expect(new GuardedStore(throwing, clock).has('a')).toBe(false)
  })
})

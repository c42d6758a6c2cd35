import { describe, expect, it } from 'vitest'
import { GuardedStore } from '../../src/runtime/guarded-store.js'
import { Retention, type RetentionPolicy } from '../../src/runtime/retention.js'
import type { PrunePolicy } from '../../src/store.js'
import { manualClock } from '../../src/testing/index.js'
import { faultStore } from './support/fault-store.js'
import { turns } from './support/turns.js'

/** A store that has so many finished tasks and removes what it is told to. */
function setUp(own: Partial<RetentionPolicy> = {}, finished = 0) {
  const clock = manualClock({ now: 1_000_000 })
  const store = Object.assign(faultStore(), { finished, asked: [] as PrunePolicy[], isDown: false })
  store.counts = async () => {
    store.calls.push('counts')
    if (store.isDown) throw new Error('down')
    return { pending: 9, running: 9, completed: store.finished - 2, failed: 1, cancelled: 1 }
  }
  store.prune = async (policy) => {
    store.asked.push(policy)
    if (store.isDown) throw new Error('down')
    const removed = Math.min(policy.limit, Math.max(0, store.finished - policy.maxTasks))
    store.finished -= removed
    return removed
  }
  const failures: string[] = []
  const policy = { maxAge: 500, maxTasks: 10, interval: 100, ...own }
  const retention = new Retention(new GuardedStore(store, clock), clock, policy, (thrown) => {
    failures.push((thrown as Error).message)
  })
  const record = async (count: number): Promise<void> => {
    store.finished += count
    retention.recorded(count)
    await turns(2)
  }
  return { clock, store, failures, retention, record }
}

describe('Retention', () => {
  it('asks how many there are once, with the first record, and prunes by the policy', async () => {
    const { store, record } = setUp({}, 5)
    await record(1)
    await record(1)
    expect(store.calls.filter((call) => call === 'counts')).toHaveLength(1)
    expect(store.asked).toEqual([{ finishedBefore: 1_000_000 - 500, maxTasks: 10, limit: 1_000 }])
  })

  it('prunes as soon as there are too many, and not before', async () => {
    const { store, record } = setUp({}, 8)
    await record(1)
    await record(1)
    expect(store.asked).toHaveLength(1)
    await record(1)
    expect(store.asked).toHaveLength(2)
    expect(store.finished).toBe(10)
    await record(1)
    expect(store.asked).toHaveLength(3)
  })

  it('goes on in bounded steps until nothing is left to remove', async () => {
    const { store, record } = setUp({}, 3_500)
    await record(1)
    expect(store.asked.map(({ limit }) => limit)).toEqual([1_000, 1_000, 1_000, 1_000])
    expect(store.finished).toBe(10)
  })

  it('looks every interval for what has grown old, as long as something is left', async () => {
    const { clock, store, record } = setUp({ maxTasks: 0 })
    store.finished = 2
    await record(0)
    expect(store.finished).toBe(0)
    const looks = store.asked.length
    clock.advance(100)
    await turns(2)
    expect(store.asked.length).toBeGreaterThan(looks)
    clock.advance(1_000)
    await turns(2)
    expect(clock.timers).toBe(0)
  })

  it('keeps looking while finished tasks stay', async () => {
    const { clock, store, record } = setUp({}, 5)
    await record(1)
    for (let look = 0; look < 5; look++) {
      clock.advance(100)
      await turns(2)
    }
    expect(store.asked).toHaveLength(6)
    expect(store.asked.at(-1)!.finishedBefore).toBe(1_000_000)
  })

  it('lets time pass between its looks with an interval of 0', async () => {
    const { clock, store, record } = setUp({ interval: 0 }, 5)
    await record(1)
    const looks = store.asked.length
    clock.advance(1)
    await turns(2)
    expect(store.asked).toHaveLength(looks + 1)
  })

  it('prunes again for what comes while it prunes', async () => {
    const { store, record } = setUp({}, 50)
    const { prune } = store
    let isFirst = true
    store.prune = async (policy) => {
      const removed = await prune(policy)
      if (isFirst) {
        isFirst = false
        await record(5)
      }
      return removed
    }
    await record(1)
    await turns(2)
    expect(store.finished).toBe(10)
  })

  it('takes no timer for an interval without end, and gives it back when stopped', async () => {
    const never = setUp({ interval: Infinity }, 5)
    await never.record(1)
    expect(never.clock.timers).toBe(0)
    const { clock, retention, record } = setUp({}, 5)
    await record(1)
    expect(clock.timers).toBe(1)
    retention.stop()
    expect(clock.timers).toBe(0)
  })

  it('reports a store that fails once an outage, and tries again with the next record and the next interval', async () => {
    const { clock, store, failures, record } = setUp({}, 5)
    store.isDown = true
    await record(1)
    clock.advance(100)
    await turns(2)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toContain('down')
    store.isDown = false
    await record(1)
    expect(store.asked).toHaveLength(1)
    store.isDown = true
    await record(1)
    clock.advance(100)
    await turns(2)
    expect(failures).toHaveLength(2)
  })

  it('gives up a store that hangs, and prunes again afterwards', async () => {
    const { clock, store, failures, record } = setUp({}, 50)
    const { prune } = store
    store.prune = () => new Promise(() => undefined)
    await record(1)
    store.prune = prune
    for (let look = 0; look < 60; look++) {
      clock.advance(100)
      await turns(2)
    }
    expect(failures).toEqual([expect.stringContaining('no answer within 5000 ms')])
    expect(store.finished).toBe(10)
  })

  it.each([NaN, -1, 'many', Infinity])('is not led astray by a store that says it removed %s', async (answer) => {
    const { clock, store, record } = setUp({}, 50)
    const { prune } = store
    store.prune = async () => answer as number
    await record(1)
    store.prune = prune
    await record(1)
    clock.advance(100)
    await turns(2)
    expect(store.finished).toBe(10)
  })
})

describe('Retention, on a store that others share', () => {
  it('asks again how many there are each time it looks', async () => {
    const { store, record, clock } = setUp({}, 5)
    Object.assign(store.capabilities, { shared: true })
    await record(1)
    // What the others add it is not told of.
    store.finished += 50
    clock.advance(100)
    await turns(3)
    expect(store.calls.filter((call) => call === 'counts')).toHaveLength(2)
    expect(store.finished).toBe(10)
  })

  it('looks at what is there when the store is opened', async () => {
    const { store, retention } = setUp({}, 25)
    retention.opened()
    await turns(3)
    expect(store.finished).toBe(10)
  })
})

describe('Retention, by hand', () => {
  it('prunes by what it is given, in steps, and by its own policy for the rest', async () => {
    const { store, retention } = setUp({ maxTasks: 10_000 }, 3_500)
    expect(await retention.prune({ maxTasks: 100 })).toBe(3_400)
    expect(store.asked.map(({ maxTasks, limit }) => [maxTasks, limit])).toEqual(Array(4).fill([100, 1_000]))
    expect(store.asked[0]).toMatchObject({ finishedBefore: 1_000_000 - 500 })
    expect(await retention.prune({ maxAge: 7 })).toBe(0)
    expect(store.asked.at(-1)).toMatchObject({ finishedBefore: 1_000_000 - 7, maxTasks: 10_000 })
  })

  it('rejects where the store does', async () => {
    const { store, retention } = setUp({}, 25)
    store.isDown = true
    await expect(retention.prune({})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

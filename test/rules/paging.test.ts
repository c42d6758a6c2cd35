import { describe, expect, it } from 'vitest'
import type { Page, TaskQuery, TaskRecord, TaskStore, TaskSupervisor } from 'taskward'
import { clocked, durableStore, fakeStore, hold, microtasks, turns, type Held } from './support.js'

/** Every page of the query, with something happening between them. */
async function pages<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  between: (page: number) => unknown = () => undefined,
): Promise<T[][]> {
  const all: T[][] = []
  let cursor: string | undefined
  for (let page = 0; page < 500; page++) {
    const { items, nextCursor } = await read(cursor)
    all.push(items)
    if (nextCursor === null) return all
    cursor = nextCursor
    await between(page)
  }
  throw new Error('the pages do not end')
}

const listing = (supervisor: TaskSupervisor, query: TaskQuery) => (cursor: string | undefined) =>
  supervisor.list({ ...query, cursor })

const namesOf = (all: TaskRecord[][]): string[] => all.flat().map(({ name }) => name)

describe.each<[string, () => TaskStore]>([
  ['in the process alone', fakeStore],
  ['durable', durableStore],
])('paging with a store that is %s', (_, makeStore) => {
  /** Sixty tasks, several to an instant; every third one is done. */
  async function sixty(): Promise<{ supervised: ReturnType<typeof clocked>; held: Held<void>[] }> {
    const supervised = clocked({ store: makeStore(), concurrency: 40, timeout: Infinity })
    const held: Held<void>[] = []
    for (let i = 0; i < 60; i++) {
      held.push(hold(supervised.supervisor, { name: String(i), owner: i % 2 ? 'odd' : 'even' }))
      if (i % 4 === 3) supervised.clock.advance(1)
    }
    for (let i = 0; i < 40; i += 3) held[i]!.resolve()
    await turns()
    return { supervised, held }
  }
  const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

  it.each([1, 2, 7, 59, 60, 61, 1_000])('gives each task once, in pages of %i', async (limit) => {
    const { supervised } = await sixty()
    const all = await pages(listing(supervised.supervisor, { limit, order: 'oldest' }))
    expect(namesOf(all)).toEqual(upTo(60))
    expect(all.slice(0, -1).every((page) => page.length > 0 && page.length <= limit)).toBe(true)
    const backwards = await pages(listing(supervised.supervisor, { limit }))
    expect(namesOf(backwards)).toEqual(upTo(60).reverse())
  })

  it('is 100 to a page by default', async () => {
    const { supervisor } = clocked({ store: makeStore() })
    for (let i = 0; i < 120; i++) supervisor.spawn(() => i)
    const first = await supervisor.list()
    expect([first.items.length, typeof first.nextCursor]).toEqual([100, 'string'])
    await turns()
    expect((await supervisor.list()).items).toHaveLength(100)
  })

  it('misses none and repeats none while tasks end between pages', async () => {
    for (const order of ['oldest', 'newest'] as const) {
      const { supervised, held } = await sixty()
      const all = await pages(listing(supervised.supervisor, { limit: 5, order }), async (page) => {
        for (let i = page; i < 60; i += 11) held[i]!.resolve()
        held[(page * 17) % 60]!.handle.cancel()
        if (page % 2) await turns()
      })
      expect(namesOf(all)).toEqual(order === 'oldest' ? upTo(60) : upTo(60).reverse())
    }
  })

  it('misses none and repeats none while tasks are being written between pages', async () => {
    for (const order of ['oldest', 'newest'] as const) {
      const { supervised } = await sixty()
      const { clock, supervisor } = supervised
      let added = 60
      const all = await pages(listing(supervisor, { limit: 7, order }), async (page) => {
        if (page > 5) return
        clock.advance(1)
        for (let i = 0; i < 3; i++) supervisor.spawn(Promise.resolve(), { name: String(added++) })
        await turns(page)
      })
      const names = namesOf(all)
      expect(new Set(names).size).toBe(names.length)
      expect(names.filter((name) => Number(name) < 60)).toEqual(order === 'oldest' ? upTo(60) : upTo(60).reverse())
      // What is new comes last where the oldest come first, and not at all where they come last.
      if (order === 'oldest') expect(names).toEqual(upTo(added))
      else expect(names).toHaveLength(60)
    }
  })

  it('pages a filtered list whole, however thin', async () => {
    const { supervised } = await sixty()
    const query = { owner: 'odd', status: 'completed', limit: 2, order: 'oldest' } as const
    const expected = upTo(40).filter((name) => Number(name) % 3 === 0 && Number(name) % 2 === 1)
    expect(namesOf(await pages(listing(supervised.supervisor, query)))).toEqual(expected)
  })

  it('reads each task once while it goes from here into the store in the midst of the reading', async () => {
    const { supervised, held } = await sixty()
    const reading = Array.from({ length: 30 }, async (_, i) => {
      await turns(i % 5)
      held[(i * 7) % 60]!.resolve()
      return supervised.supervisor.list({ limit: 1_000, order: 'oldest' })
    })
    for (const { items } of await Promise.all(reading)) expect(items.map(({ name }) => name)).toEqual(upTo(60))
  })

  it('pages errors, newest first, while more of them occur', async () => {
    const { clock, supervisor } = clocked({ store: makeStore() })
    let count = 0
    const fail = (): void => {
      const message = `e${String(count++)}`
      supervisor.spawn(() => Promise.reject(new Error(message)))
      if (count % 3 === 0) clock.advance(1)
    }
    for (let i = 0; i < 30; i++) fail()
    await turns()
    for (let i = 0; i < 10; i++) fail()
    // Failed, but not yet stored.
    await microtasks()
    const all = await pages(
      (cursor) => supervisor.errors({ limit: 4, cursor }),
      async (page) => {
        clock.advance(1)
        fail()
        await turns(page % 3)
      },
    )
    const messages = all.flat().map(({ error }) => error.message)
    const first = count
    const old = messages.filter((message) => Number(message.slice(1)) < 40)
    expect(first).toBeGreaterThan(40)
    expect(old).toEqual(Array.from({ length: 40 }, (_, i) => `e${String(39 - i)}`))
  })
})

describe('errorGroups', () => {
  it('count the errors of one fault, first and last seen, with the last one as the sample', async () => {
    const { clock, supervisor } = clocked()
    const [a, b] = ['cannot reach', 'no such card'].map((message) => () => {
      throw Object.assign(new Error(message), { code: message.toUpperCase() })
    })
    const at: number[] = []
    for (const fail of [a!, b!, a!, a!, b!]) {
      at.push(clock.now())
      await supervisor.spawn(fail, { owner: String(at.length) }).settled
      clock.advance(10)
    }
    const expected = [
      { count: 2, firstSeen: at[1], lastSeen: at[4], sample: { owner: '5', error: { code: 'NO SUCH CARD' } } },
      { count: 3, firstSeen: at[0], lastSeen: at[3], sample: { owner: '4', error: { code: 'CANNOT REACH' } } },
    ]
    const groups = await supervisor.errorGroups()
    expect(groups).toMatchObject(expected)
    for (const { fingerprint, sample, count } of groups) {
      expect(sample.fingerprint).toBe(fingerprint)
      expect((await supervisor.errors({ fingerprint })).items).toHaveLength(count)
    }
    expect(await supervisor.errorGroups({ limit: 1 })).toMatchObject(expected.slice(0, 1))
    expect(await supervisor.errorGroups({ code: 'CANNOT REACH' })).toMatchObject(expected.slice(1))
    expect(await supervisor.errorGroups({ createdBefore: at[1]! })).toMatchObject([{ count: 1, lastSeen: at[0] }])
  })

  it('count beyond a page, live and stored', async () => {
    const { supervisor } = clocked({ concurrency: Infinity })
    for (let i = 0; i < 2_500; i++) supervisor.spawn(() => Promise.reject(new Error('the same')), { name: 'same' })
    expect(await supervisor.errorGroups()).toMatchObject([])
    await turns(1)
    supervisor.spawn(() => Promise.reject(new Error('the same')), { name: 'same' })
    await supervisor.onIdle()
    const groups = await supervisor.errorGroups()
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(2_501)
    expect(groups.length).toBeLessThanOrEqual(2)
  })
})

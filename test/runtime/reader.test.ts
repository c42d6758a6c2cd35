import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TaskQuery } from '../../src/core/query.js'
import type { TaskRecord } from '../../src/core/record.js'
import { Reader } from '../../src/runtime/reader.js'
import { faultStore } from './support/fault-store.js'
import { recorderOn } from './support/recorder.js'
import { begin, complete, failWith, makeTask } from './support/tasks.js'
import { nextTurn, turns } from './support/turns.js'

const setUp = ({ durable = false } = {}) => {
  const inner = faultStore({ durable })
  const parts = recorderOn(inner)
  const reader = new Reader(parts.store, parts.recorder)
  const track = (order: number, atMs = 1_000) => {
    const task = makeTask(order, { atMs, owner: `owner-${order % 2}` })
    parts.recorder.track(task)
    return task
  }
  return { ...parts, inner, reader, track }
}

async function pages(reader: Reader, query: TaskQuery, between: () => Promise<void> = nextTurn): Promise<TaskRecord[]> {
  const seen: TaskRecord[] = []
  let cursor: string | undefined
  do {
    const page = await reader.list({ ...query, cursor })
    seen.push(...page.items)
    expect(page.items.length).toBeLessThanOrEqual(query.limit!)
    cursor = page.nextCursor ?? undefined
    await between()
  } while (cursor !== undefined)
  return seen
}

describe('Reader', () => {
  it('gets what lives from this process, else from the store', async () => {
    const { reader, recorder, track, inner } = setUp()
    const task = track(0)
    expect(await reader.get('task-0')).toMatchObject({ status: 'pending' })
    expect(inner.calls).toEqual([])
    recorder.changed(complete(task))
    await turns(2)
    expect(await reader.get('task-0')).toMatchObject({ status: 'completed' })
    expect(inner.calls).toContain('get')
    expect(await reader.get('nobody')).toBeUndefined()
  })

  it.each(['newest', 'oldest'] as const)('pages through live and stored tasks as one, %s first', async (order) => {
    const kind = fc.constantFrom('stored', 'live', 'both' as const)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(kind, fc.nat(4)), { maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        async (all, limit) => {
          const { reader, recorder, track } = setUp({ durable: true })
          const tasks = all.map(([, atMs], index) => track(index, atMs))
          await turns(2)
          tasks.forEach((task, index) => {
            if (all[index]![0] === 'stored') recorder.changed(complete(task))
          })
          await turns(2)
          // Stored as pending by now, and running since: what this process knows has to win.
          tasks.forEach((task, index) => {
            if (all[index]![0] === 'both') begin(task, 5)
          })
          const live = tasks.flatMap((task, index) => (all[index]![0] === 'live' ? [task] : []))
          let next = live.length
          const seen = await pages(reader, { limit, order }, async () => {
            // Some end between two pages, and move from here to there.
            const ending = live[--next]
            if (ending) recorder.changed(complete(ending))
            await turns(2)
          })
          const sign = order === 'newest' ? -1 : 1
          const expected = [...tasks].sort((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
          expect(seen.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
          for (const record of seen) {
            const index = tasks.findIndex(({ id }) => id === record.id)
            if (all[index]![0] === 'both') expect(record.status).toBe('running')
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('reads no more of the store than a page needs', async () => {
    const { reader, recorder, track, inner } = setUp()
    for (let order = 0; order < 20; order++) recorder.changed(complete(track(order, order)))
    await turns(2)
    const page = await reader.list({ limit: 5 })
    expect(page.items).toHaveLength(5)
    expect(inner.calls.filter((call) => call === 'list')).toHaveLength(1)
  })

  it('filters what is live by what it is now, not by what the store has', async () => {
    const { reader, track } = setUp({ durable: true })
    const task = track(0)
    await turns(2)
    begin(task, 5)
    expect((await reader.list({ status: 'pending' })).items).toEqual([])
    expect((await reader.list({ status: 'running' })).items).toHaveLength(1)
    expect((await reader.list({ owner: 'owner-1' })).items).toEqual([])
  })

  it('shows a task that ends while the store is read once, and as it is then', async () => {
    const { reader, recorder, track, inner } = setUp()
    const task = track(0)
    inner.list = async (query) => {
      const before = await inner.inner.list(query)
      recorder.changed(complete(task))
      await turns(3)
      return before
    }
    expect((await reader.list({})).items).toMatchObject([{ id: 'task-0', status: 'completed' }])
  })

  it('tells a history whole, stored and not yet stored, each transition once', async () => {
    const { reader, recorder, track } = setUp({ durable: true })
    const task = track(0)
    await turns(2)
    begin(task, 5)
    recorder.changed(task)
    expect((await reader.history('task-0')).map(({ to }) => to)).toEqual(['pending', 'running'])
    complete(task)
    expect((await reader.history('task-0')).map(({ to }) => to)).toEqual(['pending', 'running', 'completed'])
    expect(await reader.history('nobody')).toEqual([])
  })

  it('tells the history of a live task without a store, which may be behind or down', async () => {
    const { reader, recorder, track, inner } = setUp({ durable: true })
    const task = track(0)
    await turns(2)
    inner.history = () => Promise.reject('down')
    begin(task, 5)
    recorder.changed(task)
    expect((await reader.history('task-0')).map(({ to }) => to)).toEqual(['pending', 'running'])
  })

  it('lists what was refused among the errors, though no store has it', async () => {
    const { reader, recorder, track } = setUp()
    recorder.changed(failWith(track(0), 'STORED', 3))
    await turns(2)
    const refused = failWith(makeTask(1), 'REFUSED', 4).failures[0]!
    recorder.keepRefused(refused)
    expect((await reader.errors({})).items.map(({ error }) => error.code)).toEqual(['REFUSED', 'STORED'])
    for (let count = 0; count < 5_000; count++) recorder.keepRefused(refused)
    expect(recorder.refused.length).toBeLessThanOrEqual(1_000)
  })

  it('lists each error once, though its task moves from here to the store meanwhile', async () => {
    const { reader, recorder, track, inner } = setUp()
    const tasks = [track(0), track(1), track(2)] as const
    recorder.changed(failWith(tasks[0], 'STORED', 3))
    await turns(2)
    recorder.changed(failWith(tasks[1], 'LIVE', 4))
    failWith(tasks[2], 'UNTOLD', 5)
    inner.errors = async (query) => {
      await turns(3)
      return inner.inner.errors(query)
    }
    const codes = async (query = {}): Promise<unknown[]> =>
      (await reader.errors(query)).items.map(({ error }) => error.code)
    expect(await codes()).toEqual(['UNTOLD', 'LIVE', 'STORED'])
    expect(await codes({ code: 'LIVE' })).toEqual(['LIVE'])
    expect(await codes({ owner: 'owner-0' })).toEqual(['UNTOLD', 'STORED'])
  })

  it('says that the store is unavailable, whatever it throws', async () => {
    const { reader, inner } = setUp()
    inner.list = () => Promise.reject('mine')
    inner.get = () => Promise.reject('mine')
    await expect(reader.list({})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: 'mine' })
    await expect(reader.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: 'mine' })
  })

  it('reads stored errors of any shape back as errors', async () => {
    const { reader, inner } = setUp()
    inner.get = async () => ({ ...makeTask(0).snapshot(), error: 'plain text' as never })
    expect(await reader.get('a')).toMatchObject({ error: { message: 'plain text' } })
    inner.get = async () => ({ ...makeTask(0).snapshot(), error: null })
    expect(await reader.get('a')).toMatchObject({ error: null })
  })

  it('groups errors by fingerprint, newest group first, over all pages', async () => {
    const { reader, recorder, track } = setUp()
    for (let order = 0; order < 2_500; order++) recorder.changed(failWith(track(order), `CODE-${order % 3}`, order))
    await recorder.flush(() => false)
    const groups = await reader.errorGroups({})
    expect(
      groups.map(({ fingerprint, count, firstSeen, lastSeen }) => [fingerprint, count, firstSeen, lastSeen]),
    ).toEqual([
      ['CODE-0', 834, 0, 2_499],
      ['CODE-2', 833, 2, 2_498],
      ['CODE-1', 833, 1, 2_497],
    ])
    expect(groups[0]!.sample.at).toBe(2_499)
    expect(await reader.errorGroups({ limit: 1 })).toHaveLength(1)
  })
})

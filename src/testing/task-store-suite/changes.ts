import assert from 'node:assert/strict'
import type { TaskChange, TaskStore } from '../../store.js'
import { apply, idsOf, nextTurn } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, taskOf, touched } from './tasks.js'

export const changeCases: readonly SuiteCase[] = [
  {
    name: 'come once each, in the order of the last change, as they are now',
    async run(trial) {
      const store = await trial.open()
      assert.deepEqual((await store.changes(0, 10)).items, [])
      const [a, b, c] = ['a', 'b', 'c'].map((id) => born(taskOf(id))) as [TaskChange, TaskChange, TaskChange]
      await apply(store, [a, b, c])
      const running = moved(a.record, 'running')
      await apply(store, [running])
      const { items, next } = await store.changes(0, 10)
      assert.deepEqual(
        items.map(({ record }) => record),
        [b.record, c.record, running.record],
      )
      checkPlaces(items, 0)
      assert.equal(next, items.at(-1)?.seq)
      const later = touched(running.record)
      await apply(store, [later])
      const after = await store.changes(next, 10)
      assert.deepEqual(
        after.items.map(({ record }) => record),
        [later.record],
      )
      checkPlaces(after.items, next)
    },
  },
  {
    name: 'come no more than asked for, and go on where they ended',
    async run(trial) {
      const store = await trial.open()
      const ids = Array.from({ length: 25 }, (_, index) => `t${index}`)
      for (const id of ids) await apply(store, [born(taskOf(id))])
      const seen: string[] = []
      let since = 0
      for (const expected of [10, 10, 5, 0]) {
        const { items, next } = await store.changes(since, 10)
        assert.equal(items.length, expected)
        checkPlaces(items, since)
        seen.push(...idsOf(items.map(({ record }) => record)))
        assert.equal(next, items.at(-1)?.seq ?? since)
        since = next
      }
      assert.deepEqual(seen, ids)
    },
  },
  {
    name: 'begin at the present for whoever asks for it',
    async run(trial) {
      const store = await trial.open()
      const empty = await store.changes(Infinity, 10)
      assert.deepEqual(empty.items, [])
      assert.ok(Number.isSafeInteger(empty.next))
      await apply(store, [born(taskOf('a')), born(taskOf('b'))])
      assert.equal((await store.changes(empty.next, 10)).items.length, 2)
      const { items, next } = await store.changes(Infinity, 10)
      assert.deepEqual(items, [])
      assert.deepEqual(await store.changes(next, 10), { items: [], next })
      await apply(store, [born(taskOf('c'))])
      const news = (await store.changes(next, 10)).items
      assert.deepEqual(idsOf(news.map(({ record }) => record)), ['c'])
      assert.deepEqual((await store.changes(Infinity, 10)).next, news[0]?.seq)
    },
  },
  {
    name: 'are none where a commit was refused, and leave out what has been pruned',
    async run(trial) {
      const store = await trial.open()
      const over = born(taskOf('over', { status: 'completed' }))
      await apply(store, [over, born(taskOf('live'))])
      const { next } = await store.changes(0, 10)
      await store.commit([moved(over.record, 'failed'), moved(taskOf('x'), 'failed')])
      assert.deepEqual(await store.changes(next, 10), { items: [], next })
      await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 10 })
      const rest = (await store.changes(0, 10)).items
      assert.deepEqual(idsOf(rest.map(({ record }) => record)), ['live'])
      await apply(store, [born(taskOf('new'))])
      const news = (await store.changes(next, 10)).items
      assert.deepEqual(idsOf(news.map(({ record }) => record)), ['new'])
    },
  },
  {
    name: 'miss nothing for a reader that follows while many commits are under way at once',
    async run(trial) {
      const store = await trial.open()
      const writers = Array.from({ length: 12 }, (_, index) => live(store, `w${index}`))
      const written = Promise.all(writers).then(() => true)
      const seen = await followChanges(store, written)
      assert.equal(seen.size, 12 * 5)
      for (const [id, version] of seen) assert.equal(version, 3, id)
    },
  },
]

/**
 * Reads on and on until `written` is done and nothing is left. Gives the last version seen of each id; fails where a place
 * comes twice, or one before another that has been given.
 */
export async function followChanges(store: TaskStore, written: Promise<unknown>): Promise<Map<string, number>> {
  const seen = new Map<string, number>()
  let isOver = false
  const over = written.finally(() => (isOver = true))
  // Awaited below: until then its failure is nobody's.
  over.catch(() => undefined)
  let since = 0
  for (;;) {
    const wasOver = isOver
    const { items, next } = await store.changes(since, 7)
    checkPlaces(items, since)
    for (const { record } of items) {
      assert.ok(record.version >= (seen.get(record.id) ?? 0), `${record.id} goes back to version ${record.version}`)
      seen.set(record.id, record.version)
    }
    since = next
    if (wasOver && items.length === 0) break
    await nextTurn()
  }
  await over
  return seen
}

export function checkPlaces(items: readonly { seq: number }[], since: number): void {
  let last = since
  for (const { seq } of items) {
    assert.ok(Number.isSafeInteger(seq) && seq > last, `place ${seq} comes after ${last}`)
    last = seq
  }
}

/** Five tasks, each taken through three versions, five at a time. */
async function live(store: TaskStore, name: string): Promise<void> {
  let changes = Array.from({ length: 5 }, (_, index) => born(taskOf(`${name}-${index}`)))
  await apply(store, changes)
  for (const status of ['running', 'completed'] as const) {
    changes = changes.map(({ record }) => moved(record, status))
    await apply(store, changes)
  }
}

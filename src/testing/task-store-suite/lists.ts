import assert from 'node:assert/strict'
import { encodeCursor, type TaskQuery } from '../../core/query.js'
import { isTaskOptionError } from '../../core/errors.js'
import type { TaskRecord } from '../../core/record.js'
import type { TaskStore } from '../../store.js'
import { apply, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, NOON, taskOf } from './tasks.js'

export const listCases: readonly SuiteCase[] = [
  {
    name: 'gives the newest first, the oldest first where asked, and those of one instant by id',
    async run(trial) {
      const store = await trial.open()
      const records = [taskOf('b', { createdAt: 5 }), taskOf('c', { createdAt: 3 }), taskOf('a', { createdAt: 5 })]
      await apply(store, records.map(born))
      assert.deepEqual(idsOf((await store.list({})).items), ['b', 'a', 'c'])
      assert.deepEqual(idsOf((await store.list({ order: 'newest' })).items), ['b', 'a', 'c'])
      assert.deepEqual(idsOf((await store.list({ order: 'oldest' })).items), ['c', 'a', 'b'])
    },
  },
  {
    name: 'orders ids by code point, as UTF-8 does, in whichever way another order would have them',
    async run(trial) {
      const store = await trial.open()
      await apply(
        store,
        [...IN_ORDER].reverse().map((id) => born(taskOf(id))),
      )
      for (const limit of [1, 3, 100]) {
        assert.deepEqual(idsOf(await listAll(store, { order: 'oldest', limit })), IN_ORDER)
        assert.deepEqual(idsOf(await listAll(store, { limit })), [...IN_ORDER].reverse())
      }
    },
  },
  {
    name: 'takes every filter, and all of them together',
    async run(trial) {
      const store = await trial.open()
      const records = variedRecords()
      await apply(store, records.map(born))
      for (const [query, holds] of FILTERS) {
        const expected = records.filter((record) => holds(record))
        assert.ok(expected.length > 0 || query.status?.length === 0, JSON.stringify(query))
        assert.deepEqual(await listAll(store, { ...query, order: 'oldest', limit: 2 }), expected, JSON.stringify(query))
        assert.deepEqual(await listAll(store, query), [...expected].reverse(), JSON.stringify(query))
      }
    },
  },
  {
    name: 'finds nothing where nothing matches, and everything where a filter is undefined',
    async run(trial) {
      const store = await trial.open()
      assert.deepEqual(await store.list({}), { items: [], nextCursor: null })
      await apply(store, [born(taskOf('a', { name: 'n', lane: null, owner: null, parentId: null }))])
      for (const query of [
        { name: 'N' },
        { lane: 'null' },
        { owner: '' },
        { parentId: '' },
        { status: [] },
        { text: 'x' },
      ])
        assert.deepEqual(await listAll(store, query), [], JSON.stringify(query))
      const open = { ...{ status: undefined, name: undefined, lane: undefined, owner: undefined, parentId: undefined } }
      const free = { text: undefined, createdAfter: undefined, createdBefore: undefined, limit: undefined }
      const rest = { cursor: undefined, order: undefined }
      assert.deepEqual(idsOf((await store.list({ ...open, ...free, ...rest })).items), ['a'])
    },
  },
  {
    name: 'counts instants from createdAfter on and up to createdBefore, whatever numbers they are',
    async run(trial) {
      const store = await trial.open()
      const instants = [0, 1, NOON, NOON + 1, 8_640_000_000_000_000]
      await apply(
        store,
        instants.map((createdAt, index) => born(taskOf(`t${index}`, { createdAt, finishedAt: null }))),
      )
      const found = async (query: TaskQuery): Promise<string> =>
        (await listAll(store, { ...query, order: 'oldest', limit: 2 })).map(({ id }) => id.slice(1)).join('')
      assert.equal(await found({ createdAfter: NOON }), '234')
      assert.equal(await found({ createdBefore: NOON }), '01')
      assert.equal(await found({ createdAfter: 1, createdBefore: NOON + 1 }), '12')
      assert.equal(await found({ createdAfter: NOON, createdBefore: NOON }), '')
      assert.equal(await found({ createdAfter: -Infinity, createdBefore: Infinity }), '01234')
      assert.equal(await found({ createdAfter: Infinity }), '')
      assert.equal(await found({ createdAfter: NOON + 0.5 }), '34')
    },
  },
  {
    name: 'gives a hundred where no limit is said, and otherwise no more than it',
    async run(trial) {
      const store = await trial.open()
      const records = Array.from({ length: 120 }, (_, index) => taskOf(`t${index}`, { createdAt: index }))
      await apply(store, records.map(born))
      assert.equal((await store.list({})).items.length, 100)
      for (const limit of [undefined, 1, 99, 120, 1_000]) {
        const { items, nextCursor } = await store.list({ limit })
        const expected = Math.min(limit ?? 100, 120)
        assert.equal(items.length, expected)
        if (expected < 120) assert.equal(nextCursor, encodeCursor({ at: 120 - expected, id: `t${120 - expected}` }))
        else assert.deepEqual(await listAll(store, { cursor: nextCursor ?? 'none' }).catch(() => []), [])
      }
    },
  },
  {
    name: 'goes on from any place, also where nothing is or ever was',
    async run(trial) {
      const store = await trial.open()
      await apply(
        store,
        ['b', 'd', 'f'].map((id) => born(taskOf(id))),
      )
      const after = async (id: string, order: 'newest' | 'oldest', at = NOON): Promise<string> =>
        idsOf(await listAll(store, { cursor: encodeCursor({ at, id }), order })).join('')
      assert.equal(await after('c', 'oldest'), 'df')
      assert.equal(await after('c', 'newest'), 'b')
      assert.equal(await after('d', 'oldest'), 'f')
      assert.equal(await after('z', 'newest', NOON - 1), '')
      assert.equal(await after('z', 'newest', NOON + 1), 'fdb')
      assert.equal(await after('a', 'oldest', -5), 'bdf')
      assert.equal(await after('a:b\n:', 'oldest'), 'bdf')
    },
  },
  {
    name: 'refuses a cursor that no list gave, by a TaskOptionError',
    async run(trial) {
      const store = await trial.open()
      for (const cursor of ['', 'x', '5', '5:', ':a', 'a:5', "1' OR 1=1:a"]) {
        await assert.rejects(async () => store.list({ cursor }), isTaskOptionError, cursor)
        await assert.rejects(async () => store.errors({ cursor }), isTaskOptionError, cursor)
      }
    },
  },
  {
    name: 'pages stably while tasks are written, changed and removed',
    async run(trial) {
      const store = await trial.open()
      for (const order of ['newest', 'oldest'] as const) await pageUnderWrites(store, order)
    },
  },
]

const IN_ORDER = [
  ' ',
  '-',
  '0',
  '1',
  '10',
  '2',
  ':',
  'A',
  'B',
  '_',
  'a',
  'a b',
  'aa',
  'b',
  '{',
  '~',
  '\x7f',
  'ß',
  'ä',
  'ÿ',
]
IN_ORDER.push('Ā', 'א', '日', '\ud7ff', '\ue000', '\ufb01', '\ufffd', '𐀀', '😀', '😀a', '\u{10ffff}')

/** Tasks that differ in all that a list can be filtered by. */
function variedRecords(): TaskRecord[] {
  const statuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const
  return Array.from({ length: 60 }, (_, index) =>
    taskOf(`t${String(index).padStart(2, '0')}`, {
      ...{ status: statuses[index % 5]!, name: `name ${index % 3}`, createdAt: NOON + Math.floor(index / 4) },
      ...{ lane: index % 2 ? 'mail' : null, owner: index % 4 ? `owner ${index % 4}` : null },
      parentId: index % 6 ? null : 'parent',
    }),
  )
}

const FILTERS: readonly [TaskQuery, (record: TaskRecord) => boolean][] = [
  [{}, () => true],
  [{ status: 'failed' }, ({ status }) => status === 'failed'],
  [{ status: ['running', 'pending'] }, ({ status }) => status === 'running' || status === 'pending'],
  [{ status: [] }, () => false],
  [{ name: 'name 1' }, ({ name }) => name === 'name 1'],
  [{ lane: 'mail' }, ({ lane }) => lane === 'mail'],
  [{ owner: 'owner 2' }, ({ owner }) => owner === 'owner 2'],
  [{ parentId: 'parent' }, ({ parentId }) => parentId === 'parent'],
  [{ text: 'OWNER 3' }, ({ owner }) => owner === 'owner 3'],
  [{ createdAfter: NOON + 5 }, ({ createdAt }) => createdAt >= NOON + 5],
  [{ createdBefore: NOON + 5 }, ({ createdAt }) => createdAt < NOON + 5],
  [
    { status: ['completed', 'failed'], name: 'name 0', lane: 'mail' },
    ({ status, name, lane }) => /completed|failed/.test(status) && name === 'name 0' && lane === 'mail',
  ],
  [
    {
      status: 'running',
      name: 'name 1',
      lane: 'mail',
      owner: 'owner 1',
      text: 'NAME',
      createdAfter: NOON,
      createdBefore: NOON + 9,
    },
    ({ status, name, lane, owner, createdAt }) =>
      status === 'running' && name === 'name 1' && lane === 'mail' && owner === 'owner 1' && createdAt < NOON + 9,
  ],
]

/** Everything that was there before the first page and stays comes exactly once, whatever happens between the pages. */
async function pageUnderWrites(store: TaskStore, order: 'newest' | 'oldest'): Promise<void> {
  const name = `paged ${order}`
  const finished = { status: 'completed', finishedAt: 1 } as const
  const staying = Array.from({ length: 20 }, (_, index) =>
    taskOf(`${name} ${index}`, { name, createdAt: 100 + (index >> 1) }),
  )
  await apply(store, [...staying.map(born), born(taskOf(`${name} going`, { name, createdAt: 105, ...finished }))])
  const seen: string[] = []
  let cursor: string | undefined
  for (let page = 0; ; page++) {
    const { items, nextCursor } = await store.list({ name, limit: 3, order, cursor })
    seen.push(...idsOf(items))
    if (nextCursor === null) break
    cursor = nextCursor
    const late = [0, 1_000].map((createdAt) => born(taskOf(`${name} late ${page} ${createdAt}`, { name, createdAt })))
    await apply(store, [...late, moved(staying[page]!, 'running'), moved(staying[19 - page]!, 'cancelled')])
    if (page === 0) assert.equal(await store.prune({ finishedBefore: 2, maxTasks: Infinity, limit: 10 }), 1)
    assert.ok(page < 10, 'comes to an end')
  }
  assert.equal(new Set(seen).size, seen.length, 'no task comes twice')
  const missed = idsOf(staying).filter((id) => !seen.includes(id))
  assert.deepEqual(missed, [])
}

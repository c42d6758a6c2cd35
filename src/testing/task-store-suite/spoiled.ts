import assert from 'node:assert/strict'
import { errorRecordFromStored, parseStored, recordFromStored, transitionFromStored } from '../../core/stored.js'
import type { TaskRecord } from '../../core/record.js'
import type { TaskStore } from '../../store.js'
import type { SpoiledRow } from './subject.js'
import { apply, errorsAll, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, taskOf } from './tasks.js'
import type { Trial } from './trial.js'

/** What a row may have become: a word for the name of the test, the text in its place, and whether that is marked. */
const RECORDS: readonly [what: string, text: string, isCorrupt: boolean][] = [
  ['no JSON', '{"id": "bad", "name": "ta', true],
  ['nothing', '', true],
  ['a record without fields', '{}', true],
  ['no object', '[1, 2]', true],
  ['null', 'null', true],
  [
    'fields of other types',
    '{"id":"bad","name":7,"status":"done","createdAt":"noon","version":-1,"metadata":[]}',
    true,
  ],
  ['an error that is a plain string', legacy({ error: 'it broke' }), false],
  ['what an older version wrote', legacy({}), false],
  ['fields that are not known yet', legacy({ colour: 'blue', error: { message: 'm', code: 1, details: 7 } }), false],
]

export const spoiledCases: readonly SuiteCase[] = [
  ...RECORDS.map(([what, text, isCorrupt]): SuiteCase => ({
    name: `reads a record back that has become ${what}, and the rest whole`,
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const store = await openSpoiled(trial, { of: 'record', taskId: 'bad', text })
      const record = (await store.get('bad'))!
      assert.equal(record.id, 'bad')
      if (isCorrupt) assert.equal(record.error?.code, 'STORE_CORRUPT')
      else assert.deepEqual(record, legible(text, record))
      const listed = await listAll(store, { limit: 2 })
      assert.deepEqual(
        listed.find(({ id }) => id === 'bad'),
        record,
      )
      await expectRest(store)
      const changed = (await store.changes(0, 100)).items
      assert.equal(changed.length, 4)
      assert.equal((await store.history('bad')).length, 3)
      assert.equal((await store.errors({})).items.length, 4)
    },
  })),
  {
    name: 'still guards, counts and removes a record that cannot be read',
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const store = await openSpoiled(trial, { of: 'record', taskId: 'bad', text: 'no JSON' })
      const [answer] = await store.commit([born(taskOf('bad', { instanceId: 'other' }))])
      assert.notEqual(answer, 'applied')
      assert.notEqual(answer, 'missing')
      const { pending, running, completed, failed, cancelled } = await store.counts()
      assert.equal(pending + running + completed + failed + cancelled, 4)
      assert.deepEqual(await store.orphans(10), [])
      assert.equal(await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 10 }), 4)
      assert.equal(await store.get('bad'), undefined)
    },
  },
  ...['no JSON', '{}', 'null', '{"to": "gone", "at": {}}'].map((text): SuiteCase => ({
    name: `reads a history in which a step has become ${text}`,
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const store = await openSpoiled(trial, { of: 'transition', taskId: 'bad', text })
      const history = await store.history('bad')
      assert.equal(history.length, 3)
      assert.deepEqual(history.slice(0, 2), lifeOf('bad').transitions.slice(0, 2))
      assert.equal(history[2]?.taskId, 'bad')
      assert.equal(history[2].error?.code, 'STORE_CORRUPT')
      await expectRest(store)
    },
  })),
  {
    name: 'reads a step of a history whose error is a plain string',
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const step = { ...lifeOf('bad').transitions[2]!, error: 'it broke' }
      const store = await openSpoiled(trial, { of: 'transition', taskId: 'bad', text: JSON.stringify(step) })
      assert.deepEqual((await store.history('bad'))[2], transitionFromStored(step))
    },
  },
  ...['no JSON', '{}', 'null', '{"at": "noon", "error": 5}'].map((text): SuiteCase => ({
    name: `reads errors of which one has become ${text}`,
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const store = await openSpoiled(trial, { of: 'error', taskId: 'bad', text })
      const failures = await errorsAll(store, { limit: 2 })
      const { id } = lifeOf('bad').errors[0]!
      assert.equal(failures.length, 4)
      assert.equal(failures.find((failure) => failure.id === id)?.error.code, 'STORE_CORRUPT')
      await expectRest(store)
    },
  })),
  {
    name: 'reads an error record whose error is a plain string',
    needs: ['spoil', 'reopen'],
    async run(trial) {
      const [failure] = lifeOf('bad').errors
      const row = { ...failure, error: 'it broke' }
      const store = await openSpoiled(trial, { of: 'error', taskId: 'bad', text: JSON.stringify(row) })
      const found = (await store.errors({})).items.find(({ taskId }) => taskId === 'bad')
      assert.deepEqual(found, errorRecordFromStored(row))
    },
  },
]

const lifeOf = (id: string) => born(taskOf(id, { status: 'failed' }))

/** A failed task named `bad` among three others, and one of its rows spoiled behind the store's back. */
async function openSpoiled(trial: Trial, row: SpoiledRow): Promise<TaskStore> {
  const store = await trial.open()
  await apply(store, ['a', 'bad', 'c', 'd'].map(lifeOf))
  await store.close()
  await trial.subject.spoil?.(row)
  return trial.reopen()
}

/** Whatever has become of one of them, the others are as they were. */
async function expectRest(store: TaskStore): Promise<void> {
  const listed = await listAll(store, { order: 'oldest' })
  const failures = await errorsAll(store)
  for (const { record, transitions, errors } of ['a', 'c', 'd'].map(lifeOf)) {
    assert.deepEqual(await store.get(record.id), record)
    assert.deepEqual(
      listed.find(({ id }) => id === record.id),
      record,
    )
    assert.deepEqual(await store.history(record.id), transitions)
    assert.deepEqual(
      failures.filter(({ taskId }) => taskId === record.id),
      errors,
    )
  }
}

/** What is in the text, as it reads, and whatever else the store knows. */
function legible(text: string, record: TaskRecord): TaskRecord {
  const stored = parseStored(text) as object
  const read = recordFromStored(stored)
  const keys = Object.keys(read).filter((key) => key in stored || key === 'error')
  return { ...record, ...Object.fromEntries(keys.map((key) => [key, read[key as keyof TaskRecord]])) }
}

/** As little as ever was in a record, and what is added. */
function legacy(own: object): string {
  const { id, name, status, createdAt, finishedAt, instanceId, version } = taskOf('bad', { status: 'failed' })
  return JSON.stringify({ id, name, status, createdAt, finishedAt, instanceId, version, ...own })
}

import assert from 'node:assert/strict'
import { parseTaskError } from '../../core/normalize-error.js'
import type { JsonValue, TaskRecord } from '../../core/record.js'
import { apply, errorsAll, idsOf, listAll, readAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, failureOf, taskOf } from './tasks.js'

export const valueCases: readonly SuiteCase[] = [
  {
    name: 'gives every field back as it was, whatever it holds',
    async run(trial) {
      const store = await trial.open()
      const records = HOSTILE_TEXTS.map((text, index) => fullRecord(`${index}${text}`, text))
      const changes = records.map((record) => {
        const { transitions } = born(record)
        const steps = transitions.map((step) => ({ ...step, reason: record.owner, instanceId: record.instanceId }))
        return { record, expected: 0, transitions: steps, errors: [failureOf(record, { fingerprint: record.name })] }
      })
      await apply(store, changes)
      for (const { record, transitions, errors } of changes) {
        const { id, name, lane, owner, parentId } = record
        const what = JSON.stringify(name)
        assert.deepEqual(await store.get(id), record, what)
        assert.deepEqual(await store.history(id), transitions, what)
        for (const query of [{ name }, { owner: owner! }, { lane: lane! }, { parentId: parentId! }])
          assert.deepEqual(await listAll(store, query), [record], `${what} by ${Object.keys(query).join('')}`)
        for (const query of [{ name }, { owner: owner! }, { fingerprint: name }])
          assert.deepEqual(await errorsAll(store, query), errors, `${what} by ${Object.keys(query).join('')}`)
        assert.ok(idsOf(await listAll(store, { text: name })).includes(id), what)
      }
      assert.deepEqual(
        (await store.changes(0, 1_000)).items.map(({ record }) => record),
        records,
      )
    },
  },
  {
    name: 'keeps ids apart that differ in what a database cannot hold, and pages through them',
    async run(trial) {
      const store = await trial.open()
      const ids = ['a', 'a\0', 'a\0\0', 'a\ufdd00000', '\0', '\ud800', '\udc00', '\ud801', '\ufdd0d800', '\udc00\ud800']
      ids.push(
        '\ufffd',
        'b\0',
        'A',
        'e\u0301',
        'é',
        ' a',
        'a ',
        '1',
        '01',
        '1.0',
        'null',
        "'",
        '"',
        '`',
        '$1',
        '{a}',
        '\n',
        '\r\n',
      )
      ids.push('__proto__', 'constructor', 'toString', 'x'.repeat(256), 'ü'.repeat(128))
      await apply(
        store,
        ids.map((id) => born(taskOf(id))),
      )
      for (const id of ids) assert.equal((await store.get(id))?.id, id)
      for (const order of ['newest', 'oldest'] as const) {
        // In which order ill-formed text comes is the store's own affair.
        const found = await readAll(undefined, (cursor) => store.list({ order, limit: 3, cursor }))
        assert.deepEqual(idsOf(found).sort(), [...ids].sort())
      }
      assert.equal(await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 100 }), 0)
    },
  },
  {
    name: 'holds metadata of a megabyte, and an error as large as they come',
    async run(trial) {
      const store = await trial.open()
      const details = Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [`field ${index}`, 'é'.repeat(1_000)]),
      )
      // As it comes out of `normalizeError`, which is as large as one gets.
      const error = parseTaskError({ message: 'm'.repeat(2_000), code: 'BIG', details })
      const metadata = { large: 'ä"\\\n'.repeat(200_000), many: Array.from({ length: 10_000 }, (_, index) => index) }
      const large = born(taskOf('large', { status: 'failed', metadata, error, input: 'i'.repeat(20_000) }))
      await apply(store, [large, ...Array.from({ length: 20 }, (_, index) => born(taskOf(`small ${index}`)))])
      assert.deepEqual(await store.get('large'), large.record)
      assert.deepEqual((await store.errors({})).items, large.errors)
      assert.equal((await listAll(store, { limit: 4 })).length, 21)
      assert.equal((await listAll(store, { text: 'M'.repeat(2_000) })).length, 1)
    },
  },
  {
    name: 'keeps the order of a history, also where the clock has gone back in between',
    async run(trial) {
      const store = await trial.open()
      const { record, transitions } = born(taskOf('a', { status: 'failed' }))
      const backwards = transitions.map((step, index) => ({ ...step, at: 1_000 - index }))
      const same = transitions.map((step) => ({ ...step, taskId: 'b', at: 5 }))
      await apply(store, [{ record, expected: 0, transitions: backwards, errors: [] }])
      await apply(store, [{ record: { ...record, id: 'b' }, expected: 0, transitions: same, errors: [] }])
      assert.deepEqual(await store.history('a'), backwards)
      assert.deepEqual(await store.history('b'), same)
    },
  },
]

const HOSTILE_TEXTS = [
  'plain',
  'nul\0in the middle',
  'lone \ud800 high',
  'lone \udc00 low',
  'reversed \udc00\ud800',
  '\ufdd0 noncharacter \uffff',
  'quotes \' " ` and \\ and ;--',
  'lines\n\r\n\u2028\u2029\u0085\v\f',
  'RTL \u202e and zero\u200bwidth \ufeff',
  '😀 𐀀 \u{10ffff}',
  '__proto__',
  '{"json": true}',
  '%_*?[x]$1:a@b{c}',
  '\u0001\u0007\u001b[31m\u007f',
  'x'.repeat(255),
  'ß'.repeat(127),
]

/** A record in which each field holds something else than what is usual there. */
function fullRecord(id: string, text: string): TaskRecord {
  const tricky: Record<string, JsonValue> = {
    ...{ [text]: text, '': '', deep: nested(40), numbers: [0, -1, 1.5, 2 ** 53 - 1, 1e308, 5e-324] },
    ...{ list: [null, true, [], {}], constructor: 'own', toString: { valueOf: null } },
  }
  Object.defineProperty(tricky, '__proto__', {
    value: { admin: true },
    enumerable: true,
    configurable: true,
    writable: true,
  })
  return taskOf(id, {
    ...{ name: `n ${text}`, lane: `l ${text}`, owner: `o ${text}`, parentId: `p ${text}`, scope: `s ${text}` },
    ...{ status: 'failed', attempt: 3, maxAttempts: 5, priority: -7.25, startedAt: 3, finishedAt: 9, runAt: 2 },
    ...{ stoppingSince: 4, abandoned: true, instanceId: `i ${text}`, definitionVersion: 2, retryOf: `r ${text}` },
    progress: { currentStep: text, completedSteps: 1, totalSteps: 3, percentage: 33.3 },
    ...{ input: tricky, result: [text], metadata: tricky, after: [text, `other ${text}`] },
    error: {
      ...errorOf('A sound message, as errors are made', 'E_CODE'),
      details: { name: 'Error', deep: { a: [1] } },
    },
  })
}

const nested = (depth: number): JsonValue => (depth === 0 ? 'deep' : { inner: [nested(depth - 1)] })

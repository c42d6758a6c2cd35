import assert from 'node:assert/strict'
import { encodeCursor, type ErrorQuery } from '../../core/query.js'
import type { TaskErrorRecord } from '../../core/record.js'
import type { TaskStore } from '../../store.js'
import { apply, errorsAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, failureOf, moved, NOON, taskOf } from './tasks.js'

export const failureCases: readonly SuiteCase[] = [
  {
    name: 'come newest first, those of one instant by id, over as many pages as it takes',
    async run(trial) {
      const store = await trial.open()
      const failures = await fill(store)
      for (const limit of [1, 7, undefined, 1_000])
        assert.deepEqual(await errorsAll(store, { limit }), failures, String(limit))
      assert.equal((await store.errors({})).items.length, 100)
      const middle = failures[60]!
      assert.deepEqual(await errorsAll(store, { cursor: encodeCursor(middle) }), failures.slice(61))
    },
  },
  {
    name: 'are found by name, owner, fingerprint, code, text and time, and by all of them',
    async run(trial) {
      const store = await trial.open()
      const failures = await fill(store)
      for (const [query, holds] of FILTERS) {
        const expected = failures.filter((failure) => holds(failure))
        assert.ok(expected.length > 0 && expected.length < failures.length, JSON.stringify(query))
        for (const limit of [5, 1_000])
          assert.deepEqual(await errorsAll(store, { ...query, limit }), expected, JSON.stringify(query))
      }
      for (const query of [
        { name: 'x' },
        { owner: '' },
        { fingerprint: 'F1' },
        { code: 'null' },
        { code: '' },
        { text: 'x' },
      ])
        assert.deepEqual(await errorsAll(store, query), [], JSON.stringify(query))
    },
  },
  {
    name: 'stay when their task goes on and ends well',
    async run(trial) {
      const store = await trial.open()
      const running = born(taskOf('a', { status: 'running', maxAttempts: 2 }))
      const failure = failureOf(running.record, { at: NOON })
      const retried = { ...moved(running.record, 'pending'), errors: [failure] }
      await apply(store, [running])
      await apply(store, [retried])
      const again = moved(retried.record, 'running', { attempt: 2 })
      await apply(store, [again])
      await apply(store, [moved(again.record, 'completed')])
      assert.deepEqual((await store.errors({})).items, [failure])
      assert.equal((await store.get('a'))?.error, null)
    },
  },
  {
    name: 'keep two tasks apart whose ids begin alike',
    async run(trial) {
      const store = await trial.open()
      const ids = ['a', 'a:', 'a:1', 'a!1', 'A', 'a ']
      await apply(
        store,
        ids.map((id) => born(taskOf(id, { status: 'failed' }))),
      )
      assert.equal((await store.errors({})).items.length, ids.length)
      for (const id of ids) assert.equal((await store.history(id)).length, 3, id)
    },
  },
]

/** 130 failures of 40 tasks, which gives them in the order in which a store gives them. */
async function fill(store: TaskStore): Promise<TaskErrorRecord[]> {
  const failures: TaskErrorRecord[] = []
  for (let index = 0; index < 40; index++) {
    const owner = index % 3 ? `owner ${index % 3}` : null
    const task = taskOf(`task ${index}`, { status: 'failed', owner, name: `name ${index % 4}` })
    const errors = Array.from({ length: index < 10 ? 4 : 3 }, (_, attempt) => {
      const number = index * 4 + attempt
      return failureOf(task, {
        ...{ id: `e${String(number).padStart(3, '0')}`, at: NOON + (number % 50), attempt },
        ...{
          fingerprint: `f${number % 7}`,
          error: errorOf(`Message ${number % 5}`, number % 2 ? `E${number % 6}` : null),
        },
      })
    })
    await apply(store, [{ ...born(task), errors }])
    failures.push(...errors)
  }
  return failures.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
}

const FILTERS: readonly [ErrorQuery, (failure: TaskErrorRecord) => boolean][] = [
  [{ name: 'name 2' }, ({ taskName }) => taskName === 'name 2'],
  [{ owner: 'owner 1' }, ({ owner }) => owner === 'owner 1'],
  [{ fingerprint: 'f3' }, ({ fingerprint }) => fingerprint === 'f3'],
  [{ code: 'E5' }, ({ error }) => error.code === 'E5'],
  [{ text: 'MESSAGE 4' }, ({ error }) => error.message === 'Message 4'],
  [{ text: 'TASK 3' }, ({ taskId }) => taskId.startsWith('task 3')],
  [{ createdAfter: NOON + 40 }, ({ at }) => at >= NOON + 40],
  [{ createdBefore: NOON + 10 }, ({ at }) => at < NOON + 10],
  [
    { name: 'name 1', owner: 'owner 1', code: 'E1', text: 'message', createdAfter: NOON, createdBefore: NOON + 30 },
    ({ taskName, owner, error, at }) =>
      taskName === 'name 1' && owner === 'owner 1' && error.code === 'E1' && at < NOON + 30,
  ],
]

import assert from 'node:assert/strict'
import type { TaskStatus } from '../../core/record.js'
import { apply, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, failureOf, moved, taskOf, touched } from './tasks.js'

export const commitCases: readonly SuiteCase[] = [
  {
    name: 'takes a new task, then each version that follows the one expected, with its history and errors',
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a'))
      const second = moved(first.record, 'running', { attempt: 1 })
      const third = moved(second.record, 'failed')
      for (const change of [first, second, third]) {
        await apply(store, [change])
        assert.deepEqual(await store.get('a'), change.record)
        assert.deepEqual((await store.errors({})).items, change.errors)
      }
      const steps = [first, second, third].flatMap(({ transitions }) => transitions)
      assert.deepEqual(await store.history('a'), steps)
    },
  },
  {
    name: 'takes a whole life in one commit',
    async run(trial) {
      const store = await trial.open()
      const life = born(taskOf('a', { status: 'failed' }))
      await apply(store, [life])
      assert.deepEqual(await store.get('a'), life.record)
      assert.deepEqual(await store.history('a'), life.transitions)
      assert.deepEqual((await store.errors({})).items, life.errors)
    },
  },
  {
    name: 'takes a version that is several ahead of the one expected',
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a'))
      const running = moved(first.record, 'running')
      const failed = moved(running.record, 'failed')
      await apply(store, [first])
      const transitions = [...running.transitions, ...failed.transitions]
      await apply(store, [{ ...failed, expected: 1, transitions }])
      assert.deepEqual(await store.get('a'), failed.record)
      assert.deepEqual(await store.history('a'), [...first.transitions, ...transitions])
    },
  },
  {
    name: 'keeps several errors of one change, and those of changes before',
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a', { status: 'running', maxAttempts: 4 }))
      const twice = [1, 2].map((attempt) => failureOf(first.record, { id: `first-${attempt}`, attempt, at: attempt }))
      await apply(store, [{ ...first, errors: twice }])
      const last = moved(first.record, 'failed')
      await apply(store, [last])
      const failures = (await store.errors({})).items
      assert.deepEqual(failures, [...last.errors, ...twice.reverse()])
    },
  },
  {
    name: 'answers for each of a batch by itself, in its order, and applies what it says',
    async run(trial) {
      const store = await trial.open()
      const [there, over] = [born(taskOf('there')), born(taskOf('over', { status: 'completed' }))]
      await apply(store, [there, over])
      const batch = [
        moved(taskOf('none', { status: 'running' }), 'failed'),
        born(taskOf('new', { status: 'failed' })),
        moved(over.record, 'failed'),
        moved(there.record, 'running'),
        { ...born(taskOf('over too', { status: 'running' })) },
        { ...moved(taskOf('there', { version: 5 }), 'failed') },
      ]
      const answers = await store.commit(batch.slice(0, 5))
      assert.deepEqual(answers, ['missing', 'applied', 'terminal', 'applied', 'applied'])
      assert.deepEqual(await store.commit([batch[5]!]), ['stale'])
      assert.deepEqual(idsOf(await listAll(store)).sort(), ['new', 'over', 'over too', 'there'])
      // Errors and transitions come with their change or not at all.
      assert.deepEqual(await store.errors({}), { items: batch[1]!.errors, nextCursor: null })
      assert.deepEqual(await store.history('none'), [])
      assert.deepEqual(await store.history('over'), over.transitions)
      assert.deepEqual(await store.history('there'), [...there.transitions, ...batch[3]!.transitions])
    },
  },
  {
    name: 'takes no changes at all, and a thousand at once',
    async run(trial) {
      const store = await trial.open()
      assert.deepEqual(await store.commit([]), [])
      const statuses: TaskStatus[] = ['completed', 'failed', 'pending', 'running']
      const batch = Array.from({ length: 1_000 }, (_, index) =>
        born(taskOf(`t${String(index).padStart(4, '0')}`, { status: statuses[index % 4]! })),
      )
      await apply(store, batch)
      const listed = await listAll(store, { order: 'oldest', limit: 1_000 })
      assert.deepEqual(
        listed,
        batch.map(({ record }) => record),
      )
      const counts = { pending: 250, running: 250, completed: 250, failed: 250, cancelled: 0 }
      assert.deepEqual(await store.counts(), counts)
      assert.equal((await store.errors({ limit: 1_000 })).items.length, 250)
    },
  },
  {
    name: 'replaces the record whole, also where it is looked for',
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a', { status: 'running', progress: progressAt(10) }))
      const second = touched(first.record, { progress: progressAt(90), metadata: { new: true } })
      const third = moved(second.record, 'failed', { metadata: {}, progress: null })
      await apply(store, [first])
      await apply(store, [second])
      await apply(store, [third])
      assert.deepEqual(await store.get('a'), third.record)
      assert.deepEqual((await store.list({ status: 'running' })).items, [])
      assert.deepEqual((await store.list({ status: 'failed', text: 'BOOM' })).items, [third.record])
      assert.equal((await store.counts()).running, 0)
    },
  },
  {
    name: 'gives copies, which nobody else sees changed',
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('a', { status: 'failed', metadata: { deep: [1] } }))])
      const read = async (): Promise<unknown[]> => [
        await store.get('a'),
        (await store.list({})).items[0],
        (await store.history('a'))[0],
        (await store.errors({})).items[0],
        (await store.changes(0, 1)).items[0]?.record,
      ]
      const before = structuredClone(await read())
      for (const given of await read()) Object.assign(given as object, { id: 'changed', error: null, to: 'pending' })
      assert.deepEqual(await read(), before)
    },
  },
  {
    name: 'knows at once whether it has an id',
    needs: ['has'],
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('a'))])
      assert.deepEqual([store.has?.('a'), store.has?.('b')], [true, false])
    },
  },
  {
    name: 'has nothing to say of what it does not know',
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('a'))])
      for (const id of ['x', '', 'A', 'a ', '__proto__', 'constructor']) {
        assert.equal(await store.get(id), undefined, id)
        assert.deepEqual(await store.history(id), [], id)
      }
    },
  },
]

const progressAt = (percentage: number) => ({ currentStep: null, completedSteps: null, totalSteps: null, percentage })

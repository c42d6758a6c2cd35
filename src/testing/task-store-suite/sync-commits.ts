import assert from 'node:assert/strict'
import { apply, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, taskOf } from './tasks.js'

export const syncCommitCases: readonly SuiteCase[] = [
  {
    name: 'takes a task, and what follows, with history and errors, before it returns',
    needs: ['commitSync'],
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a', { status: 'running' }))
      const last = moved(first.record, 'failed')
      assert.deepEqual(store.commitSync!([first]), ['applied'])
      assert.deepEqual(store.commitSync!([last]), ['applied'])
      assert.deepEqual(await store.get('a'), last.record)
      assert.deepEqual(await store.history('a'), [...first.transitions, ...last.transitions])
      assert.deepEqual((await store.errors({})).items, last.errors)
      const { items, next } = await store.changes(0, 9)
      assert.deepEqual(items, [{ seq: next, record: last.record }])
    },
  },
  {
    name: 'has the guard of any commit, and answers for each of a batch by itself, in its order',
    needs: ['commitSync'],
    async run(trial) {
      const store = await trial.open()
      const [there, over] = [born(taskOf('there')), born(taskOf('over', { status: 'completed' }))]
      await apply(store, [there, over])
      const batch = [
        moved(taskOf('none', { status: 'running' }), 'failed'),
        born(taskOf('new', { status: 'failed' })),
        moved(over.record, 'failed'),
        moved(there.record, 'running'),
      ]
      assert.deepEqual(store.commitSync!(batch), ['missing', 'applied', 'terminal', 'applied'])
      assert.deepEqual(store.commitSync!([moved(taskOf('there', { version: 5 }), 'failed')]), ['stale'])
      assert.deepEqual(store.commitSync!(batch.slice(1, 2)), ['applied'])
      assert.deepEqual(store.commitSync!([]), [])
      assert.deepEqual(idsOf(await listAll(store)).sort(), ['new', 'over', 'there'])
      assert.deepEqual(await store.history('over'), over.transitions)
      assert.deepEqual((await store.errors({})).items, batch[1]!.errors)
    },
  },
  {
    name: 'comes between the parts of one that is under way, and both are whole',
    needs: ['commitSync'],
    async run(trial) {
      const store = await trial.open()
      const batch = Array.from({ length: 1_000 }, (_, index) => born(taskOf(`t${String(index)}`)))
      const underWay = store.commit(batch)
      assert.deepEqual(new Set(store.commitSync!(batch)), new Set(['applied']))
      const ends = batch.map(({ record }) => moved(record, 'failed'))
      assert.deepEqual(new Set(store.commitSync!(ends)), new Set(['applied']))
      // What it has yet to write is there, or has moved on.
      for (const answer of await underWay) assert.ok(answer === 'applied' || answer === 'terminal', answer)
      assert.deepEqual(await store.counts(), { pending: 0, running: 0, completed: 0, failed: 1_000, cancelled: 0 })
      for (const { record } of batch.slice(-5)) assert.equal((await store.history(record.id)).length, 2)
    },
  },
  {
    name: 'throws where it cannot write, and leaves nothing half written',
    needs: ['commitSync', 'durable'],
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('there'))])
      await store.close()
      assert.throws(() => store.commitSync!([born(taskOf('late'))]))
      await store.open()
      assert.deepEqual(idsOf(await listAll(store)), ['there'])
    },
  },
  {
    name: 'is there for whoever opens the place next',
    needs: ['commitSync', 'reopen'],
    async run(trial) {
      const store = await trial.open()
      const life = born(taskOf('a', { status: 'failed' }))
      assert.deepEqual(store.commitSync!([life]), ['applied'])
      await store.close()
      const next = await trial.reopen()
      assert.deepEqual(await next.get('a'), life.record)
      assert.deepEqual(await next.history('a'), life.transitions)
    },
  },
]

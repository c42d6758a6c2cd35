import assert from 'node:assert/strict'
import { isTaskStoreError } from '../../core/errors.js'
import type { TaskStore } from '../../store.js'
import { apply, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, taskOf } from './tasks.js'

export const openingCases: readonly SuiteCase[] = [
  {
    name: 'says what kind it is, and no more of what it can than it has',
    async run(trial) {
      const { store } = trial.subject
      const { kind, capabilities } = store
      assert.match(kind, /^\S+$/)
      for (const capability of ['durable', 'shared', 'push'] as const)
        assert.equal(typeof capabilities[capability], 'boolean', capability)
      assert.equal('watch' in store && store.watch !== undefined, capabilities.push, 'watch is there where it pushes')
    },
  },
  {
    name: 'is as it was after a second open, also while the first is under way',
    async run(trial) {
      const { store } = trial.subject
      await Promise.all([trial.open(), store.open()])
      await apply(store, [born(taskOf('a'))])
      await store.open()
      assert.deepEqual(idsOf(await listAll(store)), ['a'])
    },
  },
  {
    name: 'takes a close without an open',
    async run(trial) {
      await trial.subject.store.close()
    },
  },
  {
    name: 'takes a second close, also while the first is under way',
    async run(trial) {
      const store = await trial.open()
      await Promise.all([store.close(), store.close()])
      await store.close()
    },
  },
  {
    name: 'reads rightly or refuses by a TaskStoreError, once it is closed',
    async run(trial) {
      const store = await trial.open()
      const life = born(taskOf('a', { status: 'failed' }))
      await apply(store, [life])
      await store.close()
      const reads: [string, () => Promise<unknown>, unknown][] = [
        ['get', () => store.get('a'), life.record],
        ['history', () => store.history('a'), life.transitions],
        ['list', () => store.list({}), { items: [life.record], nextCursor: null }],
        ['errors', () => store.errors({}), { items: life.errors, nextCursor: null }],
        ['counts', () => store.counts(), { pending: 0, running: 0, completed: 0, failed: 1, cancelled: 0 }],
        ['changes', async () => (await store.changes(0, 9)).items.map(({ record }) => record), [life.record]],
        ['instances', () => store.instances(), []],
        ['orphans', () => store.orphans(9), []],
      ]
      for (const [method, read, expected] of reads) {
        const given = await refusalOf(read)
        if (given !== REFUSED) assert.deepEqual(given, expected, method)
      }
    },
  },
  {
    name: 'refuses to write by a TaskStoreError, once it is closed',
    needs: ['durable'],
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('a', { status: 'completed' }))])
      await store.close()
      const writes: [string, () => Promise<unknown>][] = [
        ['commit', () => store.commit([born(taskOf('b'))])],
        ['prune', () => store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 9 })],
        ['beat', () => store.beat({ instanceId: 'i', name: 'n', ttl: 1_000, status: null })],
      ]
      for (const [method, write] of writes) assert.equal(await refusalOf(write), REFUSED, method)
    },
  },
  {
    name: 'opens again after a close, or refuses to',
    async run(trial) {
      const store = await trial.open()
      const { durable } = store.capabilities
      await apply(store, [born(taskOf('a'))])
      await store.close()
      const reopened = await store.open().then(
        () => true,
        (error: unknown) => !isTaskStoreError(error),
      )
      if (!reopened) return
      if (durable) assert.deepEqual(idsOf(await listAll(store)), ['a'])
      await apply(store, [born(taskOf('b'))])
      assert.equal((await store.get('b'))?.id, 'b')
    },
  },
  {
    name: 'has everything again for whoever opens the place next',
    needs: ['durable', 'reopen'],
    async run(trial) {
      const store = await trial.open()
      const lives = [born(taskOf('a', { status: 'failed' })), born(taskOf('b\0', { name: '\ud800' }))]
      const goneLater = born(taskOf('c', { status: 'completed', finishedAt: 1 }))
      await apply(store, [...lives, goneLater])
      await apply(store, [moved(lives[1]!.record, 'running')])
      assert.equal(await store.prune({ finishedBefore: 5, maxTasks: 9, limit: 9 }), 1)
      const before = await stateOf(store)
      const { next } = await store.changes(0, 100)
      await store.close()

      const again = await trial.reopen()
      assert.deepEqual(await stateOf(again), before)
      assert.deepEqual(await again.changes(next, 100), { items: [], next })
      assert.deepEqual(await again.commit([lives[0]!]), ['applied'], 'comes again')
      assert.deepEqual(await again.commit([moved(lives[0]!.record, 'completed')]), ['terminal'])
      await apply(again, [born(taskOf('d'))])
      const news = (await again.changes(next, 100)).items
      assert.deepEqual(idsOf(news.map(({ record }) => record)), ['d'])
      assert.ok(news[0]!.seq > next)
    },
  },
  {
    name: 'has ended what was under way when it is closed, one way or the other',
    needs: ['durable', 'reopen'],
    async run(trial) {
      const store = await trial.open()
      const changes = Array.from({ length: 20 }, (_, index) => born(taskOf(`t${index}`)))
      const commits = changes.map((change) => refusalOf(() => store.commit([change])))
      const [, ...answers] = await Promise.all([store.close(), ...commits])
      const again = await trial.reopen()
      for (const [index, answer] of answers.entries()) {
        if (answer === REFUSED) continue
        assert.deepEqual(answer, ['applied'])
        assert.deepEqual(await again.get(`t${index}`), changes[index]!.record)
      }
    },
  },
  {
    name: 'is one and the same for two who have it open',
    needs: ['shared', 'reopen'],
    async run(trial) {
      const one = await trial.open()
      const two = await trial.reopen()
      const running = born(taskOf('a', { status: 'running' }))
      await apply(one, [running])
      await one.beat({ instanceId: 'suite', name: 'suite', ttl: 60_000, status: null })
      assert.deepEqual(await stateOf(two), await stateOf(one))
      assert.equal((await two.instances())[0]?.isAlive, true)
      assert.deepEqual(await two.orphans(9), [])
      await apply(two, [moved(running.record, 'failed')])
      assert.deepEqual(await one.commit([moved(running.record, 'completed')]), ['terminal'])
      assert.deepEqual(await stateOf(one), await stateOf(two))
      await one.close()
      assert.equal((await two.get('a'))?.status, 'failed')
      assert.equal(await two.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 9 }), 1)
    },
  },
]

const REFUSED = 'refused by a TaskStoreError'

async function refusalOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    if (isTaskStoreError(error)) return REFUSED
    throw error
  }
}

/** All that can be read. */
const stateOf = async (store: TaskStore): Promise<unknown> => ({
  records: await listAll(store),
  errors: await store.errors({}),
  counts: await store.counts(),
  changes: await store.changes(0, 1_000),
  histories: await Promise.all(['a', 'b\0', 'c'].map((id) => store.history(id))),
})

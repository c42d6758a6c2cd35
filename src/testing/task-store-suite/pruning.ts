import assert from 'node:assert/strict'
import type { ArchivedTask, PrunePolicy, TaskChange, TaskStore } from '../../store.js'
import { apply, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, taskOf, touched } from './tasks.js'

const ALL: PrunePolicy = { finishedBefore: Infinity, maxTasks: 0, limit: 100 }
const NONE: PrunePolicy = { finishedBefore: -Infinity, maxTasks: Infinity, limit: 100 }

export const pruneCases: readonly SuiteCase[] = [
  {
    name: 'removes who finished before an instant, never who lives',
    async run(trial) {
      const store = await fill(await trial.open())
      assert.equal(await store.prune({ ...NONE, finishedBefore: 3 }), 2)
      assert.equal(await left(store), 'live t3 t4 t5')
      assert.equal(await store.prune({ ...NONE, finishedBefore: 3 }), 0)
      assert.equal(await store.prune(NONE), 0)
      assert.equal(await store.prune(ALL), 3)
      assert.equal(await left(store), 'live')
      assert.equal(await store.prune(ALL), 0)
    },
  },
  {
    name: 'lets at most so many finished ones stay, the youngest',
    async run(trial) {
      const store = await fill(await trial.open())
      assert.equal(await store.prune({ ...NONE, maxTasks: 5 }), 0)
      assert.equal(await store.prune({ ...NONE, maxTasks: 2 }), 3)
      assert.equal(await left(store), 'live t4 t5')
    },
  },
  {
    name: 'goes by age and number together',
    async run(trial) {
      const store = await fill(await trial.open())
      assert.equal(await store.prune({ finishedBefore: 2, maxTasks: 3, limit: 100 }), 2)
      assert.equal(await left(store), 'live t3 t4 t5')
      assert.equal(await store.prune({ finishedBefore: 5, maxTasks: 3, limit: 100 }), 2)
      assert.equal(await left(store), 'live t5')
    },
  },
  {
    name: 'removes no more than it may in one call, the oldest first',
    async run(trial) {
      const store = await fill(await trial.open())
      assert.equal(await store.prune({ ...ALL, limit: 2 }), 2)
      assert.equal(await left(store), 'live t3 t4 t5')
      assert.equal(await store.prune({ ...NONE, maxTasks: 0, limit: 1 }), 1)
      assert.equal(await left(store), 'live t4 t5')
    },
  },
  {
    name: 'takes history, errors and all trace along, so that the id is free again',
    async run(trial) {
      const store = await trial.open()
      const life = born(taskOf('a', { status: 'failed', name: 'first' }))
      await apply(store, [life, born(taskOf('b', { status: 'running' }))])
      assert.equal(await store.prune(ALL), 1)
      assert.equal(await store.get('a'), undefined)
      assert.deepEqual(await store.history('a'), [])
      assert.deepEqual((await store.errors({})).items, [])
      assert.deepEqual(await listAll(store, { text: 'first' }), [])
      assert.deepEqual(await store.counts(), { pending: 0, running: 1, completed: 0, failed: 0, cancelled: 0 })
      if (store.has) assert.equal(store.has('a'), false)
      assert.deepEqual(await store.commit([touched(life.record)]), ['missing'])
      const second = born(taskOf('a', { name: 'second' }))
      await apply(store, [second])
      assert.deepEqual(await store.get('a'), second.record)
      assert.deepEqual(await store.history('a'), second.transitions)
      assert.deepEqual((await store.errors({})).items, [])
      assert.deepEqual(idsOf((await store.list({ status: 'pending' })).items), ['a'])
    },
  },
  {
    name: 'keeps a task in its place that has changed after its end',
    async run(trial) {
      const store = await fill(await trial.open())
      const first = (await store.get('t1'))!
      await apply(store, [touched(first, { stoppingSince: null })])
      assert.equal(await store.prune({ ...ALL, limit: 1 }), 1)
      assert.equal(await left(store), 'live t2 t3 t4 t5')
    },
  },
  {
    name: 'gives the archive all there is of each, and waits for it before anything goes',
    async run(trial) {
      const store = await trial.open()
      const lives = await lived(store)
      const archived: ArchivedTask[] = []
      let during = ''
      const archive = async (tasks: ArchivedTask[]): Promise<void> => {
        archived.push(...tasks)
        await new Promise((resolve) => setTimeout(resolve, 10))
        // Others go on meanwhile: an archive may be slow.
        await apply(store, [born(taskOf('meanwhile'))])
        during = await left(store)
      }
      assert.equal(await store.prune({ ...ALL, limit: 2, archive }), 2)
      assert.equal(during, 'live meanwhile t1 t2 t3')
      assert.equal(await left(store), 'live meanwhile t3')
      const expected = lives.slice(0, 2).map(({ record, transitions, errors }) => ({ record, transitions, errors }))
      assert.deepEqual(archived, expected)
    },
  },
  {
    name: 'keeps a task that has changed since it was archived, whole',
    async run(trial) {
      const store = await trial.open()
      await lived(store)
      const archive = async (): Promise<void> => {
        await apply(store, [touched((await store.get('t1'))!, { stoppingSince: null })])
      }
      const before = await store.history('t1')
      // A store may as well let the others of the step stay, and take them with the next.
      const removed = await store.prune({ ...ALL, limit: 2, archive })
      assert.ok((await left(store)).startsWith('live t1 '), await left(store))
      assert.equal(idsOf(await listAll(store, {})).length, 4 - removed)
      assert.deepEqual((await store.history('t1')).slice(0, before.length), before)
      assert.equal(await store.prune(ALL), 3 - removed)
      assert.equal(await left(store), 'live')
    },
  },
  {
    name: 'removes nothing that the archive would not take, and tells why',
    async run(trial) {
      const store = await trial.open()
      const lives = await lived(store)
      const full = new Error('the archive is full')
      const archive = (): Promise<void> => Promise.reject(full)
      await assert.rejects(store.prune({ ...ALL, archive }), (error: Error) => error === full || error.cause === full)
      assert.equal(await left(store), 'live t1 t2 t3')
      for (const { record, transitions } of lives) assert.deepEqual(await store.history(record.id), transitions)
      assert.equal((await store.errors({})).items.length, lives.flatMap(({ errors }) => errors).length)
      assert.equal(await store.prune({ ...ALL, archive: undefined }), 3)
    },
  },
  {
    name: 'gives the archive nothing where nothing goes, and copies where something does',
    async run(trial) {
      const store = await fill(await trial.open())
      let calls = 0
      const archive = async (tasks: ArchivedTask[]): Promise<void> => {
        calls++
        for (const task of tasks) Object.assign(task.record, { id: 'changed', status: 'running' })
        await Promise.resolve()
      }
      assert.equal(await store.prune({ ...NONE, archive }), 0)
      assert.equal(calls, 0)
      assert.equal(await store.prune({ ...ALL, limit: 2, archive }), 2)
      assert.equal(await left(store), 'live t3 t4 t5')
    },
  },
  {
    name: 'does no harm when several prune at once',
    async run(trial) {
      const store = await fill(await trial.open())
      const numbers = await Promise.all([1, 2, 3].map(() => store.prune({ ...NONE, maxTasks: 2 })))
      assert.ok(Math.max(...numbers) <= 3)
      assert.equal(await left(store), 'live t4 t5')
    },
  },
]

const ended = (number: number): TaskChange =>
  born(taskOf(`t${number}`, { status: number % 2 ? 'failed' : 'completed', createdAt: 1, finishedAt: number }))

/** A live task, older than the rest, and five that finished at 1 to 5. */
async function fill(store: TaskStore): Promise<TaskStore> {
  await apply(store, [born(taskOf('live', { createdAt: 0, status: 'running' })), ...[1, 2, 3, 4, 5].map(ended)])
  return store
}

/** A live task, and three that are over, each in commits of their own. */
async function lived(store: TaskStore): Promise<TaskChange[]> {
  const lives = [1, 2, 3].map(ended)
  await apply(store, [born(taskOf('live'))])
  for (const life of lives) await apply(store, [life])
  return lives
}

const left = async (store: TaskStore): Promise<string> =>
  idsOf(await listAll(store))
    .sort()
    .join(' ')

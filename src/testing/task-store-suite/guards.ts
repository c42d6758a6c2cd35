import assert from 'node:assert/strict'
import type { TaskStatus } from '../../core/record.js'
import type { CommitAnswer, TaskChange, TaskStore } from '../../store.js'
import { apply } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, taskOf, touched } from './tasks.js'

const TERMINAL = ['completed', 'failed', 'cancelled'] as const
const ALL: readonly TaskStatus[] = ['pending', 'running', ...TERMINAL]

export const guardCases: readonly SuiteCase[] = [
  {
    name: 'refuses what does not follow the version that is there',
    async run(trial) {
      const store = await trial.open()
      const there = moved(taskOf('a'), 'running')
      await apply(store, [born(taskOf('a'))])
      await apply(store, [there])
      const { record } = there
      await expectRefused(store, 'a', [
        ['stale', 'behind', moved(taskOf('a'), 'failed', { instanceId: 'other' })],
        ['stale', 'ahead', moved({ ...record, version: 7 }, 'failed')],
        ['stale', 'new', born(taskOf('a', { instanceId: 'other' }))],
        ['stale', 'new and over', born(taskOf('a', { instanceId: 'other', status: 'failed' }))],
        ['stale', 'of the same version, of another instance', { ...there, record: { ...record, instanceId: 'other' } }],
        [
          'stale',
          'of the same version, of a task made at another time',
          { ...there, record: { ...record, createdAt: 5 } },
        ],
        ['stale', 'what has been before', born(taskOf('a'))],
      ])
      await apply(store, [moved(record, 'failed')])
    },
  },
  {
    name: 'says missing where a version is expected of a task that is not there, and keeps nothing of it',
    async run(trial) {
      const store = await trial.open()
      await expectRefused(store, 'a', [
        ['missing', 'running', moved(taskOf('a'), 'running')],
        ['missing', 'over', moved(taskOf('a', { status: 'running' }), 'failed')],
      ])
      await apply(store, [born(taskOf('a', { status: 'failed' }))])
      assert.equal((await store.history('a')).length, 3)
    },
  },
  ...TERMINAL.map(
    (status) =>
      ({
        name: `never leaves ${status}`,
        async run(trial) {
          const store = await trial.open()
          const over = born(taskOf('a', { status }))
          await apply(store, [over])
          const others = ALL.filter((other) => other !== status)
          await expectRefused(
            store,
            'a',
            others.flatMap((to): Refused[] => [
              ['terminal', `${to} as the next version`, moved(over.record, to)],
              ['terminal', `${to} of another instance`, moved(over.record, to, { instanceId: 'other' })],
              ['terminal', `${to} after another version`, moved({ ...over.record, version: 1 }, to, { version: 9 })],
              ['terminal', `${to} as a new task`, born(taskOf('a', { status: to, instanceId: 'other' }))],
            ]),
          )
          assert.equal((await store.get('a'))?.status, status)
        },
      }) satisfies SuiteCase,
  ),
  {
    name: 'takes a later version of a task that is over, where the outcome stays',
    async run(trial) {
      const store = await trial.open()
      const over = born(taskOf('a', { status: 'cancelled', stoppingSince: 5 }))
      const stopped = touched(over.record, { stoppingSince: null, abandoned: true })
      await apply(store, [over])
      await expectRefused(store, 'a', [
        ['stale', 'after another version', { ...touched({ ...over.record, version: 9 }) }],
        ['stale', 'as a new task', { ...over, record: { ...over.record, version: 9 } }],
      ])
      await apply(store, [stopped])
      assert.deepEqual(await store.get('a'), stopped.record)
      assert.deepEqual(await store.history('a'), over.transitions)
    },
  },
  {
    name: 'says applied again to a batch whose answer was lost, and doubles nothing',
    async run(trial) {
      const store = await trial.open()
      const lives = ['a', 'b', 'c'].map((id) => born(taskOf(id, { status: 'failed' })))
      const part = lives.slice(0, 2)
      for (const batch of [part, lives, lives, [...lives].reverse()]) await apply(store, batch)
      const { next } = await store.changes(0, 100)
      await apply(store, lives)
      for (const { record, transitions } of lives) {
        assert.deepEqual(await store.get(record.id), record)
        assert.deepEqual(await store.history(record.id), transitions)
      }
      const failures = (await store.errors({})).items
      assert.deepEqual(failures, lives.flatMap(({ errors }) => errors).reverse())
      assert.deepEqual(await store.changes(next, 100), { items: [], next }, 'nothing has changed')
      assert.equal((await store.counts()).failed, 3)
    },
  },
  {
    name: 'says applied to a later version that comes again, and takes the one after it',
    async run(trial) {
      const store = await trial.open()
      const first = born(taskOf('a'))
      const second = moved(first.record, 'running')
      const third = moved(second.record, 'failed')
      for (const change of [first, first, second, second, third, third]) await apply(store, [change])
      assert.equal((await store.history('a')).length, 3)
      assert.equal((await store.errors({})).items.length, 1)
      await expectRefused(store, 'a', [['terminal', 'what has been before', second]])
    },
  },
  {
    name: 'lets one of a hundred terminal commits win, when they race',
    async run(trial) {
      const store = await trial.open()
      const running = born(taskOf('a', { status: 'running' }))
      await apply(store, [running])
      const rivals = Array.from({ length: 100 }, (_, index) =>
        moved(running.record, TERMINAL[index % 3]!, { instanceId: `rival-${index}` }),
      )
      const answers = await Promise.all(rivals.map(async (rival) => (await store.commit([rival]))[0]!))
      const winners = rivals.filter((_, index) => answers[index] === 'applied')
      assert.equal(winners.length, 1)
      const { record, transitions, errors } = winners[0]!
      rivals.forEach((rival, index) => {
        const lost = rival.record.status === record.status ? 'stale' : 'terminal'
        assert.equal(answers[index], rival === winners[0] ? 'applied' : lost)
      })
      assert.deepEqual(await store.get('a'), record)
      assert.deepEqual(await store.history('a'), [...running.transitions, ...transitions])
      assert.deepEqual((await store.errors({})).items, errors)
    },
  },
  {
    name: 'makes one task of many that are committed under one new id at once',
    async run(trial) {
      const store = await trial.open()
      const rivals = Array.from({ length: 20 }, (_, index) => born(taskOf('a', { instanceId: `rival-${index}` })))
      const answers = (await Promise.all(rivals.map((rival) => store.commit([rival])))).flat()
      assert.equal(answers.filter((answer) => answer === 'applied').length, 1)
      assert.equal(answers.filter((answer) => answer === 'stale').length, 19)
      assert.deepEqual(await store.get('a'), rivals[answers.indexOf('applied')]!.record)
      assert.equal((await store.history('a')).length, 1)
    },
  },
]

type Refused = [answer: CommitAnswer, what: string, change: TaskChange]

/** Each gets its answer, and changes nothing that can be read. */
async function expectRefused(store: TaskStore, id: string, refused: readonly Refused[]): Promise<void> {
  const state = async (): Promise<unknown[]> => [
    ...[await store.get(id), await store.history(id), await store.counts()],
    ...[await store.errors({}), await store.changes(0, 1_000)],
  ]
  const before = await state()
  for (const [answer, what, change] of refused) {
    assert.deepEqual(await store.commit([change]), [answer], what)
    assert.deepEqual(await state(), before, what)
  }
}

import assert from 'node:assert/strict'
import { isTerminal } from '../../core/lifecycle.js'
import type { TaskRecord } from '../../core/record.js'
import type { CommitAnswer, TaskChange, TaskStore } from '../../store.js'
import { followChanges } from './changes.js'
import type { StoreProcess } from './child-process.js'
import { apply, idsOf, nextTurn } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, moved, taskOf } from './tasks.js'

const OUTCOMES = ['completed', 'failed', 'cancelled'] as const

export const raceCases: readonly SuiteCase[] = [
  {
    name: 'open an empty place at once, and let one of a hundred racing outcomes win',
    needs: ['shared', 'child'],
    async run(trial) {
      const others = trial.processes(4)
      await Promise.all([trial.open(), ...others.map((other) => other.open())])
      const store = trial.subject.store
      const contested = Array.from({ length: 30 }, (_, index) => taskOf(`t${index}`, { status: 'running' }))
      await apply(store, contested.map(born))
      const [hot, ...many] = contested as [TaskRecord, ...TaskRecord[]]

      const hotRivals = others.map((_, process) =>
        Array.from({ length: 25 }, (_, index) => rival(hot, `hot-${process}-${index}`, process + index)),
      )
      const hotAnswers = await Promise.all(
        others.map(async (other, process) => (await other.commitAtOnce(hotRivals[process]!.map((r) => [r]))).flat()),
      )
      await expectOneWinner(store, hot, hotRivals.flat(), hotAnswers.flat())

      const rivals = others.map((_, process) => many.map((task, index) => rival(task, `p${process}`, process + index)))
      const answers = await Promise.all(others.map(async (other, process) => commitMixed(other, rivals[process]!)))
      for (const [index, task] of many.entries()) {
        const ofTask = rivals.map((changes) => changes[index]!)
        await expectOneWinner(
          store,
          task,
          ofTask,
          answers.map((given) => given[index]!),
        )
      }
    },
  },
  {
    name: 'write what a reader follows, who misses nothing and is never sent back',
    needs: ['shared', 'child'],
    async run(trial) {
      const store = await trial.open()
      const others = trial.processes(3)
      await Promise.all(others.map((other) => other.open()))
      const written = others.map(async (other, process) => {
        const batches = livesOf(`p${process}`)
        const answers = await other.commitAtOnce(batches.slice(0, 20))
        answers.push(...(await other.commit(batches.slice(20))))
        assert.ok(answers.flat().every((answer) => answer === 'applied'))
      })
      const seen = await followChanges(store, Promise.all(written))
      assert.equal(seen.size, 3 * 20 * 3)
      for (const [id, version] of seen) assert.equal(version, 3, id)
    },
  },
  {
    name: 'never show a reader a status without its step, nor one outcome as another',
    needs: ['shared', 'child'],
    async run(trial) {
      const store = await trial.open()
      const [other] = trial.processes(1) as [StoreProcess]
      await other.open()
      const batches = livesOf('w')
      const versions = new Map(batches.flat().map(({ record }) => [`${record.id} ${record.version}`, record]))
      let isOver = false
      const written = other.commit(batches).finally(() => (isOver = true))
      written.catch(() => undefined)
      for (let round = 0; !isOver; round++) {
        await readOnce(store, `w-${round % 20}-${round % 3}`, versions)
        await nextTurn()
      }
      await written
      for (const { record } of batches.slice(-20).flat()) {
        await readOnce(store, record.id, versions)
        assert.deepEqual(await store.get(record.id), record)
      }
    },
  },
  {
    name: 'call back whoever watches',
    needs: ['push', 'child'],
    async run(trial) {
      const store = await trial.open()
      const [other] = trial.processes(1) as [StoreProcess]
      await other.open()
      let calls = 0
      const stop = store.watch!(() => calls++)
      let committed = 0
      // The hint may be lost: that none of many arrives is a defect.
      await trial.eventually(async () => {
        await other.commit([[born(taskOf(`t${committed++}`))]])
        return calls > 0
      }, 'a change in another process is told')
      stop()
      stop()
      await other.commit([[born(taskOf('after'))]])
      assert.equal((await store.get('after'))?.id, 'after')
    },
  },
  {
    name: 'are dead as soon as they are gone, however long their time is',
    needs: ['shared', 'child', 'noticesDeath'],
    async run(trial) {
      const store = await trial.open()
      const [other] = trial.processes(1) as [StoreProcess]
      await other.open()
      await other.call('beat', { instanceId: 'other', name: 'suite', ttl: 600_000, status: null })
      await store.beat({ instanceId: 'own', name: 'suite', ttl: 600_000, status: null })
      await other.commit([[born(taskOf('a', { instanceId: 'other' }))]])
      await apply(store, [born(taskOf('b', { instanceId: 'own' }))])
      assert.deepEqual(await store.orphans(10), [])
      await other.kill()
      await trial.eventually(async () => (await store.orphans(10)).length > 0, 'the end of a process is noticed')
      assert.deepEqual(idsOf(await store.orphans(10)), ['a'])
      const alive = (await store.instances()).filter(({ isAlive }) => isAlive)
      assert.deepEqual(
        alive.map(({ instanceId }) => instanceId),
        ['own'],
      )
    },
  },
]

const rival = (task: TaskRecord, instanceId: string, order: number): TaskChange => {
  const status = OUTCOMES[order % 3]!
  return moved(task, status, { instanceId, error: status === 'failed' ? errorOf(`by ${instanceId}`) : null })
}

/** In batches of seven, so that one commit gets several answers. */
async function commitMixed(other: StoreProcess, changes: readonly TaskChange[]): Promise<CommitAnswer[]> {
  const batches = Array.from({ length: Math.ceil(changes.length / 7) }, (_, at) => changes.slice(at * 7, at * 7 + 7))
  return (await other.commit(batches)).flat()
}

/** One was applied and stands there with its step and error, and all the others were told so. */
async function expectOneWinner(
  store: TaskStore,
  { id }: TaskRecord,
  rivals: readonly TaskChange[],
  answers: readonly CommitAnswer[],
): Promise<void> {
  assert.equal(answers.length, rivals.length)
  const winners = rivals.filter((_, index) => answers[index] === 'applied')
  assert.equal(winners.length, 1, `${winners.length} outcomes of ${id} were applied`)
  const { record, transitions, errors } = winners[0]!
  assert.deepEqual(await store.get(id), record)
  assert.deepEqual((await store.history(id)).slice(2), transitions)
  assert.deepEqual(
    (await store.errors({ limit: 1_000 })).items.filter(({ taskId }) => taskId === id),
    errors,
  )
  for (const [index, { record: lost }] of rivals.entries()) {
    if (answers[index] === 'applied') continue
    assert.equal(answers[index], lost.status === record.status ? 'stale' : 'terminal')
  }
}

/** Twenty batches of three new tasks, then each of them twice more: as running, and as what it comes to. */
function livesOf(name: string): TaskChange[][] {
  const births = Array.from({ length: 20 }, (_, batch) =>
    [0, 1, 2].map((index) => born(taskOf(`${name}-${batch}-${index}`))),
  )
  const runs = births.map((batch) => batch.map(({ record }) => moved(record, 'running')))
  const ends = runs.map((batch) => batch.map(({ record }, index) => moved(record, OUTCOMES[index]!)))
  return [...births, ...runs, ...ends]
}

/** What a reader sees at any time: a version that was committed, and as many steps as led to it. */
async function readOnce(store: TaskStore, id: string, versions: ReadonlyMap<string, TaskRecord>): Promise<void> {
  const before = (await store.history(id)).length
  const record = await store.get(id)
  const history = await store.history(id)
  if (!record) {
    assert.equal(before, 0, `${id} has a history before it has a record`)
    return
  }
  assert.deepEqual(record, versions.get(`${id} ${record.version}`))
  assert.ok(record.version >= before, `${id} is at version ${record.version} after ${before} steps`)
  assert.ok(history.length >= record.version, `${id} has ${history.length} steps at version ${record.version}`)
  if (isTerminal(record.status)) assert.equal(history.at(-1)?.to, record.status)
}

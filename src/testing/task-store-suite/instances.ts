import assert from 'node:assert/strict'
import type { Heartbeat, Instance, TaskStore } from '../../store.js'
import { apply, idsOf, pause } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, moved, taskOf } from './tasks.js'

export const instanceCases: readonly SuiteCase[] = [
  {
    name: 'are listed with what they last said, in the order in which they started',
    async run(trial) {
      const store = await trial.open()
      assert.deepEqual(await store.instances(), [])
      await beat(store, 'b', { name: 'first', status: { running: 1 } })
      await pause(5)
      await beat(store, 'a', { name: 'second \0 \ud800', status: ['\0', '\ud800', { __proto: null }, 1.5] })
      const before = await store.instances()
      assert.deepEqual(before.map(saidOf), [
        { instanceId: 'b', name: 'first', isAlive: true, status: { running: 1 } },
        { instanceId: 'a', name: 'second \0 \ud800', isAlive: true, status: ['\0', '\ud800', { __proto: null }, 1.5] },
      ])
      await pause(5)
      await beat(store, 'b', { name: 'first', status: null })
      const [again, other] = await store.instances()
      assert.deepEqual(saidOf(again!), { instanceId: 'b', name: 'first', isAlive: true, status: null })
      assert.equal(again!.startedAt, before[0]!.startedAt)
      assert.ok(again!.lastSeen > before[0]!.lastSeen)
      assert.deepEqual(other, before[1])
    },
  },
  {
    name: 'die when their time is over, stay listed, and live again with the next beat',
    async run(trial) {
      const store = await trial.open()
      await apply(store, [born(taskOf('task', { instanceId: 'short' })), born(taskOf('other', { instanceId: 'long' }))])
      await beat(store, 'short', { ttl: 40 })
      await beat(store, 'long')
      await trial.eventually(async () => (await lives(store)) === 'long', 'a beat of 40 ms is believed no longer')
      assert.deepEqual(idsOf(await store.orphans(10)), ['task'])
      // Both may have begun within the same millisecond.
      const dead = (await store.instances()).find(({ instanceId }) => instanceId === 'short')
      assert.equal(dead?.isAlive, false)
      await beat(store, 'short')
      assert.equal(await lives(store), 'long short')
      assert.deepEqual(await store.orphans(10), [])
    },
  },
  {
    name: 'are taken off the list when they leave, also twice, or when they never were on it',
    async run(trial) {
      const store = await trial.open()
      await beat(store, 'a')
      await beat(store, 'b')
      await store.leave('a')
      await store.leave('a')
      await store.leave('never')
      assert.deepEqual(
        (await store.instances()).map(({ instanceId }) => instanceId),
        ['b'],
      )
    },
  },
  {
    name: 'leave tasks behind when they are not alive: unfinished ones, the oldest first, no more than asked for',
    async run(trial) {
      const store = await trial.open()
      await beat(store, 'alive')
      await beat(store, 'left')
      await apply(store, [
        ...['pending', 'running', 'completed', 'failed', 'cancelled'].flatMap((status, index) =>
          ['alive', 'left', 'never'].map((instanceId) =>
            born(
              taskOf(`${instanceId} ${status}`, { status: status as 'pending', instanceId, createdAt: 100 - index }),
            ),
          ),
        ),
      ])
      assert.deepEqual(idsOf(await store.orphans(10)), ['never running', 'never pending'])
      await store.leave('left')
      const expected = ['left running', 'never running', 'left pending', 'never pending']
      assert.deepEqual(idsOf(await store.orphans(10)), expected)
      assert.deepEqual(idsOf(await store.orphans(3)), expected.slice(0, 3))
      const [first] = await store.orphans(1)
      assert.deepEqual(first, await store.get('left running'))
    },
  },
  {
    name: 'take over what another has left, which is then its own',
    async run(trial) {
      const store = await trial.open()
      const running = born(taskOf('a', { status: 'running', instanceId: 'dead' }))
      await apply(store, [running])
      await beat(store, 'heir')
      const [orphan] = await store.orphans(1)
      await apply(store, [moved(orphan!, 'pending', { instanceId: 'heir' })])
      assert.deepEqual(await store.orphans(10), [])
      await store.leave('heir')
      assert.deepEqual(idsOf(await store.orphans(10)), ['a'])
      await apply(store, [moved((await store.get('a'))!, 'failed')])
      assert.deepEqual(await store.orphans(10), [])
    },
  },
  {
    name: 'may have any text as their id',
    async run(trial) {
      const store = await trial.open()
      const ids = ['a', 'a\0', '\ud800', "'", '__proto__', '{x}', 'line\nbreak', 'a:b', '*']
      for (const id of ids) await beat(store, id)
      await apply(
        store,
        ids.map((instanceId, index) => born(taskOf(`t${index}`, { instanceId }))),
      )
      assert.deepEqual((await store.instances()).map(({ instanceId }) => instanceId).sort(), [...ids].sort())
      assert.deepEqual(await store.orphans(100), [])
      await store.leave('a')
      assert.deepEqual(idsOf(await store.orphans(100)), ['t0'])
    },
  },
]

const LONG_MS = 60_000

const beat = (store: TaskStore, instanceId: string, own: Partial<Heartbeat> = {}): Promise<void> =>
  store.beat({ instanceId, name: 'suite', ttl: LONG_MS, status: null, ...own })

const saidOf = ({ instanceId, name, isAlive, status }: Instance) => ({ instanceId, name, isAlive, status })

const lives = async (store: TaskStore): Promise<string> =>
  (await store.instances())
    .filter(({ isAlive }) => isAlive)
    .map(({ instanceId }) => instanceId)
    .sort()
    .join(' ')

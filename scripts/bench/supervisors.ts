import assert from 'node:assert/strict'
import type { SpawnOptions, TaskSupervisor, TaskSupervisorOptions } from '../../src/index.js'
import type { Contender, MakeContender, Setting } from './contender.js'

const LANES = ['mail', 'push', 'audit', 'export', 'import'] as const
const SAMPLE = 20

/**
 * A supervisor as anybody gets it, with nothing turned off; only that a burst may be larger than the default `queueLimit`.
 * `optionsOf` is for the dresses that need options for each task.
 */
function supervise(
  { taskward, work, cap }: Setting,
  given: TaskSupervisorOptions = {},
  optionsOf?: (index: number) => SpawnOptions,
): Contender & { supervisor: TaskSupervisor } {
  const supervisor = new taskward.TaskSupervisor({ concurrency: cap, queueLimit: Infinity, ...given })
  const spawn = optionsOf ? (index: number) => supervisor.spawn(work, optionsOf(index)) : () => supervisor.spawn(work)
  return {
    supervisor,
    start: (index) => void spawn(index),
    run: (index) => spawn(index).settled,
    idle: () => supervisor.onIdle(),
    verify: (tasks, status) => verify(supervisor, tasks, status),
  }
}

/** Every task has been counted, and the last ones have their records and histories. */
async function verify(supervisor: TaskSupervisor, tasks: number, status: 'completed' | 'failed'): Promise<void> {
  assert.equal(supervisor.status().totals[status], tasks)
  const { items } = await supervisor.list({ status, limit: SAMPLE })
  assert.equal(items.length, Math.min(SAMPLE, tasks))
  for (const { id } of items) {
    const history = await supervisor.history(id)
    assert.deepEqual(
      history.map(({ to }) => to),
      ['pending', 'running', status],
    )
  }
  const { items: errors } = await supervisor.errors({ limit: SAMPLE })
  assert.equal(errors.length, status === 'failed' ? items.length : 0)
}

export const SUPERVISORS = {
  taskward: (setting) => supervise(setting),

  'taskward with a listener': (setting) => {
    const contender = supervise(setting)
    let heard = 0
    contender.supervisor.on('task:settled', () => heard++)
    const verify: Contender['verify'] = async (tasks, status) => {
      assert.equal(heard, tasks)
      await contender.verify!(tasks, status)
    }
    return { ...contender, verify }
  },

  'taskward with priorities': (setting) => {
    const options = Array.from({ length: 10 }, (_, priority) => ({ priority }))
    return supervise(setting, {}, (index) => options[setting.priorities[index]!]!)
  },

  'taskward with lanes': (setting) => {
    const concurrency = Math.ceil(setting.cap / LANES.length)
    const lanes = Object.fromEntries(LANES.map((lane) => [lane, { concurrency, queueLimit: Infinity }]))
    const options = LANES.map((lane) => ({ lane }))
    return supervise(setting, { lanes }, (index) => options[index % LANES.length]!)
  },

  /** The same supervisor; its work is another. */
  'taskward, signal read': (setting) => supervise(setting),
} satisfies Record<string, MakeContender>

import { LiveTask, type TaskRun } from '../../../src/runtime/live-task.js'
import type { TaskSettings } from '../../../src/runtime/task-settings.js'
import { Run } from '../../../src/runtime/run.js'

/** A task as the supervisor would make it, named after its number unless told otherwise. */
export function makeTask(order = 0, own: Partial<TaskSettings> & { id?: string | null; atMs?: number } = {}): LiveTask {
  const { id = `task-${order}`, atMs = 1_000, ...settings } = own
  return new LiveTask(
    order,
    {
      name: `name-${order}`,
      lane: null,
      owner: null,
      priority: 0,
      timeoutMs: Infinity,
      queueTimeoutMs: Infinity,
      graceMs: 0,
      delayMs: 0,
      deadlineAt: Infinity,
      stallTimeoutMs: Infinity,
      retry: null,
      after: [],
      onDependencyFailure: 'fail',
      onParentEnd: 'leave',
      dedupe: null,
      reentrant: 'report',
      keepResult: false,
      metadata: {},
      ...settings,
    },
    {
      id,
      instanceId: 'this-instance',
      atMs,
      atMono: atMs,
      metadata: {},
      scope: null,
      parent: null,
      dependencies: null,
      stamp: order,
      makeId: () => `made-${order}`,
    },
  )
}

/** Begins an attempt, with a slot. */
export function begin(task: LiveTask, atMs: number): TaskRun {
  const run = (task.run = new Run(task, true))
  task.begin(atMs, atMs)
  return run
}

/** Brings the task to an end that a store can record. */
export function complete(task: LiveTask, atMs = 2_000): LiveTask {
  if (task.status === 'pending') begin(task, atMs)
  task.end({ status: 'completed', value: undefined }, atMs, atMs)
  return task
}

export function failWith(task: LiveTask, code: string, atMs = 2_000): LiveTask {
  if (task.status === 'pending') begin(task, atMs)
  const error = { message: `failed with ${code}`, code, details: null }
  task.end({ status: 'failed', error, reason: code }, atMs, atMs)
  task.fail({
    ...{ id: `error-of-${task.id}`, taskId: task.id, taskName: task.settings.name, owner: task.settings.owner },
    ...{ attempt: task.attempt, at: atMs, fingerprint: code, error },
  })
  return task
}

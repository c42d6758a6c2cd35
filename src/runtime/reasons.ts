import { TaskCancelledError, TaskRejectedError, TaskTimeoutError } from '../core/errors.js'
import type { LiveTask } from './live-task.js'

// Why a task is told to stop, or never runs, in words. All in one place, so that they read alike.

export const timedOut = (task: LiveTask): TaskTimeoutError => {
  const { timeoutMs } = task.settings
  return new TaskTimeoutError(
    'TASK_TIMEOUT',
    `Task ${quote(task)} ran longer than its timeout of ${ms(timeoutMs)}`,
    timeoutMs,
  )
}

export const stalled = (task: LiveTask): TaskTimeoutError => {
  const { stallTimeoutMs } = task.settings
  const text = `Task ${quote(task)} gave no sign of life within its stallTimeout of ${ms(stallTimeoutMs)}`
  return new TaskTimeoutError('TASK_STALLED', text, stallTimeoutMs, { heartbeats: task.run!.labels })
}

/** @param cause what the last attempt threw, where there is no time for another */
export const pastDeadline = (task: LiveTask, cause?: unknown): TaskTimeoutError => {
  const limitMs = Math.max(0, task.settings.deadlineAt - task.createdAt)
  const text = `Task ${quote(task)} had not ended by its deadline, ${ms(limitMs)} after its spawn`
  return new TaskTimeoutError('TASK_DEADLINE', text, limitMs, cause === undefined ? {} : { cause })
}

export const waitedTooLong = (task: LiveTask): TaskTimeoutError => {
  const { queueTimeoutMs } = task.settings
  const text = `Task ${quote(task)} waited longer than its queueTimeout of ${ms(queueTimeoutMs)}`
  return new TaskTimeoutError('TASK_QUEUE_TIMEOUT', text, queueTimeoutMs)
}

export const cancelled = (task: LiveTask, reason: unknown): TaskCancelledError =>
  new TaskCancelledError(`Task ${quote(task)} was cancelled`, reason)

/** For a task that runs while its supervisor closes: it is told to stop. */
export const cancelledByClose = (task: LiveTask): TaskCancelledError =>
  new TaskCancelledError(`Task ${quote(task)} was cancelled: the supervisor is closing`, undefined, 'SUPERVISOR_CLOSED')

/** For a task that has not run, and will not. */
export const refusedByClose = (task: LiveTask): TaskRejectedError =>
  new TaskRejectedError('SUPERVISOR_CLOSED', `Task ${quote(task)} was not started: the supervisor is closing or closed`)

export const queueFull = (task: LiveTask, limit: number): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_QUEUE_FULL',
    `Task ${quote(task)} was rejected: the queue is full (limit ${String(limit)})`,
  )

export const dropped = (task: LiveTask, limit: number): TaskRejectedError =>
  new TaskRejectedError('TASK_DROPPED', `Task ${quote(task)} was dropped: the queue is full (limit ${String(limit)})`)

export const duplicate = (task: LiveTask): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_DUPLICATE',
    `Task ${quote(task)} was refused: there is a task with the id ${task.id} already`,
  )

const quote = (task: LiveTask): string => `'${task.settings.name}'`
const ms = (value: number): string => `${String(value)} ms`

import {
  isTaskRejectedError,
  TaskCancelledError,
  TaskRejectedError,
  TaskTimeoutError,
  type TaskwardError,
} from '../core/errors.js'
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

export const replaced = (task: LiveTask): TaskCancelledError =>
  new TaskCancelledError(`Task ${quote(task)} was cancelled: another with its dedupe key has taken its place`)

/** For a child that ends with its parent, for the same reason. */
export function cancelledWith(task: LiveTask, parent: LiveTask): TaskCancelledError {
  const { outcome } = parent
  if (outcome?.status !== 'cancelled') {
    return new TaskCancelledError(`Task ${quote(task)} was cancelled: its parent ${quote(parent)} has ended`)
  }
  const { code, cause } = outcome.reason as TaskwardError
  return new TaskCancelledError(
    `Task ${quote(task)} was cancelled with its parent ${quote(parent)}`,
    cause,
    code === 'SUPERVISOR_CLOSED' ? code : 'TASK_CANCELLED',
  )
}

/** For a task that runs while its supervisor, or its scope, closes: it is told to stop. */
export const cancelledByClose = (task: LiveTask, scope?: string): TaskCancelledError =>
  new TaskCancelledError(
    `Task ${quote(task)} was cancelled: ${closer(scope)} is closing`,
    undefined,
    'SUPERVISOR_CLOSED',
  )

/** For a task that has not run, and will not. */
export const refusedByClose = (task: LiveTask, scope?: string): TaskRejectedError =>
  new TaskRejectedError(
    'SUPERVISOR_CLOSED',
    `Task ${quote(task)} was not started: ${closer(scope)} is closing or closed`,
  )

/** @param queue which, in words */
export const queueFull = (task: LiveTask, queue: string, limit: number): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_QUEUE_FULL',
    `Task ${quote(task)} was rejected: ${queue} is full (limit ${String(limit)})`,
  )

export const dropped = (task: LiveTask, queue: string, limit: number): TaskRejectedError =>
  new TaskRejectedError('TASK_DROPPED', `Task ${quote(task)} was dropped: ${queue} is full (limit ${String(limit)})`)

export const duplicate = (task: LiveTask): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_DUPLICATE',
    `Task ${quote(task)} was refused: there is a task with the id ${task.id} already`,
  )

export const keyTaken = (task: LiveTask): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_DUPLICATE',
    `Task ${quote(task)} was refused: there is a live task with the dedupe key '${task.settings.dedupe!.key}' already`,
  )

export function dependencyFailed(task: LiveTask, name: string, cause: unknown): TaskRejectedError {
  const text = `Task ${quote(task)} was not started: it comes after '${name}', which did not complete`
  // Of a line of tasks each has the first failure as its cause, not all those before it.
  const isPassedOn = isTaskRejectedError(cause) && cause.code === 'TASK_DEPENDENCY_FAILED' && cause.cause !== undefined
  return new TaskRejectedError('TASK_DEPENDENCY_FAILED', text, { cause: isPassedOn ? cause.cause : cause })
}

export const dependencyUnknown = (task: LiveTask, id: string): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_DEPENDENCY_FAILED',
    `Task ${quote(task)} was not started: it comes after '${id}', which is not known`,
  )

/** @param chain the names of those who wait, each for the next, down to the task */
export const deadlock = (task: LiveTask, chain: readonly string[]): TaskRejectedError =>
  new TaskRejectedError(
    'TASK_DEADLOCK',
    `Task ${quote(task)} can never start: all that hold what it lacks wait for it or its like (${chain.join(' -> ')})`,
    { chain },
  )

/** What a policy gets that calls the function of a task that is over, or twice at once: no fault of what the function is for. */
export const notCalled = (task: LiveTask): TaskCancelledError =>
  new TaskCancelledError(`Task ${quote(task)} was not called: its attempt is over, or it is running already`)

/** For an attempt whose policy neither calls the function nor answers. */
export const heldBack = (task: LiveTask, lane: string, limitMs: number): TaskTimeoutError =>
  new TaskTimeoutError(
    'TASK_TIMEOUT',
    `Task ${quote(task)} was held back by the policy of lane '${lane}' for ${ms(limitMs)}`,
    limitMs,
  )

/** For a function that still runs when the policy of its lane has answered for it. */
export const overtaken = (task: LiveTask, cause: unknown): TaskCancelledError =>
  new TaskCancelledError(`Task ${quote(task)} was told to stop: the policy of its lane has answered for it`, cause)

const closer = (scope: string | undefined): string => (scope === undefined ? 'the supervisor' : `the scope '${scope}'`)
const quote = (task: LiveTask): string => `'${task.settings.name}'`
const ms = (value: number): string => `${String(value)} ms`

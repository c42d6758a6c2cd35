import type { TaskwardError } from '../core/errors.js'
import type { LiveTask } from './live-task.js'
import * as reasons from './reasons.js'

// Every limit of time that a task has. All instants are monotonic.

/** When a task whose time has come has waited for too long. Only the wait for the first start is limited. */
export const waitEndsAt = (task: LiveTask): number =>
  Math.min(task.deadlineMono, task.attempt === 0 ? task.dueMono + task.settings.queueTimeoutMs : Infinity)

/** When the attempt under way has to be looked at. */
export const attemptEndsAt = (task: LiveTask): number =>
  Math.min(task.deadlineMono, timeoutAt(task), task.settings.stallTimeoutMs === Infinity ? Infinity : stallAt(task))

const timeoutAt = (task: LiveTask): number => task.startedMono + task.settings.timeoutMs

const stallAt = (task: LiveTask): number => task.run!.lastBeatMono + task.settings.stallTimeoutMs

/** The limit that the task has exceeded, in words; null while it has exceeded none. */
export function exceeded(task: LiveTask, nowMono: number): TaskwardError | null {
  if (task.deadlineMono <= nowMono) return reasons.pastDeadline(task)
  if (task.status === 'pending') return waitEndsAt(task) <= nowMono ? reasons.waitedTooLong(task) : null
  if (timeoutAt(task) <= nowMono) return reasons.timedOut(task)
  return stallAt(task) <= nowMono ? reasons.stalled(task) : null
}

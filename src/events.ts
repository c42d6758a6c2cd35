import type { TaskError, TaskProgress, TaskRecord } from './core/record.js'
import type { ServiceStatus } from './status.js'
import type { CloseReport } from './work.js'

/**
 * What a supervisor announces. Payloads are plain and JSON-safe. Listeners run synchronously, in the order they were added;
 * one that throws or rejects is reported once as `hook:error` and keeps no other from running. When an event fires, `get`
 * and `status` already tell what it says; the store may learn of it a moment later (`handle.persisted`).
 */
export interface TaskEvents {
  /** A handle has been given out; the task is pending, and has not been admitted yet. */
  'task:spawned': { task: TaskRecord }
  /** The task is running and holds its slot; its function is called next. A promise already started is running anyway. */
  'task:started': { task: TaskRecord }
  /** Its function has told how far it is: at most ten times a second, and the last of it before its outcome. */
  'task:progress': { task: TaskRecord; progress: TaskProgress }
  /**
   * An attempt has failed, and another follows in `delay` milliseconds: the task is pending again, and holds no slot unless
   * its function runs on (`task:stopping` has fired before).
   */
  'task:retrying': { task: TaskRecord; error: TaskError; delay: number }
  /** The attempt has its outcome and the signal has aborted, but the function has not stopped. Fires before the outcome's own event. */
  'task:stopping': { task: TaskRecord; error: TaskError }
  'task:completed': { task: TaskRecord }
  'task:failed': { task: TaskRecord; error: TaskError }
  'task:cancelled': { task: TaskRecord; error: TaskError }
  /** Fires once for each task, after the outcome's own event. */
  'task:settled': { task: TaskRecord }
  /** The function was still running when its grace ran out; its slot has been given back. */
  'task:abandoned': { task: TaskRecord }
  /**
   * The function settled after its outcome, `lateBy` milliseconds later; nothing changes. `error` is what it threw, if it
   * threw. Does not fire for a function that stops by throwing its own `signal.reason`.
   */
  'task:late': { task: TaskRecord; lateBy: number; error: TaskError | null }
  /** The service's function has been called and has not thrown; what it gave back may settle at any time. */
  'service:started': { service: ServiceStatus }
  /**
   * The service's function has ended, or was given up, and is called again in `delay` milliseconds. `error` is why: null after
   * a normal end and after `restart()`, which starts it in the next turn.
   */
  'service:restarting': { service: ServiceStatus; error: TaskError | null; delay: number }
  /** The service has failed and is not started again. With `onLimit: 'close'` its scope is closed next. */
  'service:failed': { service: ServiceStatus; error: TaskError }
  /** The service has ended, or was stopped, and is not started again. */
  'service:stopped': { service: ServiceStatus }
  /** Work has to wait because every slot is taken, or overflows because the queue is full. Fires again only after the queue was empty. */
  'supervisor:saturated': { reason: 'concurrency' | 'queue'; running: number; waiting: number }
  /** Nothing is pending, running or stopping any more. */
  'supervisor:idle': Record<string, never>
  /** `close` is done. */
  'supervisor:closed': { report: CloseReport }
  /** The store failed; what it should have written waits. Fires once until it recovers. */
  'store:error': { error: TaskError; buffered: number }
  /** The store works again after a `store:error`. */
  'store:recovered': { buffered: number }
  /** A hook, a listener, the logger or a task's abort listener threw, rejected or hung; `where` says which. */
  'hook:error': { where: string; error: TaskError }
}

export type TaskEventName = keyof TaskEvents
export type TaskEventListener<E extends TaskEventName> = (payload: TaskEvents[E]) => unknown

const NAMES: Record<TaskEventName, true> = {
  'task:spawned': true,
  'task:started': true,
  'task:progress': true,
  'task:retrying': true,
  'task:stopping': true,
  'task:completed': true,
  'task:failed': true,
  'task:cancelled': true,
  'task:settled': true,
  'task:abandoned': true,
  'task:late': true,
  'service:started': true,
  'service:restarting': true,
  'service:failed': true,
  'service:stopped': true,
  'supervisor:saturated': true,
  'supervisor:idle': true,
  'supervisor:closed': true,
  'store:error': true,
  'store:recovered': true,
  'hook:error': true,
}

export const EVENT_NAMES = Object.keys(NAMES) as readonly TaskEventName[]

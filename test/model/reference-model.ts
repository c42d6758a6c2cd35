/**
 * The supervisor as one would explain it on a whiteboard: one function for each thing that callers can do, no promises, no
 * timers, nothing imported from src. Slow and simple on purpose; where it and the supervisor disagree, one of them is wrong.
 */
import { end, enter, fill, leaveQueue, refuse, settleByItself, start } from './reference-life.js'
import {
  after,
  createRun,
  createTask,
  isIdle,
  isOver,
  isStopping,
  lastRun,
  runsOf,
  type Model,
  type Order,
  type Status,
  type Task,
  type Waiter,
} from './reference-state.js'

export function spawn(model: Model, order: Order, parent: Task | null): Task {
  const task = createTask(model, order)
  model.tasks.push(task)
  model.totals.spawned++
  const isWelcome = model.state === 'open' || (model.state === 'draining' && parent !== null && !isOver(parent))
  if (order.idOf !== null) refuse(model, task, 'failed', 'TASK_DUPLICATE')
  else if (!isWelcome) refuse(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
  else if (order.signal !== null && model.abortedSignals.has(order.signal)) cancel(model, task)
  else if (order.plan.isPromise) start(model, task)
  else enter(model, task)
  // Refused or not, a promise runs on, and what becomes of it comes late.
  if (order.plan.isPromise) settleByItself(model, task.attempt > 0 ? lastRun(task) : createRun(task))
  return task
}

/** False when its outcome is decided already. */
export const cancel = (model: Model, task: Task) => end(model, task, 'cancelled', 'TASK_CANCELLED')

/** Gives how many were told. */
export const cancelWhere = (model: Model, where: { name?: string; status?: Status }) =>
  cancelThose(
    model,
    ({ order, status }) => order.name === (where.name ?? order.name) && status === (where.status ?? status),
  )

/**
 * Those who wait are told first, lest one of them starts on the slot of another that has just been told; then those who run,
 * as they have started.
 */
function cancelThose(model: Model, isMeant: (task: Task) => boolean): number {
  const meant = model.tasks.filter((task) => !isOver(task) && isMeant(task))
  const running = meant.filter(({ status }) => status === 'running').sort((a, b) => a.startedAfter - b.startedAfter)
  const waiting = meant.filter(({ status }) => status === 'pending')
  return [...waiting, ...running].filter((task) => cancel(model, task)).length
}

/** A signal of the callers' aborts: whoever waits on it never runs, whoever runs on it is told to stop. */
export function abortSignal(model: Model, signal: number): void {
  if (model.abortedSignals.has(signal)) return
  model.abortedSignals.add(signal)
  cancelThose(model, ({ order }) => order.signal === signal)
}

/** Gives false when the task is not pending. In the queue it keeps its place at its own priority, and comes last at another. */
export function setPriority(model: Model, task: Task, priority: number): boolean {
  if (task.status !== 'pending') return false
  if (task.priority === priority) return true
  if (model.queue.includes(task)) {
    leaveQueue(model, task)
    model.queue.push(task)
  }
  task.priority = priority
  task.version++
  return true
}

export function setPaused(model: Model, isPaused: boolean): void {
  if (model.state === 'open') model.isPaused = isPaused
  fill(model)
}

export function resize(model: Model, limit: number): void {
  model.limit = limit
  fill(model)
}

/** Somebody calls `onIdle`, or `drain` with a timeout. */
export function waitForIdle(model: Model, timeout: number): Waiter {
  const waiter = { dueAt: model.now + timeout, hasBeenIdle: isIdle(model), isExpired: false }
  model.waiters.push(waiter)
  return waiter
}

/** Only the first call counts. */
export function close(model: Model, mode: 'drain' | 'cancel', timeout: number, grace: number): void {
  if (model.closing) return
  const { completed, failed, cancelled } = model.totals
  const abortAt = mode === 'drain' ? model.now + timeout : model.now
  model.closing = { calledAt: model.now, abortAt, grace, endedBefore: { completed, failed, cancelled }, report: null }
  model.state = 'draining'
  if (mode === 'cancel') abortAll(model)
  else fill(model)
}

/** Nothing starts any more, so nothing is retried: those who wait end first, then those who run are told. */
export function abortAll(model: Model): void {
  model.state = 'aborting'
  const closing = model.closing!
  closing.abortAt = Infinity
  for (const run of runsOf(model).filter(isStopping)) run.timer = after(model, closing.grace)
  for (const task of model.tasks) if (task.status === 'pending') refuse(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
  for (const task of model.tasks) end(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
}

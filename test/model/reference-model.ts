/**
 * The supervisor as one would explain it on a whiteboard: one function for each thing that callers can do, no promises, no
 * timers, nothing imported from src. Slow and simple on purpose; where it and the supervisor disagree, one of them is wrong.
 */
import { enter } from './reference-entrance.js'
import { codeOfEnd, end, endsWith, fill, refuse, settleByItself, start } from './reference-life.js'
import { join, leaveQueue } from './reference-queue.js'
import { closingOf, isIdle, isOver, lastRun, scopesOf } from './reference-facts.js'
import type { Order, Status } from './reference-orders.js'
import { abortScopes, isWelcome } from './reference-scopes.js'
import { createRun, createTask, type Model, type Scope, type Task, type Waiter } from './reference-state.js'

/**
 * @param caller the task that spawns it from within
 * @returns a task of old where that is reused, else the new one
 */
export function spawn(model: Model, order: Order, caller: Task | null): Task {
  const twin = order.dedupe && model.tasks.find((task) => !isOver(task) && task.order.dedupe?.key === order.dedupe!.key)
  if (twin && order.dedupe?.on === 'reuse') return twin
  const parent = order.isChild ? caller : null
  const task = createTask(model, order, parent)
  model.tasks.push(task)
  model.totals.spawned++
  if (order.idOf !== null) refuse(model, task, 'failed', 'TASK_DUPLICATE')
  else if (!isWelcome(model, task, caller)) refuse(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
  else if (order.signal !== null && model.abortedSignals.has(order.signal)) cancel(model, task)
  else if (scopesOf(task).some(({ isCancelled }) => isCancelled)) cancel(model, task)
  else if (parent && endsWith(task, parent)) cancel(model, task, codeOfEnd(parent))
  else if (twin && order.dedupe?.on === 'reject') refuse(model, task, 'failed', 'TASK_DUPLICATE')
  else begin(model, task, twin)
  // Refused or not, a promise runs on, and what becomes of it comes late.
  if (order.plan.isPromise) settleByItself(model, task.attempt > 0 ? lastRun(task) : createRun(task))
  return task
}

/** It goes its way, and first takes the place of the one whose key it has. */
function begin(model: Model, task: Task, twin: Task | null | undefined): void {
  if (twin) cancel(model, twin)
  if (isOver(task)) return
  if (task.order.plan.isPromise) start(model, task)
  else enter(model, task)
}

/** False when its outcome is decided already. */
export const cancel = (model: Model, task: Task, code = 'TASK_CANCELLED') => end(model, task, 'cancelled', code)

/** Gives how many were told. */
export const cancelWhere = (model: Model, where: { name?: string; status?: Status }) =>
  cancelThose(
    model,
    ({ order, status }) => order.name === (where.name ?? order.name) && status === (where.status ?? status),
  )

/** Gives how many were told. */
export function cancelThose(model: Model, isMeant: (task: Task) => boolean, code?: string): number {
  const meant = tellAll(model, isMeant, (task) => cancel(model, task, code))
  // Those that were taken along by a parent count too.
  return meant.filter(({ status }) => status === 'cancelled').length
}

/**
 * Those who wait are told first, lest one of them starts on the slot of another that has just been told; then those who run,
 * as they have started.
 */
export function tellAll(model: Model, isMeant: (task: Task) => boolean, tell: (task: Task) => void): Task[] {
  const meant = model.tasks.filter((task) => !isOver(task) && isMeant(task))
  const running = meant.filter(({ status }) => status === 'running').sort((a, b) => a.startedAfter - b.startedAfter)
  // The last to come first: none of them is to start since one that it comes after has just been told.
  const waiting = meant.filter(({ status }) => status === 'pending').reverse()
  // Nobody starts before all are told: one that waits for its next attempt may have a child that gives a slot back.
  model.deciding++
  for (const task of [...waiting, ...running]) if (!isOver(task)) tell(task)
  model.deciding--
  fill(model)
  return meant
}

/** A signal of the callers' aborts: whoever waits on it never runs, whoever runs on it is told to stop. */
export function abortSignal(model: Model, signal: number): void {
  if (model.abortedSignals.has(signal)) return
  model.abortedSignals.add(signal)
  const cancelTasks = (scopes: Scope[]) =>
    cancelThose(model, (task) => task.order.signal === signal || scopesOf(task).some((scope) => scopes.includes(scope)))
  abortScopes(model, signal, cancelTasks)
}

/** Gives false when the task is not pending. In the queue it keeps its place at its own priority, and comes last at another. */
export function setPriority(model: Model, task: Task, priority: number): boolean {
  if (task.status !== 'pending') return false
  if (task.priority === priority) return true
  const isWaiting = model.queue.includes(task)
  if (isWaiting) leaveQueue(model, task)
  task.priority = priority
  if (isWaiting) join(model, task)
  task.version++
  return true
}

export function setPaused(model: Model, isPaused: boolean): void {
  if (!closingOf(model, null)) model.isPaused = isPaused
  fill(model)
}

export function resize(model: Model, limit: number): void {
  model.limit = limit
  fill(model)
}

/** Somebody calls `onIdle`, or `drain` with a timeout: of the supervisor, which is null, or of a scope. */
export function waitForIdle(model: Model, scope: Scope | null, timeout: number): Waiter {
  const waiter = { scope, dueAt: model.now + timeout, hasBeenIdle: isIdle(model, scope), isExpired: false }
  model.waiters.push(waiter)
  return waiter
}

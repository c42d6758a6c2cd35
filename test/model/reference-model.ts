/**
 * The supervisor as one would explain it on a whiteboard: one function for each thing that can happen, no promises, no
 * timers, nothing imported from src. Slow and simple on purpose; where it and the supervisor disagree, one of them is wrong.
 */
import {
  createTask,
  free,
  isIdle,
  isOver,
  isStopping,
  type Ended,
  type Model,
  type Order,
  type Settlement,
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
  else admit(model, task)
  // Refused or not, a promise runs on, and what becomes of it comes late.
  if (order.plan.isPromise) settleByItself(model, task)
  return task
}

function admit(model: Model, task: Task): void {
  const { queueLimit, onOverflow, queueTimeout } = model.setup
  const { length } = model.queue
  if (length === 0 && free(model) > 0) {
    start(model, task)
  } else if (length - free(model) < queueLimit) {
    wait()
  } else if (onOverflow === 'reject') {
    refuse(model, task, 'failed', 'TASK_QUEUE_FULL')
  } else if (onOverflow === 'drop-newest' || length === 0) {
    refuse(model, task, 'cancelled', 'TASK_DROPPED')
  } else {
    refuse(model, firstOf(model.queue, Math.min), 'cancelled', 'TASK_DROPPED')
    wait()
  }
  function wait(): void {
    model.queue.push(task)
    task.dueAt = model.now + (task.order.queueTimeout ?? queueTimeout)
  }
}

const firstOf = (queue: Task[], pick: (...priorities: number[]) => number): Task =>
  queue.find(({ priority }, _, all) => priority === pick(...all.map((other) => other.priority)))!

/** Whoever waits starts while there are slots; not before a function that is being called has returned. */
function fill(model: Model): void {
  while (model.calling.length === 0 && model.queue.length > 0 && free(model) > 0) {
    const next = firstOf(model.queue, Math.max)
    leaveQueue(model, next)
    start(model, next)
  }
}

function leaveQueue(model: Model, task: Task): void {
  model.queue = model.queue.filter((waiting) => waiting !== task)
}

function start(model: Model, task: Task): void {
  const { plan, timeout } = task.order
  task.attempt = 1
  task.startedAfter = model.tasks.filter(({ startedAt }) => startedAt !== null).length
  task.startedAt = model.now
  task.isActive = true
  task.dueAt = model.now + (timeout ?? model.setup.timeout)
  move(model, task, 'running', null)
  task.events.push('task:started')
  if (plan.isPromise) return
  task.hasSlot = true
  model.entered.push(task.number)
  model.calling.push(task)
  for (const act of plan.inside) {
    if (act === 'cancel itself') cancel(model, task)
    else if (act === 'cancel all') cancelWhere(model, {})
    else spawn(model, act, task)
  }
  settleByItself(model, task)
  model.calling.pop()
  fill(model)
}

function settleByItself(model: Model, task: Task): void {
  const { kind } = task.order.plan
  if (kind === 'returns') settle(model, { task, how: 'ok' })
  if (kind === 'throws') settle(model, { task, how: 'err' })
  if (kind === 'resolves') model.onTheirWay.push({ task, how: 'ok' })
  if (kind === 'rejects') model.onTheirWay.push({ task, how: 'err' })
  // Told to stop while it was being called, it finds its signal aborted.
  if (kind === 'obeys' && isOver(task)) model.onTheirWay.push({ task, how: 'reason' })
  if (kind === 'yields' && isOver(task)) settle(model, { task, how: 'reason' })
}

function move(model: Model, task: Task, to: Status, reason: string | null): void {
  task.history.push({ from: task.status, to, at: model.now, attempt: task.attempt, reason })
  task.status = to
  task.version++
}

/** Decides the outcome. What still runs keeps its slot, for its grace. */
function decide(model: Model, task: Task, status: keyof Ended, code: string | null): void {
  const grace = model.state === 'aborting' ? model.closing!.grace : (task.order.grace ?? model.setup.grace)
  leaveQueue(model, task)
  task.code = code
  task.finishedAt = model.now
  task.dueAt = task.isActive ? model.now + grace : Infinity
  if (task.isActive) task.stoppingSince = model.now
  move(model, task, status, code)
  model.totals[status]++
}

/** Ends a task from outside. False when its outcome is decided already. */
export function stop(model: Model, task: Task, status: 'failed' | 'cancelled', code: string): boolean {
  if (isOver(task)) return false
  decide(model, task, status, code)
  const { kind } = task.order.plan
  const hears = task.isActive && !model.calling.includes(task)
  if (hears && kind === 'yields') settle(model, { task, how: 'reason' })
  if (hears && kind === 'obeys') model.onTheirWay.push({ task, how: 'reason' })
  if (task.isActive) task.events.push('task:stopping')
  task.events.push(`task:${status}`, 'task:settled')
  noteIdle(model)
  return true
}

function refuse(model: Model, task: Task, status: 'failed' | 'cancelled', code: string): void {
  model.totals.rejected++
  stop(model, task, status, code)
}

/** The work has settled: in time, as told, or late. */
export function settle(model: Model, { task, how }: Settlement): void {
  const wasActive = task.isActive
  task.isActive = false
  if (!isOver(task)) {
    decide(model, task, how === 'ok' ? 'completed' : 'failed', how === 'ok' ? null : `E${task.number}`)
    task.events.push(`task:${task.status}`, 'task:settled')
  } else {
    if (wasActive && !task.abandoned) {
      task.stoppingSince = null
      task.dueAt = Infinity
      task.version++
    }
    if (!wasActive || how !== 'reason') {
      model.totals.late++
      task.events.push('task:late')
    }
  }
  giveBack(model, task)
}

export function giveBack(model: Model, task: Task): void {
  task.hasSlot = false
  noteIdle(model)
  fill(model)
}

function noteIdle(model: Model): void {
  if (isIdle(model)) for (const waiter of model.waiters) waiter.hasBeenIdle = true
}

export const cancel = (model: Model, task: Task) => stop(model, task, 'cancelled', 'TASK_CANCELLED')

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

/** Gives false when the task does not wait. At its own priority it keeps its place, at another it comes last. */
export function setPriority(model: Model, task: Task, priority: number): boolean {
  if (!model.queue.includes(task)) return false
  if (task.priority === priority) return true
  leaveQueue(model, task)
  model.queue.push(task)
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

export function abortAll(model: Model): void {
  model.state = 'aborting'
  const closing = model.closing!
  closing.abortAt = Infinity
  for (const task of model.tasks.filter(isStopping)) task.dueAt = model.now + closing.grace
  for (const task of [...model.queue]) refuse(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
  for (const task of model.tasks) stop(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
}

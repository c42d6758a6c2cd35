/** What becomes of one task in the reference model, from its spawn to the end of its last run. Nothing imported from src. */
import { cancel, cancelThose, cancelWhere, spawn } from './reference-model.js'
import { due, goOn, mustFail } from './reference-entrance.js'
import { leaveQueue, take, whoIsNext } from './reference-queue.js'
import {
  closingGraceOf,
  free,
  graceOf,
  isIdle,
  isOver,
  kindOf,
  lastRun,
  pauseAfter,
  retryOf,
  timeoutOf,
} from './reference-facts.js'
import type { Status } from './reference-orders.js'
import {
  after,
  createRun,
  NEVER,
  type Ended,
  type Model,
  type Run,
  type Settlement,
  type Task,
} from './reference-state.js'

/** A task has its outcome, and those that are after it no longer wait for it. */
function tellDependents(model: Model, ended: Task): void {
  for (const task of model.tasks) {
    if (!task.waitsFor.includes(ended)) continue
    task.waitsFor = task.waitsFor.filter((other) => other !== ended)
    if (isOver(task)) continue
    if (mustFail(task)) refuse(model, task, 'failed', 'TASK_DEPENDENCY_FAILED')
    else if (task.waitsFor.length === 0 && task.isDelayOver) due(model, task)
  }
}

/** A cancelled parent takes its children with it; another only those that are to end with it. */
function endChildren(model: Model, parent: Task): void {
  cancelThose(model, (task) => task.parent === parent && endsWith(task, parent), codeOfEnd(parent))
}

export const endsWith = ({ order }: Task, parent: Task) =>
  parent.status === 'cancelled' || (isOver(parent) && order.onParentEnd === 'cancel')

/** Of the children that end with it. */
export const codeOfEnd = ({ code }: Task) => (code === 'SUPERVISOR_CLOSED' ? code : 'TASK_CANCELLED')

/** Whoever waits starts while there are slots; not before a function that is being called has returned. */
export function fill(model: Model): void {
  while (model.calling.length === 0 && model.deciding === 0 && free(model) > 0) {
    const next = whoIsNext(model)
    if (!next) return
    take(model, next)
    start(model, next)
  }
}

export function start(model: Model, task: Task): void {
  const { plan } = task.order
  const run = createRun(task)
  task.runs.push(run)
  task.attempt = run.attempt
  task.startedAfter = model.starts++
  task.startedAt = model.now
  task.runAt = null
  task.stoppingSince = null
  task.timer = { at: Math.min(task.deadline, model.now + timeoutOf(model, task)) }
  move(model, task, 'running', null)
  task.events.push('task:started')
  run.isActive = true
  if (plan.isPromise) return
  run.hasSlot = true
  if (task.order.lane !== null) model.laneStarts.push({ lane: task.order.lane, at: model.now })
  model.entered.push(`${task.number}.${run.attempt}`)
  model.calling.push(run)
  for (const act of plan.inside) {
    if (act === 'cancel itself') cancel(model, task)
    else if (act === 'cancel all') cancelWhere(model, {})
    else spawn(model, act, task)
  }
  settleByItself(model, run)
  model.calling.pop()
  fill(model)
}

export function settleByItself(model: Model, run: Run): void {
  const kind = kindOf(run.task.order, run.attempt)
  if (kind === 'returns') settle(model, { run, how: 'ok' })
  if (kind === 'throws') settle(model, { run, how: 'err' })
  if (kind === 'resolves') model.onTheirWay.push({ run, how: 'ok' })
  if (kind === 'rejects') model.onTheirWay.push({ run, how: 'err' })
  // Told to stop while it was being called, it finds its signal aborted.
  if (kind === 'obeys' && run.told) model.onTheirWay.push({ run, how: 'reason' })
  if (kind === 'yields' && run.told) settle(model, { run, how: 'reason' })
}

function move(model: Model, task: Task, to: Status, reason: string | null): void {
  task.history.push({ from: task.status, to, at: model.now, attempt: task.attempt, reason })
  task.status = to
  task.version++
}

/** The task has its outcome, unless it had one: false then. What still runs is told to stop. */
export function end(model: Model, task: Task, status: keyof Ended, code: string | null): boolean {
  if (isOver(task)) return false
  const run = task.status === 'running' ? lastRun(task) : null
  leaveQueue(model, task)
  task.code = code
  task.finishedAt = model.now
  task.runAt = null
  task.timer = NEVER
  if (run) endRun(model, run)
  move(model, task, status, code)
  model.totals[status]++
  if (status === 'failed') noteFailure(model, task, code!)
  // All that follows from it has happened before the queue is served.
  model.deciding++
  if (run && !run.isActive) run.hasSlot = false
  if (run) tell(model, run, code!)
  task.events.push(`task:${status}`, 'task:settled')
  endChildren(model, task)
  tellDependents(model, task)
  model.deciding--
  noteIdle(model)
  fill(model)
  return true
}

/** Ends a task that may not come in, or not stay. Only one that has never run counts as rejected. */
export function refuse(model: Model, task: Task, status: 'failed' | 'cancelled', code: string): void {
  if (task.attempt === 0) model.totals.rejected++
  end(model, task, status, code)
}

/** An attempt has failed: the task is pending again where one is left, and can begin before the deadline. */
export function fail(model: Model, task: Task, code: string): void {
  const retry = retryOf(model, task)
  const pause = pauseAfter(retry, task.attempt)
  if (task.attempt >= retry.attempts) {
    end(model, task, 'failed', code)
  } else if (model.now + pause >= task.deadline) {
    end(model, task, 'failed', 'TASK_DEADLINE')
  } else {
    const run = lastRun(task)
    task.runAt = model.now + pause
    task.isDue = false
    task.timer = after(model, pause)
    endRun(model, run)
    move(model, task, 'pending', code)
    model.totals.retried++
    noteFailure(model, task, code)
    tell(model, run, code)
    // Whoever has got its slot at once may have cancelled it.
    if (!isOver(task)) task.events.push('task:retrying')
  }
}

const TIMEOUTS = ['TASK_TIMEOUT', 'TASK_QUEUE_TIMEOUT', 'TASK_DEADLINE']

function noteFailure(model: Model, task: Task, code: string): void {
  task.failures.push({ attempt: task.attempt, code })
  if (TIMEOUTS.includes(code)) model.totals.timedOut++
}

function endRun(model: Model, run: Run): void {
  run.hasEnded = true
  if (run.isActive) run.task.stoppingSince = model.now
}

/** A function that still runs is told to stop, and keeps its slot, for its grace. */
function tell(model: Model, run: Run, code: string): void {
  if (!run.isActive) return
  const { order, events } = run.task
  const kind = kindOf(order, run.attempt)
  run.told = code
  run.timer = after(model, closingGraceOf(model, run.task) ?? graceOf(model, run.task))
  const hears = !model.calling.includes(run)
  if (hears && kind === 'yields') settle(model, { run, how: 'reason' })
  if (hears && kind === 'obeys') model.onTheirWay.push({ run, how: 'reason' })
  if (run.isActive) events.push('task:stopping')
}

/** The work has settled: in time, as told, or late. */
export function settle(model: Model, { run, how }: Settlement): void {
  const { task } = run
  const wasActive = run.isActive
  run.isActive = false
  if (!run.hasEnded) {
    if (how === 'ok') end(model, task, 'completed', null)
    else fail(model, task, `E${task.number}.${run.attempt}`)
  } else {
    if (wasActive && !run.abandoned) {
      task.stoppingSince = null
      task.version++
      run.timer = NEVER
    }
    if (!wasActive || how !== 'reason') {
      model.totals.late++
      task.events.push('task:late')
    }
  }
  giveBack(model, run)
}

/** Its grace is over: the slot is given back, and nobody waits for it any more. */
export function abandon(model: Model, run: Run): void {
  run.timer = NEVER
  run.abandoned = true
  run.task.abandoned = true
  run.task.version++
  model.totals.abandoned++
  run.task.events.push('task:abandoned')
  giveBack(model, run)
}

function giveBack(model: Model, run: Run): void {
  run.hasSlot = false
  goOn(model, run.task)
  noteIdle(model)
  fill(model)
}

function noteIdle(model: Model): void {
  for (const waiter of model.waiters) waiter.hasBeenIdle ||= isIdle(model, waiter.scope)
}

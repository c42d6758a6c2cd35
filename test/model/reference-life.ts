/** What becomes of one task in the reference model, from its spawn to the end of its last run. Nothing imported from src. */
import { cancel, cancelThose, cancelWhere, spawn } from './reference-model.js'
import { held, isEligible, join, leaveQueue, take, whoIsNext } from './reference-queue.js'
import {
  after,
  createRun,
  free,
  graceOf,
  isIdle,
  isOver,
  isStopping,
  kindOf,
  lastRun,
  NEVER,
  retryOf,
  timeoutOf,
  type Ended,
  type Model,
  type Retry,
  type Run,
  type Settlement,
  type Status,
  type Task,
} from './reference-state.js'

/** A function comes in: at once, or when its delay is over and those it is after have ended. */
export function enter(model: Model, task: Task): void {
  task.waitsFor = task.after.filter((other) => !isOver(other))
  if (task.deadline <= model.now) end(model, task, 'failed', 'TASK_DEADLINE')
  else if (mustFail(task)) refuse(model, task, 'failed', 'TASK_DEPENDENCY_FAILED')
  else if (task.runAt === null && task.waitsFor.length === 0) admit(model, task)
  else task.timer = { at: Math.min(task.runAt ?? Infinity, task.deadline) }
}

/** One of those it is after has failed, was cancelled, or is not known, and it is not to run in spite of that. */
const mustFail = ({ after, order }: Task) =>
  order.onDependencyFailure === 'fail' && after.some(({ status }) => status === 'failed' || status === 'cancelled')

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

/** Its time has come for the first time: it starts, waits, or is turned away. The lane's limit is looked at first. */
function admit(model: Model, task: Task): void {
  const { queueLimit, queueTimeout, lanes } = model.setup
  const patience = task.order.queueTimeout ?? queueTimeout
  task.timer = { at: Math.min(task.deadline, model.now + patience) }
  const isAnyEligible = model.queue.some((other) => isEligible(model, other))
  if (free(model) > 0 && !isAnyEligible && isEligible(model, task)) {
    start(model, task)
    return
  }
  // A free slot beside somebody who is to have it is spoken for.
  const spokenFor = isAnyEligible ? free(model) : 0
  const { lane } = task.order
  if (lane !== null) {
    const ownQueue = model.queue.filter(({ order }) => order.lane === lane)
    const places = lanes[lane]!.concurrency - held(model, ({ order }) => order.lane === lane)
    const ownSpokenFor = ownQueue.some((other) => isEligible(model, other)) ? Math.min(spokenFor, places) : 0
    if (ownQueue.length - ownSpokenFor >= lanes[lane]!.queueLimit) {
      overflow(model, task, ownQueue)
      return
    }
  }
  if (model.queue.length - spokenFor < queueLimit) wait(model, task)
  else overflow(model, task, model.queue)
}

/** The queue, or what stands in it of one lane, is full. */
function overflow(model: Model, task: Task, queue: Task[]): void {
  const { onOverflow } = model.setup
  if (onOverflow === 'reject') {
    refuse(model, task, 'failed', 'TASK_QUEUE_FULL')
  } else if (onOverflow === 'drop-newest' || queue.length === 0) {
    refuse(model, task, 'cancelled', 'TASK_DROPPED')
  } else {
    const lowest = Math.min(...queue.map(({ priority }) => priority))
    const victim = queue.find(({ priority }) => priority === lowest)!
    // In this order, so that a lane, or an owner, that both are of keeps its turn.
    wait(model, task)
    refuse(model, victim, 'cancelled', 'TASK_DROPPED')
  }
}

function wait(model: Model, task: Task): void {
  task.isDue = true
  task.waitsSince = model.now
  join(model, task)
}

/** Its delay, or the pause before its next attempt, is over. */
export function due(model: Model, task: Task): void {
  task.isDelayOver = true
  task.timer = { at: task.deadline }
  if (task.waitsFor.length > 0) return
  task.isDue = true
  if (task.attempt === 0) admit(model, task)
  else goOn(model, task)
}

/** A task whose pause is over waits for a slot once its last attempt has stopped. No limit of the queue turns it away. */
function goOn(model: Model, task: Task): void {
  const isWaiting = model.queue.includes(task)
  if (task.status !== 'pending' || !task.isDue || isWaiting || task.runs.some(isStopping)) return
  wait(model, task)
  fill(model)
}

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

function pauseAfter({ backoff, delay, maxDelay }: Retry, failures: number): number {
  const factor = { constant: 1, linear: failures, exponential: 2 ** (failures - 1) }[backoff]
  return Math.min(maxDelay, delay * factor)
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
  const grace = model.state === 'aborting' ? model.closing!.grace : graceOf(model, run.task)
  run.told = code
  run.timer = after(model, grace)
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
  if (isIdle(model)) for (const waiter of model.waiters) waiter.hasBeenIdle = true
}

/** What becomes of one task in the reference model, from its spawn to the end of its last run. Nothing imported from src. */
import { cancel, cancelWhere, spawn } from './reference-model.js'
import {
  after,
  createRun,
  free,
  isIdle,
  isOver,
  isStopping,
  kindOf,
  lastRun,
  NEVER,
  retryOf,
  type Ended,
  type Model,
  type Retry,
  type Run,
  type Settlement,
  type Status,
  type Task,
} from './reference-state.js'

/** A function comes in: at once, or when its delay is over. */
export function enter(model: Model, task: Task): void {
  if (task.deadline <= model.now) end(model, task, 'failed', 'TASK_DEADLINE')
  else if (task.runAt === null) admit(model, task)
  else task.timer = { at: Math.min(task.runAt, task.deadline) }
}

/** Its time has come for the first time: it starts, waits, or is turned away. */
function admit(model: Model, task: Task): void {
  const { queueLimit, onOverflow, queueTimeout } = model.setup
  const { length } = model.queue
  const patience = task.order.queueTimeout ?? queueTimeout
  task.timer = { at: Math.min(task.deadline, model.now + patience) }
  if (length === 0 && free(model) > 0) {
    start(model, task)
  } else if (length - free(model) < queueLimit) {
    wait(model, task)
  } else if (onOverflow === 'reject') {
    refuse(model, task, 'failed', 'TASK_QUEUE_FULL')
  } else if (onOverflow === 'drop-newest' || length === 0) {
    refuse(model, task, 'cancelled', 'TASK_DROPPED')
  } else {
    refuse(model, firstOf(model.queue, Math.min), 'cancelled', 'TASK_DROPPED')
    wait(model, task)
  }
}

function wait(model: Model, task: Task): void {
  task.isDue = true
  task.waitsSince = model.now
  model.queue.push(task)
}

/** Its delay, or the pause before its next attempt, is over. */
export function due(model: Model, task: Task): void {
  task.isDue = true
  task.timer = { at: task.deadline }
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

const firstOf = (queue: Task[], pick: (...priorities: number[]) => number): Task =>
  queue.find(({ priority }, _, all) => priority === pick(...all.map((other) => other.priority)))!

/** Whoever waits starts while there are slots; not before a function that is being called has returned. */
export function fill(model: Model): void {
  while (model.calling.length === 0 && model.queue.length > 0 && free(model) > 0) {
    const next = firstOf(model.queue, Math.max)
    leaveQueue(model, next)
    start(model, next)
  }
}

export function leaveQueue(model: Model, task: Task): void {
  model.queue = model.queue.filter((waiting) => waiting !== task)
}

export function start(model: Model, task: Task): void {
  const { plan, timeout } = task.order
  const run = createRun(task)
  task.runs.push(run)
  task.attempt = run.attempt
  task.startedAfter = model.starts++
  task.startedAt = model.now
  task.runAt = null
  task.stoppingSince = null
  task.timer = { at: Math.min(task.deadline, model.now + (timeout ?? model.setup.timeout)) }
  move(model, task, 'running', null)
  task.events.push('task:started')
  run.isActive = true
  if (plan.isPromise) return
  run.hasSlot = true
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
  if (run) tell(model, run, code!)
  task.events.push(`task:${status}`, 'task:settled')
  noteIdle(model)
  return true
}

/** Ends a task that may not come in, or not stay. Only one that has never run counts as rejected. */
export function refuse(model: Model, task: Task, status: 'failed' | 'cancelled', code: string): void {
  if (task.attempt === 0) model.totals.rejected++
  end(model, task, status, code)
}

/** An attempt has failed: the task is pending again where one is left, and can begin before the deadline. */
export function fail(model: Model, task: Task, code: string): void {
  const retry = retryOf(model, task.order)
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
  const grace = model.state === 'aborting' ? model.closing!.grace : (order.grace ?? model.setup.grace)
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

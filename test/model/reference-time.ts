/** What passes by itself in the reference model: turns of the event loop, and time. Nothing imported from src. */
import { abortAll, giveBack, settle, stop } from './reference-model.js'
import { isIdle, isOver, type Model, type Task } from './reference-state.js'

/** The end of a turn: what was on its way arrives, in order, and a closing that has nothing left to wait for is over. */
export function turn(model: Model): void {
  for (let next = model.onTheirWay.shift(); next; next = model.onTheirWay.shift()) settle(model, next)
  const { closing, totals, tasks, now } = model
  if (!closing || closing.report || !isIdle(model)) return
  model.state = 'closed'
  closing.abortAt = Infinity
  closing.report = {
    completed: totals.completed - closing.endedBefore.completed,
    failed: totals.failed - closing.endedBefore.failed,
    cancelled: totals.cancelled - closing.endedBefore.cancelled,
    abandoned: tasks.filter(({ isActive, abandoned }) => isActive && abandoned).map(({ number }) => number),
    durationMs: now - closing.calledAt,
  }
}

/** When something falls due next. */
export const nextDueAt = ({ tasks, closing }: Model) =>
  Math.min(closing?.abortAt ?? Infinity, ...tasks.map(({ dueAt }) => dueAt))

/**
 * Time passes without a turn in between. What falls due does so at its instant, at one instant in the order of spawning. What
 * is set for an instant only when it has come is due after all others; at the very end, in the next call.
 */
export function advance(model: Model, ms: number): void {
  const until = model.now + ms
  let isAtEnd = false
  for (let at = nextDueAt(model); at <= until && !isAtEnd; at = nextDueAt(model)) {
    model.now = Math.max(model.now, at)
    isAtEnd = model.now === until
    const due = model.tasks.filter(({ dueAt }) => dueAt <= model.now).map((task) => ({ ...task, task }))
    // One that comes before may have moved this one on.
    for (const { task, status, dueAt } of due) if (task.status === status && task.dueAt === dueAt) fallDue(model, task)
    if (model.closing && model.closing.abortAt <= model.now) abortAll(model)
  }
  model.now = until
  for (const waiter of model.waiters) waiter.isExpired ||= waiter.dueAt <= until
}

function fallDue(model: Model, task: Task): void {
  task.dueAt = Infinity
  if (isOver(task)) {
    abandon(model, task)
  } else {
    model.totals.timedOut++
    stop(model, task, 'failed', task.status === 'pending' ? 'TASK_QUEUE_TIMEOUT' : 'TASK_TIMEOUT')
  }
}

/** Its grace is over: the slot is given back, and nobody waits for it any more. */
function abandon(model: Model, task: Task): void {
  task.abandoned = true
  task.version++
  model.totals.abandoned++
  task.events.push('task:abandoned')
  giveBack(model, task)
}

/** What passes by itself in the reference model: turns of the event loop, and time. Nothing imported from src. */
import { abandon, due, end, fail, fill, settle } from './reference-life.js'
import { abortAll } from './reference-model.js'
import { rateOpensAt } from './reference-queue.js'
import { isIdle, isLeftAlone, NEVER, type Model, type Run, type Task } from './reference-state.js'

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
    abandoned: tasks.filter(({ runs }) => runs.some(isLeftAlone)).map(({ number }) => number),
    durationMs: now - closing.calledAt,
  }
}

/** In the order of spawning, a task before its runs. */
const timed = ({ tasks }: Model) => tasks.flatMap((task): (Task | Run)[] => [task, ...task.runs])

/** When something falls due next, or the rate of a lane in which somebody waits allows a start again. */
export const nextDueAt = (model: Model) =>
  Math.min(model.closing?.abortAt ?? Infinity, ...timed(model).map(({ timer }) => timer.at), ...openings(model))

const openings = (model: Model): number[] => {
  const lanes = new Set(model.queue.flatMap(({ order: { lane } }) => lane ?? []))
  return [...lanes].map((lane) => rateOpensAt(model, lane)).filter((at) => at > model.now)
}

/** A lane's rate opens at the very instant at which another does, or something else falls due: nobody promises which comes first. */
export class Undecided extends Error {}

/**
 * Time passes without a turn in between. What falls due does so at its instant, at one instant in the order of spawning. What
 * is set for an instant only when it has come is due after all others; at the very end, in the next call.
 */
export function advance(model: Model, ms: number): void {
  const until = model.now + ms
  let isAtEnd = false
  for (let at = nextDueAt(model); at <= until && !isAtEnd; at = nextDueAt(model)) {
    const opening = openings(model).filter((other) => other === at).length
    model.now = Math.max(model.now, at)
    isAtEnd = model.now === until
    const all = timed(model).map((entry) => ({ entry, timer: entry.timer }))
    const those = all.filter(({ timer }) => timer.at <= model.now).sort((a, b) => a.timer.at - b.timer.at)
    const areOthers = those.length > 0 || (model.closing?.abortAt ?? Infinity) <= model.now
    if (opening > 1) throw new Undecided()
    if (opening > 0 && (areOthers || model.waiters.some(({ dueAt }) => dueAt === at))) throw new Undecided()
    if (opening > 0) fill(model)
    for (const { entry, timer } of those) {
      // One that came before may have set this one anew.
      if (entry.timer !== timer) continue
      entry.timer = NEVER
      if ('runs' in entry) fallDue(model, entry)
      else abandon(model, entry)
    }
    if (model.closing && model.closing.abortAt <= model.now) abortAll(model)
  }
  model.now = until
  for (const waiter of model.waiters) waiter.isExpired ||= waiter.dueAt <= until
}

function fallDue(model: Model, task: Task): void {
  if (task.deadline <= model.now) end(model, task, 'failed', 'TASK_DEADLINE')
  else if (task.status === 'running') fail(model, task, 'TASK_TIMEOUT')
  else if (task.isDue) end(model, task, 'failed', 'TASK_QUEUE_TIMEOUT')
  else due(model, task)
}

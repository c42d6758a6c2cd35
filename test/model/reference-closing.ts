/** The end of a supervisor, or of a scope, in the reference model. Nothing imported from src. */
import { closingGraceOf, closingOf, isIdle, isIn, isLeftAlone, isStopping, runsOf } from './reference-facts.js'
import { end, fill, refuse } from './reference-life.js'
import { tellAll } from './reference-model.js'
import { after, type Closing, type Ended, type Model, type Scope } from './reference-state.js'
import { goOnStopping, liveServices, stopFirst, stopServices } from './reference-stopping.js'

/** A tenth of the time is kept back for services, and no more than this. */
const MOST_RESERVED = 1_000

export interface CloseOrder {
  readonly mode: 'drain' | 'cancel'
  readonly timeout: number
  readonly grace: number
}

/** Of the supervisor, which is null, or of a scope. Only the first call counts. */
export function close(model: Model, scope: Scope | null, { mode, timeout, grace }: CloseOrder): Closing {
  const known = closingOf(model, scope)
  if (known) return known
  const budget = (mode === 'drain' ? timeout : 0) + grace
  const reserve = liveServices(model, scope).length > 0 ? Math.min(MOST_RESERVED, budget / 10) : 0
  const closing: Closing = {
    ...{ scope, phase: 'draining', calledAt: model.now, grace, endsAt: model.now + budget, reserve },
    abortAt: model.now + Math.min(timeout, budget - reserve),
    ...{ graceGiven: null, stopping: null, endedBefore: endedIn(model, scope), report: null },
  }
  model.closings.push(closing)
  stopFirst(model, scope)
  if (mode === 'cancel') abort(model, closing)
  else fill(model)
  return closing
}

/** Who is told to stop has the grace of the closing in place of its own, but no more than another closing has given it. */
export function abort(model: Model, closing: Closing): void {
  const { scope, endsAt, reserve } = closing
  closing.phase = 'aborting'
  closing.abortAt = Infinity
  const given = Math.max(0, Math.min(closing.grace, endsAt - reserve - model.now))
  for (const run of runsOf(model).filter((one) => isStopping(one) && isIn(one.task, scope))) {
    const isLimited = closingGraceOf(model, run.task) !== null
    run.timer = isLimited && run.timer.at < model.now + given ? { at: run.timer.at } : after(model, given)
  }
  closing.graceGiven = given
  tellAll(
    model,
    (task) => isIn(task, scope),
    (task) => {
      if (task.status === 'pending') refuse(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
      else end(model, task, 'cancelled', 'SUPERVISOR_CLOSED')
    },
  )
}

/** What a turn does to it. Gives whether that was anything. */
export function goOnClosing(model: Model, closing: Closing): boolean {
  const { scope, stopping } = closing
  if (closing.phase === 'closed') return false
  if (!stopping) {
    if (!isIdle(model, scope)) return false
    closing.phase = 'stopping services'
    closing.abortAt = Infinity
    closing.stopping = stopServices(model, scope, closing.endsAt)
    return true
  }
  if (!stopping.isOver) return goOnStopping(model, stopping)
  closing.phase = 'closed'
  closing.report = reportOf(model, closing)
  return true
}

function reportOf(model: Model, { scope, endedBefore, calledAt }: Closing): Closing['report'] {
  const { completed, failed, cancelled } = endedIn(model, scope)
  const abandoned = model.tasks.filter((task) => task.runs.some(isLeftAlone) && isIn(task, scope))
  return {
    completed: completed - endedBefore.completed,
    failed: failed - endedBefore.failed,
    cancelled: cancelled - endedBefore.cancelled,
    abandoned: abandoned.map(({ number }) => number),
    durationMs: model.now - calledAt,
  }
}

function endedIn({ tasks }: Model, scope: Scope | null): Ended {
  const count = (wanted: keyof Ended) => tasks.filter((task) => task.status === wanted && isIn(task, scope)).length
  return { completed: count('completed'), failed: count('failed'), cancelled: count('cancelled') }
}

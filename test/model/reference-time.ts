/** What passes by itself in the reference model: turns of the event loop, and time. Nothing imported from src. */
import { abort, goOnClosing } from './reference-closing.js'
import { due } from './reference-entrance.js'
import { abandon, end, fail, fill, settle } from './reference-life.js'
import { rateOpensAt } from './reference-queue.js'
import { serviceFallsDue, settleService, startAgain } from './reference-services.js'
import { NEVER, type Model, type Run, type Task } from './reference-state.js'
import { goOnStopping, isAboutToBeTold, isBeingStopped, stoppingsOf } from './reference-stopping.js'

/** Things that come at the very same moment, of which nobody promises which comes first. */
export class Undecided extends Error {}

/** The end of a turn: what was on its way arrives, in order; then services are started, and what is closing goes on. */
export function turn(model: Model): void {
  do {
    for (let next = model.onTheirWay.shift(); next; next = model.onTheirWay.shift()) {
      if (!('serviceRun' in next)) settle(model, next)
      else if (isAboutToBeTold(model, next.serviceRun)) throw new Undecided()
      else settleService(model, next)
    }
  } while (startServices(model) || model.closings.some((one) => goOnClosing(model, one)) || stopServices(model))
}

function startServices(model: Model): boolean {
  const services = model.startingNextTurn.splice(0)
  if (services.some((service) => isBeingStopped(model, service))) throw new Undecided()
  for (const service of services) startAgain(model, service)
  return services.length > 0
}

const stopServices = (model: Model) => model.stoppings.some((one) => goOnStopping(model, one))

/** Whether it goes on by itself, turn by turn. */
export const isEnding = (model: Model) =>
  model.closings.some(({ phase }) => phase !== 'closed') || stoppingsOf(model).some(({ isOver }) => !isOver)

/** In the order of spawning, a task before its runs. */
const timed = ({ tasks }: Model) => tasks.flatMap((task): (Task | Run)[] => [task, ...task.runs])

/** When something falls due next, or the rate of a lane in which somebody waits allows a start again. */
export const nextDueAt = (model: Model) =>
  Math.min(
    ...model.closings.map(({ abortAt }) => abortAt),
    ...timed(model).map(({ timer }) => timer.at),
    ...model.services.map(({ timer }) => timer.at),
    ...openings(model),
  )

const openings = (model: Model): number[] => {
  const lanes = new Set(model.queue.flatMap(({ order: { lane } }) => lane ?? []))
  return [...lanes].map((lane) => rateOpensAt(model, lane)).filter((at) => at > model.now)
}

/**
 * Time passes without a turn in between. What falls due does so at its instant, at one instant tasks in the order of spawning.
 * What is set for an instant only when it has come is due after all others; at the very end, in the next call.
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
    const aborting = model.closings.filter(({ abortAt }) => abortAt <= model.now)
    const services = servicesDue(model)
    const others = those.length + aborting.length
    if (opening > 1) throw new Undecided()
    if (opening > 0 && (others > 0 || model.waiters.some(({ dueAt }) => dueAt === at))) throw new Undecided()
    if (aborting.length > 0 && those.length > 0) throw new Undecided()
    // A service has to do with tasks only where it closes their place.
    if (opening + others > 0 && services.some(({ service }) => service.order.onLimit === 'close')) throw new Undecided()
    if (opening > 0) fill(model)
    for (const { entry, timer } of those) {
      // One that came before may have set this one anew.
      if (entry.timer !== timer) continue
      entry.timer = NEVER
      if ('runs' in entry) fallDue(model, entry)
      else abandon(model, entry)
    }
    for (const { service, timer } of services) if (service.timer === timer) serviceFallsDue(model, service)
    for (const closing of aborting) abort(model, closing)
  }
  model.now = until
  for (const waiter of model.waiters) waiter.isExpired ||= waiter.dueAt <= until
}

/** As they were set. */
const servicesDue = ({ services, now }: Model) =>
  services
    .filter(({ timer }) => timer.at <= now)
    .sort((a, b) => a.timer.at - b.timer.at || a.timerSetAs - b.timerSetAs)
    .map((service) => ({ service, timer: service.timer }))

function fallDue(model: Model, task: Task): void {
  if (task.deadline <= model.now) end(model, task, 'failed', 'TASK_DEADLINE')
  else if (task.status === 'running') fail(model, task, 'TASK_TIMEOUT')
  else if (task.isDue) end(model, task, 'failed', 'TASK_QUEUE_TIMEOUT')
  else due(model, task)
}

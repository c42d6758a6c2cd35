import { getEventListeners } from 'node:events'
import { compareServicesListed } from './compare-services.js'
import { same, holds } from './disagreement.js'
import type { Driver } from './driver.js'
import { numberOf } from './options.js'
import { isIdle, isIn, isLeftAlone, isOver, scopesOf } from './reference-facts.js'
import { stateOf } from './reference-scopes.js'
import type { Scope, Task } from './reference-state.js'
import { liveServices } from './reference-stopping.js'

/** Each scope, against what the model knows of the tasks and services in it. */
export function compareScopes(driver: Driver): void {
  for (const scope of driver.model.scopes) compareScope(driver, scope)
}

function compareScope(driver: Driver, scope: Scope): void {
  const { model, places } = driver
  const isMine = (task: Task) => isIn(task, scope)
  const tasks = model.tasks.filter(isMine)
  const { slots, queue, totals, services } = places.scopes[scope.number]!.status({ tasks: 0 })
  const runs = tasks.flatMap(({ runs }) => runs)
  const holders = runs.filter(({ hasSlot }) => hasSlot)
  const stopping = holders.filter(({ hasEnded }) => hasEnded).length
  const limit = Math.min(model.limit, ...scopesOf({ scope }).map(({ order }) => order.limit))
  same('the slots of a scope', slots, {
    ...{ limit, running: holders.length - stopping, stopping },
    abandoned: runs.filter(isLeftAlone).length,
  })
  same('how many wait in a scope', queue.waiting, model.queue.filter(isMine).length)
  const count = (wanted: Task['status']) => tasks.filter(({ status }) => status === wanted).length
  const { spawned, completed, failed, cancelled } = totals
  const expected = { completed: count('completed'), failed: count('failed'), cancelled: count('cancelled') }
  same('the totals of a scope', { spawned, completed, failed, cancelled }, { spawned: tasks.length, ...expected })
  compareServicesListed(driver, scope, services)
}

/** One listener while a task, or a scope in which anybody lives, hangs on the signal, else none. */
export function compareListeners({ model, signals }: Driver): void {
  signals.forEach(({ signal }, index) => {
    const hangs = ({ order }: { order: { signal: number | null } }) => order.signal === index
    const lives = (scope: Scope) => !isIdle(model, scope) || liveServices(model, scope).length > 0
    const isUsed =
      !signal.aborted &&
      (model.tasks.some((task) => hangs(task) && !isOver(task)) ||
        model.scopes.some((scope) => hangs(scope) && lives(scope)))
    same("listeners on a caller's signal", getEventListeners(signal, 'abort').length, isUsed ? 1 : 0)
  })
}

/** What becomes of the supervisor itself, and of its scopes, once promises have had their turn. */
export function compareStates({ model, supervisor, places }: Driver): void {
  same('status().state', supervisor.status({ tasks: 0 }).state, stateOf(model, null))
  for (const scope of model.scopes)
    same('the state of a scope', places.scopes[scope.number]!.status({ tasks: 0 }).state, stateOf(model, scope))
}

/** The reports of those closings that were asked for, be it more than once. */
export function compareReports({ places }: Driver): void {
  for (const { expected, report } of places.closings) {
    holds('close() returns in time, and not too early', (report !== null) === (expected.report !== null))
    if (!report) continue
    const { completed, failed, cancelled, abandoned, handedOff, persisted, durationMs } = report
    const numbers = abandoned.map(numberOf).sort((a, b) => a - b)
    same('the report of close()', { completed, failed, cancelled, abandoned: numbers, durationMs }, expected.report)
    holds('close() takes no longer than it was told', durationMs <= expected.endsAt - expected.calledAt)
    same('what close() left undone', { handedOff, persisted }, { handedOff: [], persisted: true })
  }
}

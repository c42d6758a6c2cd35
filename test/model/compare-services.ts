import type { ServiceStatus } from 'taskward'
import { holds, same, sameSince } from './disagreement.js'
import type { Driver } from './driver.js'
import { isIn } from './reference-facts.js'
import type { Model, Scope, Service } from './reference-state.js'
import { nameOf, numberIn } from './troupe.js'

/** Services, as far as they can be seen in the middle of a turn. */
export function compareServices({ model, troupe, startedAt }: Driver): void {
  if (model.services.length === 0) return
  const { called } = troupe
  const what = 'which services were called, and in what order'
  troupe.callsCompared = sameSince(troupe.callsCompared, what, called, model.servicesCalled)
  compareTold(troupe, model)
  for (const service of model.services) {
    const { handle, events } = troupe.members[service.number]!
    same('the status of a service', statusSeen(handle.status(), startedAt), statusExpected(service))
    same('the events of a service', events, service.events)
  }
}

/** Two closings at once stop services in an order that nobody promises. */
function compareTold(troupe: Driver['troupe'], { servicesTold, closings, stoppings }: Model): void {
  const news = (told: string[]) =>
    closings.length + stoppings.length > 1 ? told.slice(troupe.tellsCompared).sort() : told.slice(troupe.tellsCompared)
  same('which services were told to stop, and in what order', news(troupe.told), news(servicesTold))
  troupe.tellsCompared = servicesTold.length
}

/** Those of all, or of a scope, that were taken in, in order of start. */
export function compareServicesListed(driver: Driver, place: Scope | null, seen: ServiceStatus[]): void {
  const expected = driver.model.services
    .filter((service) => !service.isRefused && isIn(service, place))
    .sort((a, b) => a.startedAs - b.startedAs)
  const listed = seen.map((status) => [numberIn(status.name), statusSeen(status, driver.startedAt)])
  same(
    'status().services',
    listed,
    expected.map((service) => [service.number, statusExpected(service)]),
  )
}

/** What can be seen only once promises have had their turn. */
export function compareServicesAfterTurns({ model, troupe }: Driver): void {
  for (const { number, ends, firstEnd } of model.services) {
    const { end, stops } = troupe.members[number]!
    same('how a service has settled', end, firstEnd)
    for (const { afterEnds, isAnswered } of stops)
      holds('stop() resolves when the service has ended, and not before', isAnswered === ends >= afterEnds)
  }
}

const statusSeen = ({ state, startedAt, restarts, nextRestartAt, lastError }: ServiceStatus, epoch: number) => ({
  ...{ state, restarts, lastError: nameOf(lastError) },
  startedAt: startedAt === null ? null : startedAt - epoch,
  nextRestartAt: nextRestartAt === null ? null : nextRestartAt - epoch,
})

const statusExpected = ({ state, startedAt, restarts, timer, lastError }: Service) => ({
  ...{ state, restarts, lastError, startedAt },
  nextRestartAt: state === 'waiting' ? timer.at : null,
})

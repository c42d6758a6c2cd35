/** How the services of a place are stopped, one after the other, in the reference model. Nothing imported from src. */
import { hasEnded, isIdle, isIn } from './reference-facts.js'
import { giveUp, stop } from './reference-services.js'
import type { Model, Scope, Service, ServiceRun, Stopping } from './reference-state.js'

/** In order of start. */
export const liveServices = ({ services }: Model, place: Scope | null): Service[] =>
  services.filter((service) => !hasEnded(service) && isIn(service, place)).sort((a, b) => a.startedAs - b.startedAs)

const those = (model: Model, place: Scope | null, which: 'first' | 'last') =>
  liveServices(model, place).filter(({ order }) => order.stopOnClose === which)

/** They are told before the tasks are drained, and nobody waits for them yet. */
export function stopFirst(model: Model, place: Scope | null): void {
  for (const service of those(model, place, 'first')) stop(model, service, 'SUPERVISOR_CLOSED')
}

export function stopServices(model: Model, scope: Scope | null, endsAt: number): Stopping {
  const stopping: Stopping = { scope, endsAt, awaited: [], left: null, isOutOfTime: false, isOver: false }
  if (model.now < endsAt) tellAndAwait(model, stopping, those(model, scope, 'first'))
  else tellTheRest(model, stopping)
  return stopping
}

function tellAndAwait(model: Model, stopping: Stopping, services: Service[]): void {
  stopping.awaited = services
  for (const service of services) stop(model, service, 'SUPERVISOR_CLOSED', stopping.endsAt - model.now)
}

function tellTheRest(model: Model, stopping: Stopping): void {
  const rest = liveServices(model, stopping.scope).reverse()
  stopping.isOutOfTime = true
  stopping.awaited = rest
  for (const service of rest) stop(model, service, 'SUPERVISOR_CLOSED')
}

/** What a turn does to it. Gives whether that was anything. */
export function goOnStopping(model: Model, stopping: Stopping): boolean {
  if (stopping.isOver || !(stopping.isOutOfTime || stopping.awaited.every(hasEnded))) return false
  if (stopping.isOutOfTime) {
    for (const service of stopping.awaited) if (!hasEnded(service)) giveUp(model, service)
    stopping.isOver = true
    return true
  }
  // The last started first.
  stopping.left ??= those(model, stopping.scope, 'last').reverse()
  const next = stopping.left.shift()
  if (next && model.now < stopping.endsAt) tellAndAwait(model, stopping, [next])
  else tellTheRest(model, stopping)
  return true
}

export const stoppingsOf = ({ closings, stoppings }: Model): Stopping[] =>
  [...closings.map(({ stopping }) => stopping), ...stoppings].filter((one) => one !== null)

/** Whether the service is being stopped with its place, or would be in this turn. */
export const isBeingStopped = (model: Model, service: Service) =>
  stoppingsOf(model).some(({ scope, isOver }) => !isOver && isIn(service, scope)) ||
  model.closings.some(({ scope, stopping }) => !stopping && isIn(service, scope) && isIdle(model, scope))

/** Whether the service is told to stop with its place as soon as what goes on by itself has its turn. */
export const isAboutToBeTold = (model: Model, { service, told }: ServiceRun) =>
  told === null &&
  !hasEnded(service) &&
  (stoppingsOf(model).some(
    ({ scope, isOver, awaited }) => !isOver && isIn(service, scope) && awaited.every(hasEnded),
  ) ||
    model.closings.some(({ scope, stopping }) => !stopping && isIn(service, scope) && isIdle(model, scope)))

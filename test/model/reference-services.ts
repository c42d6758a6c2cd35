/** What becomes of one service in the reference model, from its start to its end. Nothing imported from src. */
import { close } from './reference-closing.js'
import { closingsAround, graceOf, hasEnded, pauseAfter, scopesOf } from './reference-facts.js'
import type { ServiceOrder } from './reference-orders.js'
import {
  NEVER,
  scopePicked,
  type Model,
  type Scope,
  type Service,
  type ServiceRun,
  type ServiceSettlement,
} from './reference-state.js'

export function supervise(model: Model, order: ServiceOrder): Service {
  const scope = scopePicked(model.scopes, order.scope)
  const service: Service = {
    ...{ number: model.services.length, order, scope, state: 'starting', isRefused: false, startedAs: 0 },
    ...{ timer: NEVER, timerSetAs: 0, startedAt: null, restarts: 0, lastError: null, runs: [], run: null },
    ...{ restartedAt: [], afterStop: 'end', ends: 0, firstEnd: null, events: [] },
  }
  model.services.push(service)
  if (isClosing(model, scope)) refuse(service)
  else enter(model, service)
  return service
}

/** Nothing is started any more, or anew. */
export const isClosing = (model: Model, scope: Scope | null) =>
  closingsAround(model, scope).length > 0 || scopesOf({ scope }).some(({ isCancelled }) => isCancelled)

function refuse(service: Service): void {
  service.isRefused = true
  service.state = 'stopped'
  service.lastError = 'SUPERVISOR_CLOSED'
  service.firstEnd = { state: 'stopped', code: 'SUPERVISOR_CLOSED' }
}

function enter(model: Model, service: Service): void {
  service.startedAs = ++model.servicesStarted
  start(model, service)
}

function start(model: Model, service: Service): void {
  const { order } = service
  const kind = service.runs.length > 0 ? (order.again ?? order.kind) : order.kind
  const run: ServiceRun = { service, kind, isActive: true, told: null }
  Object.assign(service, { state: 'starting', startedAt: model.now, timer: NEVER, afterStop: 'end', run })
  service.runs.push(run)
  model.servicesCalled.push(`${service.number}`)
  if (kind === 'throws') settleService(model, { serviceRun: run, how: 'err' })
  else {
    service.state = 'running'
    service.events.push('service:started')
    if (kind === 'returns') settleService(model, { serviceRun: run, how: 'ok' })
    if (kind === 'resolves') model.onTheirWay.push({ serviceRun: run, how: 'ok' })
    if (kind === 'rejects') model.onTheirWay.push({ serviceRun: run, how: 'err' })
  }
}

/** Its function has ended: as it was told, or by itself, or so late that nobody waits for it any more. */
export function settleService(model: Model, { serviceRun, how }: ServiceSettlement): void {
  const { service } = serviceRun
  const code = how === 'err' ? `S${service.number}` : null
  serviceRun.isActive = false
  if (service.run !== serviceRun) return
  service.run = null
  service.timer = NEVER
  if (code) service.lastError = code
  if (service.state === 'stopping') hasStopped(model, service, null)
  else goOn(model, service, code)
}

/** @param why it is over though it may not be, where it was given up */
function hasStopped(model: Model, service: Service, why: 'given up' | null): void {
  if (service.afterStop === 'start') startNextTurn(model, service)
  else end(model, service, 'stopped', why)
}

/** It ended by itself, so it is started again, unless it is not meant to be or has been too often of late. */
function goOn(model: Model, service: Service, code: string | null): void {
  const { restart, maxRestarts, within, backoff } = service.order
  const ofLate = service.restartedAt.filter((at) => model.now - at < within).length
  if (restart === 'temporary' || (restart === 'transient' && code === null)) {
    end(model, service, code ? 'failed' : 'stopped', code)
  } else if (ofLate >= maxRestarts) {
    end(model, service, 'failed', 'SERVICE_RESTART_LIMIT')
    if (service.order.onLimit === 'close') close(model, service.scope, BY_DEFAULT)
  } else {
    const pause = pauseAfter(backoff, ofLate + 1)
    service.state = 'waiting'
    setTimer(model, service, model.now + pause)
    service.events.push(`service:restarting after ${pause}: ${code}`)
  }
}

const BY_DEFAULT = { mode: 'drain', timeout: 30_000, grace: 10_000 } as const

function setTimer(model: Model, service: Service, at: number): void {
  service.timer = { at }
  service.timerSetAs = model.timersSet++
}

/** Its pause, or its grace, is over. */
export function serviceFallsDue(model: Model, service: Service): void {
  if (service.state === 'waiting') {
    service.restartedAt.push(model.now)
    startAgain(model, service)
  } else {
    giveUp(model, service)
  }
}

export function startAgain(model: Model, service: Service): void {
  service.restarts++
  start(model, service)
}

/** Nobody waits for its function any more. */
export function giveUp(model: Model, service: Service): void {
  service.run = null
  service.timer = NEVER
  service.lastError = 'given up'
  hasStopped(model, service, 'given up')
}

/** Stops it and starts it again. Counts toward no limit; where it had ended nothing counts any more. */
export function restart(model: Model, service: Service): void {
  if (isClosing(model, service.scope)) return
  if (hasEnded(service)) {
    service.startedAs = ++model.servicesStarted
    service.restartedAt = []
    startNextTurn(model, service)
  } else if (service.run && service.state !== 'stopping') {
    service.afterStop = 'start'
    tell(model, service, 'TASK_CANCELLED', graceOf(model, service))
  } else if (service.run && service.afterStop === 'end') {
    service.afterStop = 'end, then start'
  } else if (service.state === 'waiting') {
    startNextTurn(model, service)
  }
}

function startNextTurn(model: Model, service: Service): void {
  // Of one that waits it has been said already.
  if (service.state !== 'waiting') service.events.push('service:restarting after 0: null')
  service.state = 'starting'
  service.timer = NEVER
  model.startingNextTurn.push(service)
}

/** For good, also where it was to be restarted. */
export function stop(model: Model, service: Service, code = 'TASK_CANCELLED', most = Infinity): void {
  if (hasEnded(service)) return
  service.afterStop = 'end'
  if (service.run) tell(model, service, code, Math.min(most, graceOf(model, service)))
  else end(model, service, 'stopped', null)
}

/** Of several graces the one that ends first holds, and of several reasons the first. */
function tell(model: Model, service: Service, code: string, grace: number): void {
  const run = service.run!
  service.state = 'stopping'
  if (model.now + grace < service.timer.at) setTimer(model, service, model.now + grace)
  if (run.told) return
  run.told = code
  model.servicesTold.push(`${service.number}: ${code}`)
  if (run.kind === 'yields') settleService(model, { serviceRun: run, how: 'reason' })
  if (run.kind === 'obeys') model.onTheirWay.push({ serviceRun: run, how: 'reason' })
}

function end(model: Model, service: Service, state: 'stopped' | 'failed', code: string | null): void {
  const { afterStop } = service
  model.startingNextTurn = model.startingNextTurn.filter((other) => other !== service)
  Object.assign(service, { state, timer: NEVER, afterStop: 'end' })
  if (code) service.lastError = code
  service.firstEnd ??= { state, code }
  service.ends++
  service.events.push(state === 'failed' ? `service:failed: ${code}` : 'service:stopped')
  if (afterStop === 'end, then start') restart(model, service)
}

/** Parts of a supervisor in the reference model: who may come in, and who is cancelled. Nothing imported from src. */
import { graceOf, closingOf, closingsAround, isIn, isOver } from './reference-facts.js'
import { cancelThose } from './reference-model.js'
import type { ScopeOrder } from './reference-orders.js'
import { scopePicked, type Model, type Scope, type Task } from './reference-state.js'
import { liveServices, stopFirst, stopServices } from './reference-stopping.js'

export function makeScope(model: Model, order: ScopeOrder): Scope {
  const isCancelled = order.signal !== null && model.abortedSignals.has(order.signal)
  const scope = { number: model.scopes.length, order, scope: scopePicked(model.scopes, order.parent), isCancelled }
  model.scopes.push(scope)
  return scope
}

/** What drains takes in only what its own live tasks spawn; what has done so takes nothing. */
export const isWelcome = (model: Model, task: Task, caller: Task | null) =>
  closingsAround(model, task.scope).every(
    ({ phase, scope }) => phase === 'draining' && caller !== null && !isOver(caller) && isIn(caller, scope),
  )

/** Gives how many were told. What comes later is taken. */
export const cancelScope = (model: Model, meant: Scope) => cancelThose(model, (task) => isIn(task, meant))

/** A signal of the callers' has aborted: tasks first, then services, which have the grace of their scope to stop in. */
export function abortScopes(model: Model, signal: number, cancelTasks: (scopes: Scope[]) => void): void {
  const scopes = model.scopes.filter(({ order }) => order.signal === signal)
  for (const scope of scopes) scope.isCancelled = true
  cancelTasks(scopes)
  for (const scope of scopes) {
    if (liveServices(model, scope).length === 0) continue
    stopFirst(model, scope)
    model.stoppings.push(stopServices(model, scope, model.now + graceOf(model, scope)))
  }
}

/** Of its own, and of all that it is in. */
export function stateOf(model: Model, place: Scope | null): 'open' | 'paused' | 'draining' | 'closed' {
  const closings = closingsAround(model, place)
  if (closings.some(({ phase }) => phase === 'closed')) return 'closed'
  if (closings.length > 0) return 'draining'
  return model.isPaused && !closingOf(model, null) ? 'paused' : 'open'
}

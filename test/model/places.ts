import type { CloseReport, TaskScope, TaskSupervisor } from 'taskward'
import { same } from './disagreement.js'
import { scopeOptions } from './options.js'
import { close, type CloseOrder } from './reference-closing.js'
import { waitForIdle } from './reference-model.js'
import type { ScopeOrder } from './reference-orders.js'
import { cancelScope, makeScope } from './reference-scopes.js'
import { scopePicked, type Closing, type Model, type Scope, type Waiter } from './reference-state.js'

/** Does what happens to the supervisor, or to a scope, as a whole twice: to it, and to that of the reference model. */
export class Places {
  readonly scopes: TaskScope[] = []
  readonly waiters: { expected: Waiter; answer: boolean | null }[] = []
  readonly closings: { expected: Closing; report: CloseReport | null }[] = []
  readonly #model: Model
  readonly #supervisor: TaskSupervisor
  readonly #signals: readonly AbortController[]

  constructor(model: Model, supervisor: TaskSupervisor, signals: readonly AbortController[]) {
    this.#model = model
    this.#supervisor = supervisor
    this.#signals = signals
  }

  /** @param pick of the scopes that are there; null is the supervisor */
  at(pick: number | null): TaskSupervisor | TaskScope {
    return this.#of(scopePicked(this.#model.scopes, pick))
  }

  #of(scope: Scope | null): TaskSupervisor | TaskScope {
    return scope ? this.scopes[scope.number]! : this.#supervisor
  }

  makeScope(order: ScopeOrder): void {
    const { number, scope } = makeScope(this.#model, order)
    const options = scopeOptions(order)
    if (order.signal !== null) options.signal = this.#signals[order.signal]!.signal
    this.scopes.push(this.#of(scope).scope(`scope ${number}`, options))
  }

  cancelScope(pick: number): void {
    const scope = scopePicked(this.#model.scopes, pick)
    if (!scope) return
    const told = cancelScope(this.#model, scope)
    same("how many a scope's cancelAll() told", this.scopes[scope.number]!.cancelAll(), told)
  }

  awaitIdle(pick: number | null, timeout: number): void {
    const place = this.at(pick)
    const expected = waitForIdle(this.#model, scopePicked(this.#model.scopes, pick), timeout)
    const waiter = { expected, answer: null as boolean | null }
    this.waiters.push(waiter)
    const answer = timeout === Infinity ? place.onIdle().then(() => true) : place.drain({ timeout })
    void answer.then((isIdle) => (waiter.answer = isIdle))
  }

  close(pick: number | null, { mode, timeout, grace }: CloseOrder): void {
    const scope = scopePicked(this.#model.scopes, pick)
    // Where there is no scope to pick the supervisor is not meant.
    if (pick !== null && !scope) return
    const expected = close(this.#model, scope, { mode, timeout, grace })
    const closing = { expected, report: null as CloseReport | null }
    this.closings.push(closing)
    void this.#of(scope)
      .close({ mode, timeout, grace })
      .then((report) => (closing.report = report))
  }
}

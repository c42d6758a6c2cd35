import { AsyncResource } from 'node:async_hooks'
import type { TaskContext, TaskFunction, TaskHandle, TaskOutcome } from 'taskward'
import type { Order } from './reference-state.js'

export type How = 'ok' | 'err' | 'reason'

/** What an actor does while its function is being called is the business of whoever drives it. */
export interface Stage {
  entered(actor: Actor): void
}

/** One task as the driver sees it from outside: its work, and all that the supervisor has told about it. */
export class Actor {
  readonly number: number
  readonly order: Order
  readonly value: object
  readonly error: Error & { code: string }
  readonly outcomes: TaskOutcome<unknown>[] = []
  readonly events: string[] = []
  /** Not yet there while the task is being spawned. */
  handle!: TaskHandle<unknown>
  context: TaskContext | null = null
  /** The work has been started, and has not settled. */
  isRunning = false
  isAbandoned = false
  hasBeenChecked = false
  hasOutcomeChecked = false
  /** The version that the last event or look told of. */
  version = 0
  #settle: ((how: How) => void) | null = null
  #inside: ((call: () => unknown) => unknown) | null = null

  constructor(number: number, order: Order) {
    this.number = number
    this.order = order
    this.value = { of: number }
    const isForeignAbort = number % 5 === 0
    this.error = Object.assign(new Error(`boom ${number}`), { code: `E${number}` })
    // Who stopped a task is never decided from the error's type.
    if (isForeignAbort) this.error.name = 'AbortError'
  }

  /** A promise already started, as it would be handed over. */
  promise(): PromiseLike<unknown> {
    this.isRunning = true
    return this.#work()
  }

  fn(stage: Stage): TaskFunction<unknown> {
    return (context) => {
      this.context = context
      this.isRunning = true
      this.#inside = AsyncResource.bind((call: () => unknown) => call())
      stage.entered(this)
      return this.#call()
    }
  }

  /** Calls in the async context of the function, as code of its own would. */
  inside<R>(call: () => R): R {
    return this.#inside!(call) as R
  }

  /** It runs, and settles when it is told. */
  get canSettle(): boolean {
    return this.isRunning && this.order.plan.kind === 'waits' && this.#settle !== null
  }

  settle(how: How): void {
    this.isRunning = false
    this.#settle!(how)
  }

  #call(): unknown {
    const { kind } = this.order.plan
    if (kind === 'returns' || kind === 'throws') this.isRunning = false
    if (kind === 'returns') return this.value
    if (kind === 'throws') throw this.error
    const work = this.#work()
    if (kind === 'obeys' || kind === 'yields') this.#whenAborted(() => this.settle('reason'))
    return work
  }

  #whenAborted(stop: () => void): void {
    const { signal } = this.context!
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  }

  #work(): PromiseLike<unknown> {
    const { kind, isForeign } = this.order.plan
    if (kind === 'resolves' || kind === 'rejects') {
      this.isRunning = false
      return kind === 'resolves' ? Promise.resolve(this.value) : Promise.reject(this.error)
    }
    return isForeign ? this.#thenable() : this.#native()
  }

  #native(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = (how) => (how === 'ok' ? resolve(this.value) : reject(this.#reason(how)))
    })
  }

  /** Calls back at once when told to, and as often. */
  #thenable(): PromiseLike<unknown> {
    const early: How[] = []
    this.#settle = (how) => void early.push(how)
    const then = (fulfil: (value: unknown) => void, reject: (reason: unknown) => void) => {
      this.#settle = (how) => (how === 'ok' ? fulfil(this.value) : reject(this.#reason(how)))
      for (const how of early.splice(0)) this.#settle(how)
    }
    return { then } as PromiseLike<unknown>
  }

  #reason(how: 'err' | 'reason'): unknown {
    return how === 'err' ? this.error : this.context?.signal.reason
  }
}

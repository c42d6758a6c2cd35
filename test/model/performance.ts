import { AsyncResource } from 'node:async_hooks'
import type { TaskContext } from 'taskward'
import type { Kind } from './reference-orders.js'

export type How = 'ok' | 'err' | 'reason'

/** Whose performance it is: the code is that of what it throws. */
export interface Part {
  readonly number: number
  readonly isForeign: boolean
  readonly code: string
}

/** One attempt of an actor's, or one run of a service: what its work does, and what it comes to. */
export class Performance<Context extends { readonly signal: AbortSignal } = TaskContext> {
  readonly attempt: number
  /** It is a thenable that calls back when, and as often as, it likes. */
  readonly isForeign: boolean
  readonly value: object
  readonly error: Error & { code: string }
  context: Context | null = null
  /** The work has been started, and has not settled. */
  isRunning = false
  isAbandoned = false
  readonly #kind: Kind
  #settle: ((how: How) => void) | null = null
  #inside: AsyncResource | null = null

  constructor({ number, isForeign, code }: Part, attempt: number, kind: Kind) {
    this.attempt = attempt
    this.#kind = kind
    this.isForeign = kind === 'yields' || (kind === 'waits' && isForeign)
    this.value = { of: number, attempt }
    this.error = Object.assign(new Error(`boom ${number}`), { code })
    // Who stopped a task is never decided from the error's type.
    if ((number + attempt) % 5 === 0) this.error.name = 'AbortError'
  }

  promise(): PromiseLike<unknown> {
    this.isRunning = true
    return this.#work()
  }

  /** Its function is being called. */
  enter(context: Context): void {
    this.context = context
    this.isRunning = true
    this.#inside = new AsyncResource('performance')
  }

  act(): unknown {
    const kind = this.#kind
    if (kind === 'returns' || kind === 'throws') this.isRunning = false
    if (kind === 'returns') return this.value
    if (kind === 'throws') throw this.error
    const work = this.#work()
    if (kind === 'obeys' || kind === 'yields') this.#whenAborted(() => this.settle('reason'))
    return work
  }

  /** Calls in the async context of the function, as code of its own would. */
  inside<R>(call: () => R): R {
    return this.#inside!.runInAsyncScope(call)
  }

  /** It runs, and settles when it is told. */
  get canSettle(): boolean {
    return this.isRunning && this.#kind === 'waits' && this.#settle !== null
  }

  settle(how: How): void {
    this.isRunning = false
    this.#settle!(how)
  }

  #whenAborted(stop: () => void): void {
    const { signal } = this.context!
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  }

  #work(): PromiseLike<unknown> {
    const kind = this.#kind
    if (kind === 'resolves' || kind === 'rejects') {
      this.isRunning = false
      return kind === 'resolves' ? Promise.resolve(this.value) : Promise.reject(this.error)
    }
    return this.isForeign ? this.#thenable() : this.#native()
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

import type { TaskwardError } from '../core/errors.js'
import type { ServiceContext, ServiceFunction } from '../service.js'
import type { SpawnFunction } from '../work.js'
import type { Settlement } from './attempt.js'
import { runOutsideTasks, type CapturedContext } from './context.js'
import { createGuardedController, type CallListener } from './guarded-signal.js'
import { silence, whenSettled } from './thenable.js'

/** What a run of a service needs from outside. */
export interface ServiceRunParts {
  readonly name: string
  readonly restarts: number
  readonly context: CapturedContext
  readonly spawn: SpawnFunction
  readonly callAbortListener: CallListener
}

/** One call of a service's function, to its real end. */
export class ServiceRun {
  /** Its function has settled. */
  isOver = false
  readonly #parts: ServiceRunParts
  #controller: AbortController | null = null
  #stopReason: TaskwardError | null = null

  constructor(parts: ServiceRunParts) {
    this.#parts = parts
  }

  /**
   * Calls the function, now. `onStarted` is called when it has not thrown, and `onSettled` once when it has really settled,
   * which is at once for a synchronous one.
   */
  begin(fn: ServiceFunction, onStarted: () => void, onSettled: (settlement: Settlement) => void): void {
    const settle = (settlement: Settlement): void => {
      if (!settlement.isFulfilled) silence(settlement.reason)
      // A foreign thenable may settle again.
      if (this.isOver) return
      this.isOver = true
      onSettled(settlement)
    }
    let returned: unknown
    try {
      returned = runOutsideTasks(this.#parts.context, () => fn(this.#contextOf()))
    } catch (thrown) {
      settle({ isFulfilled: false, reason: thrown })
      return
    }
    onStarted()
    const isPending = whenSettled(
      returned,
      (value) => {
        settle({ isFulfilled: true, value })
      },
      (reason) => {
        settle({ isFulfilled: false, reason })
      },
    )
    if (!isPending) settle({ isFulfilled: true, value: returned })
  }

  /** Aborts its signal; only the first reason counts. */
  tellToStop(reason: TaskwardError): void {
    if (this.#stopReason) return
    this.#stopReason = reason
    this.#controller?.abort(reason)
  }

  /** Whether that is what a function throws which stops because it was told to. */
  isObedience(thrown: unknown): boolean {
    if (this.#stopReason === null) return false
    try {
      // Node's own functions wrap the reason in an AbortError.
      return thrown === this.#stopReason || (thrown as { cause?: unknown } | null)?.cause === this.#stopReason
    } catch {
      return false
    }
  }

  #contextOf(): ServiceContext {
    const { name, restarts, spawn } = this.#parts
    const signal = (): AbortSignal => this.#signal
    return {
      name,
      restarts,
      spawn,
      get signal() {
        return signal()
      },
    }
  }

  get #signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = createGuardedController(this.#parts.callAbortListener)
      if (this.#stopReason) this.#controller.abort(this.#stopReason)
    }
    return this.#controller.signal
  }
}

import { retryDelay, type BackoffPolicy } from './retry.js'

/** When a service whose function has ended is started again: always, only after a failure, or never. */
export type RestartMode = 'permanent' | 'transient' | 'temporary'

export interface RestartPolicy {
  readonly restart: RestartMode
  /** How many restarts fit into `within`; one more is over the limit. */
  readonly maxRestarts: number
  /** Milliseconds. */
  readonly within: number
  readonly backoff: BackoffPolicy
}

/** What follows the end of a service's function. */
export type AfterEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'over the limit' }
  | { readonly kind: 'restart'; readonly delayMs: number }

/** How many restarts are remembered where there is no limit to them: they only make the pause grow. */
export const MOST_REMEMBERED = 1_000

/**
 * Remembers the restarts of the last `within` milliseconds, by the instants at which they began, and decides by them. One that
 * is exactly `within` old no longer counts.
 */
export class RestartHistory {
  readonly #policy: RestartPolicy
  readonly #startsMono: number[] = []

  constructor(policy: RestartPolicy) {
    this.#policy = policy
  }

  /** A restart begins now. */
  add(nowMono: number): void {
    const { maxRestarts } = this.#policy
    this.#forget(nowMono)
    this.#startsMono.push(nowMono)
    if (maxRestarts === Infinity && this.#startsMono.length > MOST_REMEMBERED) this.#startsMono.shift()
  }

  /** @param chance from 0 to below 1 */
  afterEnd(nowMono: number, hasFailed: boolean, chance: number): AfterEnd {
    const { restart, maxRestarts, backoff } = this.#policy
    if (restart === 'temporary' || (restart === 'transient' && !hasFailed)) return { kind: 'end' }
    this.#forget(nowMono)
    const restarts = this.#startsMono.length
    // The restart begins no earlier than now, so what fits now fits then.
    if (restarts >= maxRestarts) return { kind: 'over the limit' }
    return { kind: 'restart', delayMs: retryDelay(backoff, restarts + 1, chance) }
  }

  #forget(nowMono: number): void {
    const { within } = this.#policy
    const firstKept = this.#startsMono.findIndex((startMono) => nowMono - startMono < within)
    this.#startsMono.splice(0, firstKept === -1 ? this.#startsMono.length : firstKept)
  }
}

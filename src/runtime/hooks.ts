import type { Clock } from '../clock.js'
import { Deadlines, type Deadline } from './deadlines.js'
import { silence, whenSettled } from './thenable.js'

/** How long the promise of a hook may take before it is given up. */
export const HOOK_LIMIT_MS = 5_000

const MAX_NESTING = 50

/** Told of a failure of the user's own code, once each. `level` grows when the failure was met while reporting another. */
export type HookFailed = (where: string, thrown: unknown, level: number) => void

interface PendingHook extends Deadline {
  readonly where: string
  readonly level: number
  isOver: boolean
}

/**
 * Calls what the user gave (listeners, `onError`, a logger) so that nothing it does harms anyone else: what it throws or
 * rejects with is reported, a promise that hangs is given up.
 */
export class Hooks {
  readonly #clock: Clock
  readonly #onFailed: HookFailed
  readonly #pending: Deadlines<PendingHook>
  #order = 0
  /** How many hooks are being called, each within the one before. */
  #nesting = 0

  constructor(clock: Clock, onFailed: HookFailed) {
    this.#clock = clock
    this.#onFailed = (where, thrown, level) => {
      // What a hook threw may be a rejected promise, and its report may be dropped.
      silence(thrown)
      onFailed(where, thrown, level)
    }
    this.#pending = new Deadlines(clock, (pending) => {
      pending.isOver = true
      onFailed(
        pending.where,
        new Error(`gave no answer within ${String(HOOK_LIMIT_MS)} ms and was given up`),
        pending.level,
      )
    })
  }

  /** @param level 0 unless the call is itself part of reporting a failure */
  call(where: string, hook: () => unknown, level = 0): void {
    if (this.#nesting >= MAX_NESTING) {
      // A hook that brings about what it is called for, again and again, must not exhaust the stack.
      queueMicrotask(() => {
        this.call(where, hook, level)
      })
      return
    }
    let returned: unknown
    this.#nesting++
    try {
      returned = hook()
    } catch (thrown) {
      this.#onFailed(where, thrown, level)
      return
    } finally {
      this.#nesting--
    }
    if (returned === undefined) return
    const pending: PendingHook = { where, level, isOver: false, heapIndex: -1, dueAt: NaN, order: this.#order++ }
    const settles = whenSettled(
      returned,
      () => void this.#end(pending),
      (reason) => {
        if (this.#end(pending)) this.#onFailed(where, reason, level)
      },
    )
    if (settles && !pending.isOver) this.#pending.set(pending, this.#clock.monotonic() + HOOK_LIMIT_MS)
  }

  #end(pending: PendingHook): boolean {
    if (pending.isOver) return false
    pending.isOver = true
    this.#pending.clear(pending)
    this.#pending.rest()
    return true
  }
}

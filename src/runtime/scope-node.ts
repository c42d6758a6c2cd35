import type { OnError } from '../work.js'
import { Gate } from './gate.js'
import { Tallies, type Phase } from './tallies.js'

/** Who may spawn: everybody, only live tasks (while it drains), nobody. */
export type IntakeState = 'everybody' | 'live tasks' | 'nobody'

export interface ScopeNodeOptions {
  readonly name: string
  readonly concurrency: number
  readonly onError: OnError | null
  readonly signal?: AbortSignal | null
}

/**
 * A scope, as the tasks in it see it: its limits, who lives in it, what has been counted. What is counted in a scope is counted
 * in those above too; its tasks are its own.
 */
export class ScopeNode<Task = unknown, Run = unknown> {
  readonly name: string
  readonly parent: ScopeNode<Task, Run> | null
  readonly tallies = new Tallies()
  /** Its own, those above, and those of all. */
  readonly allTallies: readonly Tallies[]
  /** Tasks without an outcome, by where they are, each in the order in which it came there. */
  readonly tasks: Readonly<Record<Phase, Set<Task>>> = {
    waiting: new Set(),
    delayed: new Set(),
    running: new Set(),
  }
  /** Functions that run on although their attempt has its outcome. */
  readonly stragglers = new Set<Run>()
  /** The scopes within it that have anybody who lives. */
  readonly scopes = new Set<ScopeNode<Task, Run>>()
  /** How many slots its tasks hold, and may hold. */
  readonly gate: Gate
  /** Its own gate and those above, nearest first; and of these the ones that have a limit. */
  readonly gates: readonly Gate[]
  readonly caps: readonly Gate[]
  /** That of the nearest scope that has one. */
  readonly onError: OnError | null
  /** Who may spawn in it. */
  intake: IntakeState = 'everybody'
  /** The grace that replaces the tasks' own once it aborts what is left. */
  closingGraceMs: number | null = null
  /** Told when somebody comes, and when nobody that is waited for lives in it any more. */
  onBusy: (() => void) | null = null
  onRest: (() => void) | null = null
  readonly #signal: AbortSignal | null
  #cancelled: { readonly reason: unknown } | null = null

  /** @param root the tallies of all, scope or not */
  constructor(
    root: Tallies,
    parent: ScopeNode<Task, Run> | null,
    { name, concurrency, onError, signal = null }: ScopeNodeOptions,
  ) {
    this.#signal = signal
    this.parent = parent
    this.name = name
    this.onError = onError ?? parent?.onError ?? null
    this.allTallies = [this.tallies, ...(parent?.allTallies ?? [root])]
    this.gate = new Gate(concurrency)
    this.gates = [this.gate, ...(parent?.gates ?? [])]
    this.caps = this.gates.filter(({ limit }) => limit !== Infinity)
  }

  /** Why it has been cancelled for good, if it has: what is spawned in it is born cancelled. */
  get cancelled(): { readonly reason: unknown } | null {
    return (this.#cancelled ??= this.#signal && abortOf(this.#signal))
  }

  cancelForGood(reason: unknown): void {
    this.#cancelled = this.cancelled ?? { reason }
  }

  joined(task: Task, where: Phase): void {
    this.tasks[where].add(task)
    this.#appear()
  }

  moved(task: Task, from: Phase, to: Phase): void {
    this.tasks[from].delete(task)
    this.tasks[to].add(task)
  }

  straggles(run: Run): void {
    this.stragglers.add(run)
    this.#appear()
  }

  /** To be called when somebody who lived in it, or below it, has gone. */
  rested(): void {
    if (this.tallies.isIdle) this.onRest?.()
    const { waiting, delayed, running } = this.tasks
    if (waiting.size + delayed.size + running.size + this.stragglers.size + this.scopes.size > 0) return
    this.parent?.scopes.delete(this)
  }

  /** Those above know of it only while somebody lives in it, so that a scope that is let go leaves nothing behind. */
  #appear(): void {
    this.onBusy?.()
    if (this.parent === null) return
    this.parent.scopes.add(this)
    this.parent.#appear()
  }

  /** Whether that is this scope, or one within it. */
  holds(other: ScopeNode<Task, Run> | null): boolean {
    for (let scope = other; scope !== null; scope = scope.parent) if (scope === this) return true
    return false
  }

  /** The tasks that live in it and below it: those who wait first. */
  *live(): Generator<Task> {
    yield* this.those('waiting')
    yield* this.those('delayed')
    yield* this.those('running')
  }

  *those(where: Phase): Generator<Task> {
    for (const scope of this.#withThoseBelow()) yield* scope.tasks[where]
  }

  /** Of each scope, its own and those below, the one that has been there for longest. */
  *oldest(where: Phase): Generator<Task> {
    for (const scope of this.#withThoseBelow()) {
      const [first] = scope.tasks[where]
      if (first !== undefined) yield first
    }
  }

  *straggling(): Generator<Run> {
    for (const scope of this.#withThoseBelow()) yield* scope.stragglers
  }

  /** Itself, and every scope below it that has anybody who lives, however deep. */
  *#withThoseBelow(): Generator<ScopeNode<Task, Run>> {
    const pending: ScopeNode<Task, Run>[] = [this]
    for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
      yield scope
      pending.push(...scope.scopes)
    }
  }
}

/** A signal of the caller's own making that cannot be asked any more has not aborted. */
function abortOf(signal: AbortSignal): { readonly reason: unknown } | null {
  try {
    return signal.aborted ? { reason: signal.reason as unknown } : null
  } catch {
    return null
  }
}

// What a supervisor, and each thing in it, is asked for: plain data, and nothing imported from src.

export type Status = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

/** How a failed attempt is followed by another. Nothing is left to chance. */
export interface Retry {
  /** How many in all. */
  attempts: number
  backoff: 'constant' | 'linear' | 'exponential'
  delay: number
  maxDelay: number
}

export interface Lane {
  concurrency: number
  queueLimit: number
  /** So many starts in any window of so many milliseconds. */
  rate: { limit: number; interval: number } | null
}

export interface Setup {
  limit: number
  lanes: Record<string, Lane>
  perOwner: number
  queueLimit: number
  onOverflow: 'reject' | 'drop-oldest' | 'drop-newest'
  timeout: number
  queueTimeout: number
  grace: number
  retry: Retry | null
}

/**
 * What a piece of work does. One that `waits` settles when the schedule says so; one that `obeys` when it is told to stop, a
 * moment later; one that `yields` when it is told to stop, before its abort listener has returned.
 */
export type Kind = 'returns' | 'throws' | 'resolves' | 'rejects' | 'waits' | 'obeys' | 'yields'

export interface Plan {
  kind: Kind
  /** What it does from the second attempt on; null is the same again. */
  again: Kind | null
  /** A promise already started, rather than a function. */
  isPromise: boolean
  /** Where it waits, it is a foreign thenable that settles. Of no matter to the model. */
  isForeign: boolean
  /** What the function does while it is being called, each time. */
  inside: (Order | 'cancel itself' | 'cancel all')[]
}

/** What `spawn` is asked for. Where a time or `retry` is null the supervisor's own holds, and where it has none, none. */
export interface Order {
  plan: Plan
  name: string
  lane: string | null
  owner: string | null
  priority: number
  timeout: number | null
  queueTimeout: number | null
  grace: number | null
  delay: number | null
  /** Milliseconds from the spawn; from 0 down it is in the past. */
  deadline: number | null
  retry: Retry | null
  /** Which of the callers' signals; null is none. */
  signal: number | null
  /** The number of an earlier task whose id it is to have; null is a new one. */
  idOf: number | null
  /** Picks of tasks that must have ended before it. */
  after: number[]
  onDependencyFailure: 'fail' | 'run'
  dedupe: { key: string; on: 'reuse' | 'reject' | 'replace' } | null
  /** Spawned through the context of the task that spawns it. */
  isChild: boolean
  onParentEnd: 'leave' | 'cancel'
  /** A pick of the scope that it is spawned in; null is none. A child is in that of its parent. */
  scope: number | null
}

/** What a scope is asked for. Where it has none of its own it has what the one above has. */
export interface ScopeOrder {
  limit: number
  timeout: number | null
  grace: number | null
  retry: Retry | null
  owner: string | null
  signal: number | null
  /** A pick of the scope it is made in; null is none. */
  parent: number | null
}

/** What a service does from its start on: the same kinds of work as a task's. */
export interface ServiceOrder {
  kind: Kind
  /** What it does from the second start on; null is the same again. */
  again: Kind | null
  /** A pick of the scope it is started in; null is none. */
  scope: number | null
  restart: 'permanent' | 'transient' | 'temporary'
  maxRestarts: number
  within: number
  backoff: Omit<Retry, 'attempts'>
  onLimit: 'leave' | 'close'
  /** Where it has none it has that of its scope. */
  grace: number | null
  stopOnClose: 'first' | 'last'
}

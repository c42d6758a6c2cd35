// What the reference model knows of a supervisor: plain data, and nothing imported from src.

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

export interface Scope {
  readonly number: number
  readonly order: ScopeOrder
  readonly parent: Scope | null
  /** Its signal has aborted. */
  isCancelled: boolean
}

/** One that has been set anew is another. */
interface Timer {
  readonly at: number
}

/** What something falls due for. */
export interface Timed {
  timer: Timer
}

/** One attempt's work, from its call to its real end, which may come after the attempt's outcome, and after the task's. */
export interface Run extends Timed {
  readonly task: Task
  /** From 1. */
  readonly attempt: number
  /** It has been called, and has not settled. */
  isActive: boolean
  hasSlot: boolean
  /** The attempt has its outcome. */
  hasEnded: boolean
  /** Why it was told to stop, where it was; its timer is its grace from then on. */
  told: string | null
  abandoned: boolean
}

export interface Task extends Timed {
  readonly number: number
  /** It came when all was over, and nobody took note of it. */
  readonly foundClosed: boolean
  readonly order: Order
  readonly parent: Task | null
  readonly scope: Scope | null
  /** Those it comes after, and of these the ones that have no outcome yet. */
  readonly after: Task[]
  waitsFor: Task[]
  status: Status
  priority: number
  attempt: number
  code: string | null
  createdAt: number
  startedAt: number | null
  /** How many attempts of anybody's had started before its last. */
  startedAfter: number
  finishedAt: number | null
  runAt: number | null
  stoppingSince: number | null
  /** One of its attempts has been. */
  abandoned: boolean
  version: number
  /** When it must have ended. */
  readonly deadline: number
  /** The timer of its delay has fired: a dependency that ends at the same instant, but before, lets nobody go. */
  isDelayOver: boolean
  /** Its delay, or the pause before its next attempt, is over. */
  isDue: boolean
  /** Since when it has waited for a slot. */
  waitsSince: number
  runs: Run[]
  failures: { attempt: number; code: string }[]
  history: { from: Status | null; to: Status; at: number; attempt: number; reason: string | null }[]
  events: string[]
}

/** A settlement on its way: the work is done, and the supervisor learns of it in this turn, once the calls are over. */
export interface Settlement {
  run: Run
  how: 'ok' | 'err' | 'reason'
}

/** Somebody who awaits `onIdle` or `drain`. */
export interface Waiter {
  dueAt: number
  /** There was a moment without work since the call, be it in the middle of a step. */
  hasBeenIdle: boolean
  isExpired: boolean
}

export type Ended = Record<'completed' | 'failed' | 'cancelled', number>

export interface Closing {
  calledAt: number
  abortAt: number
  grace: number
  endedBefore: Ended
  report: (Ended & { abandoned: number[]; durationMs: number }) | null
}

export interface Model {
  readonly setup: Setup
  now: number
  limit: number
  isPaused: boolean
  state: 'open' | 'draining' | 'aborting' | 'closed'
  tasks: Task[]
  scopes: Scope[]
  /** Those who wait for a slot, first come first. */
  queue: Task[]
  /** Whose turn it is, lowest first: of the lanes that wait at a priority, and of the owners that wait in one of them. */
  turns: Map<string, number>
  turnsGiven: number
  /** When each start in a lane was. */
  laneStarts: { lane: string; at: number }[]
  /** Those whose function is being called now, each within the one before. */
  calling: Run[]
  /** Task and attempt of those whose function was called, in that order. */
  entered: string[]
  /** How many decisions are being made, each within the one before. */
  deciding: number
  /** How many attempts have started. */
  starts: number
  onTheirWay: Settlement[]
  abortedSignals: Set<number>
  waiters: Waiter[]
  closing: Closing | null
  totals: Ended & Record<'spawned' | 'retried' | 'timedOut' | 'rejected' | 'abandoned' | 'late', number>
}

export const after = (model: Model, ms: number): Timer => ({ at: model.now + ms })
export const NEVER: Timer = { at: Infinity }

export const createModel = (setup: Setup): Model => ({
  setup,
  now: 0,
  limit: setup.limit,
  isPaused: false,
  state: 'open',
  tasks: [],
  scopes: [],
  queue: [],
  turns: new Map(),
  turnsGiven: 0,
  laneStarts: [],
  calling: [],
  entered: [],
  deciding: 0,
  starts: 0,
  onTheirWay: [],
  abortedSignals: new Set(),
  waiters: [],
  closing: null,
  totals: {
    ...{ spawned: 0, completed: 0, failed: 0, cancelled: 0, retried: 0 },
    ...{ timedOut: 0, rejected: 0, abandoned: 0, late: 0 },
  },
})

/** Whom an order comes after: of those that are there, and that have an id of their own. */
export const pickedOf = <T extends { order: Order }>(all: T[], picks: number[]): T[] => {
  const candidates = all.filter(({ order }) => order.idOf === null)
  return picks.flatMap((pick) => candidates[pick % candidates.length] ?? [])
}

export const scopePicked = <T>(scopes: T[], pick: number | null): T | null =>
  pick === null ? null : (scopes[pick % scopes.length] ?? null)

export const createTask = ({ tasks, scopes, now, state }: Model, order: Order, parent: Task | null): Task => ({
  number: tasks.length,
  foundClosed: state === 'closed',
  order,
  parent,
  scope: parent ? parent.scope : scopePicked(scopes, order.scope),
  after: pickedOf(tasks, order.after),
  waitsFor: [],
  status: 'pending',
  priority: order.priority,
  attempt: 0,
  code: null,
  createdAt: now,
  startedAt: null,
  startedAfter: 0,
  finishedAt: null,
  runAt: order.delay ? now + order.delay : null,
  stoppingSince: null,
  abandoned: false,
  version: 1,
  deadline: now + (order.deadline ?? Infinity),
  isDelayOver: !order.delay,
  isDue: false,
  waitsSince: now,
  runs: [],
  timer: NEVER,
  failures: [],
  history: [{ from: null, to: 'pending', at: now, attempt: 0, reason: null }],
  events: ['task:spawned'],
})

/** The task's next run. Of one that is over it has no say in anything. */
export const createRun = (task: Task): Run => ({
  task,
  attempt: task.attempt + 1,
  isActive: false,
  hasSlot: false,
  hasEnded: isOver(task),
  told: null,
  abandoned: false,
  timer: NEVER,
})

const ONCE: Retry = { attempts: 1, backoff: 'constant', delay: 0, maxDelay: 0 }

/** Its own scope and those above. */
export function scopesOf({ scope }: { scope: Scope | null }): Scope[] {
  const all: Scope[] = []
  for (let next = scope; next; next = next.parent) all.push(next)
  return all
}

/** What a task goes by: its own where it has that, else that of the nearest scope that does, else the supervisor's. */
const ownOrInherited = <K extends 'timeout' | 'grace' | 'retry' | 'owner'>(task: Task, key: K): Order[K] =>
  [task, ...scopesOf(task)].map(({ order }) => order[key] as Order[K]).find((value) => value !== null) ?? null

export const retryOf = ({ setup }: Model, task: Task): Retry =>
  task.order.plan.isPromise ? ONCE : (ownOrInherited(task, 'retry') ?? setup.retry ?? ONCE)

export const timeoutOf = ({ setup }: Model, task: Task) => ownOrInherited(task, 'timeout') ?? setup.timeout
export const graceOf = ({ setup }: Model, task: Task) => ownOrInherited(task, 'grace') ?? setup.grace
export const ownerOf = (task: Task) => ownOrInherited(task, 'owner')

export const kindOf = ({ plan }: Order, attempt: number): Kind => (attempt > 1 ? (plan.again ?? plan.kind) : plan.kind)

export const isOver = ({ status }: Task) => status !== 'pending' && status !== 'running'
/** Nothing of it runs any more. */
export const hasStopped = (task: Task) => isOver(task) && task.runs.every(({ isActive }) => !isActive)
export const runsOf = ({ tasks }: Model): Run[] => tasks.flatMap(({ runs }) => runs)
export const runNamed = ({ tasks }: Model, name: { task: number; attempt?: number }): Run =>
  tasks[name.task]!.runs.at((name.attempt ?? 0) - 1)!
export const lastRun = ({ runs }: Task): Run => runs.at(-1)!
export const isStopping = ({ isActive, hasEnded, abandoned }: Run) => isActive && hasEnded && !abandoned
export const isLeftAlone = ({ isActive, abandoned }: Run) => isActive && abandoned
export const isIdle = ({ tasks }: Model) => tasks.every((task) => isOver(task) && !task.runs.some(isStopping))
const mayStart = ({ state, isPaused }: Model) => state === 'draining' || (state === 'open' && !isPaused)

/** How many could start now. */
export const free = (model: Model) =>
  mayStart(model) ? Math.max(0, model.limit - runsOf(model).filter(({ hasSlot }) => hasSlot).length) : 0

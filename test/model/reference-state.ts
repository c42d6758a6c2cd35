// What the reference model knows of a supervisor: plain data, and nothing imported from src.

export type Status = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

export interface Setup {
  limit: number
  queueLimit: number
  onOverflow: 'reject' | 'drop-oldest' | 'drop-newest'
  timeout: number
  queueTimeout: number
  grace: number
}

/**
 * What a piece of work does. One that `waits` settles when the schedule says so; one that `obeys` when it is told to stop, a
 * moment later; one that `yields` when it is told to stop, before its abort listener has returned.
 */
export interface Plan {
  kind: 'returns' | 'throws' | 'resolves' | 'rejects' | 'waits' | 'obeys' | 'yields'
  /** A promise already started, rather than a function. */
  isPromise: boolean
  /** It is a foreign thenable that settles. Of no matter to the model. */
  isForeign: boolean
  /** What the function does while it is being called. */
  inside: (Order | 'cancel itself' | 'cancel all')[]
}

/** What `spawn` is asked for. Where a time is null the supervisor's own holds. */
export interface Order {
  plan: Plan
  name: string
  priority: number
  timeout: number | null
  queueTimeout: number | null
  grace: number | null
  /** Which of the callers' signals; null is none. */
  signal: number | null
  /** The number of an earlier task whose id it is to have; null is a new one. */
  idOf: number | null
}

export interface Task {
  readonly number: number
  /** It came when all was over, and nobody took note of it. */
  readonly foundClosed: boolean
  readonly order: Order
  status: Status
  priority: number
  attempt: number
  code: string | null
  createdAt: number
  startedAt: number | null
  /** How many had started before it. */
  startedAfter: number
  finishedAt: number | null
  stoppingSince: number | null
  abandoned: boolean
  version: number
  /** Its work has been started and has not settled. */
  isActive: boolean
  hasSlot: boolean
  dueAt: number
  history: { from: Status | null; to: Status; at: number; attempt: number; reason: string | null }[]
  events: string[]
}

/** A settlement on its way: the work is done, and the supervisor learns of it in this turn, once the calls are over. */
export interface Settlement {
  task: Task
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
  /** Those who wait, first come first. */
  queue: Task[]
  /** Those whose function is being called now, each within the one before. */
  calling: Task[]
  /** The numbers of those whose function was called, in that order. */
  entered: number[]
  onTheirWay: Settlement[]
  abortedSignals: Set<number>
  waiters: Waiter[]
  closing: Closing | null
  totals: Ended & Record<'spawned' | 'timedOut' | 'rejected' | 'abandoned' | 'late', number>
}

export const createModel = (setup: Setup): Model => ({
  setup,
  now: 0,
  limit: setup.limit,
  isPaused: false,
  state: 'open',
  tasks: [],
  queue: [],
  calling: [],
  entered: [],
  onTheirWay: [],
  abortedSignals: new Set(),
  waiters: [],
  closing: null,
  totals: { spawned: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, rejected: 0, abandoned: 0, late: 0 },
})

export const createTask = ({ tasks, now, state }: Model, order: Order): Task => ({
  number: tasks.length,
  foundClosed: state === 'closed',
  order,
  status: 'pending',
  priority: order.priority,
  attempt: 0,
  code: null,
  createdAt: now,
  startedAt: null,
  startedAfter: 0,
  finishedAt: null,
  stoppingSince: null,
  abandoned: false,
  version: 1,
  isActive: false,
  hasSlot: false,
  dueAt: Infinity,
  history: [{ from: null, to: 'pending', at: now, attempt: 0, reason: null }],
  events: ['task:spawned'],
})

export const isOver = ({ status }: Task) => status !== 'pending' && status !== 'running'
export const isStopping = (task: Task) => task.isActive && isOver(task) && !task.abandoned
export const isIdle = ({ tasks }: Model) => tasks.every((task) => isOver(task) && !isStopping(task))
const mayStart = ({ state, isPaused }: Model) => state === 'draining' || (state === 'open' && !isPaused)

/** How many could start now. */
export const free = (model: Model) =>
  mayStart(model) ? Math.max(0, model.limit - model.tasks.filter(({ hasSlot }) => hasSlot).length) : 0

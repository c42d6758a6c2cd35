/** What the reference model knows of a supervisor: plain data, and nothing imported from src. */
import { isOver } from './reference-facts.js'
import type { Kind, Order, ScopeOrder, ServiceOrder, Setup, Status } from './reference-orders.js'

export interface Scope {
  readonly number: number
  readonly order: ScopeOrder
  /** The scope it is in. */
  readonly scope: Scope | null
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

/** One call of a service's function, to its real end. */
export interface ServiceRun {
  readonly service: Service
  readonly kind: Kind
  isActive: boolean
  /** Why it was told to stop, where it was. */
  told: string | null
}

export interface Service extends Timed {
  readonly number: number
  readonly order: ServiceOrder
  readonly scope: Scope | null
  state: 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped' | 'failed'
  /** It came when its place was closing, and is never called. */
  isRefused: boolean
  /** Its place among those that were started. */
  startedAs: number
  /** Of two timers of one instant the one that was set first comes first. */
  timerSetAs: number
  startedAt: number | null
  restarts: number
  lastError: string | null
  runs: ServiceRun[]
  /** The one that has neither settled nor been given up. */
  run: ServiceRun | null
  /** When those restarts were that count toward its limit. */
  restartedAt: number[]
  afterStop: 'end' | 'start' | 'end, then start'
  /** How often it has ended for good, and how it did the first time. */
  ends: number
  firstEnd: { state: 'stopped' | 'failed'; code: string | null } | null
  events: string[]
}

/** The services of a supervisor, or of a scope, are to stop: one after the other, as long as there is time. */
export interface Stopping {
  readonly scope: Scope | null
  readonly endsAt: number
  /** Who has been told, and has not ended; then the others follow, in this order. */
  awaited: Service[]
  left: Service[] | null
  /** Its time is over: all have been told, and those who do not stop at once are given up. */
  isOutOfTime: boolean
  isOver: boolean
}

export interface ServiceSettlement {
  serviceRun: ServiceRun
  how: 'ok' | 'err' | 'reason'
}

/** Somebody who awaits `onIdle` or `drain` of the supervisor or of a scope. */
export interface Waiter {
  readonly scope: Scope | null
  dueAt: number
  /** There was a moment without work since the call, be it in the middle of a step. */
  hasBeenIdle: boolean
  isExpired: boolean
}

export type Ended = Record<'completed' | 'failed' | 'cancelled', number>

/** The end of the supervisor, or of a scope. */
export interface Closing {
  readonly scope: Scope | null
  /** What lives may finish; what is left has been told to stop; nothing is left but services. */
  phase: 'draining' | 'aborting' | 'stopping services' | 'closed'
  readonly calledAt: number
  abortAt: number
  /** As it was asked for, and when all is over by: from this a part is kept back for services. */
  readonly grace: number
  readonly endsAt: number
  readonly reserve: number
  /** What it gives those that are told to stop, in place of their own; null until then. */
  graceGiven: number | null
  stopping: Stopping | null
  readonly endedBefore: Ended
  report: (Ended & { abandoned: number[]; durationMs: number }) | null
}

export interface Model {
  readonly setup: Setup
  now: number
  limit: number
  isPaused: boolean
  tasks: Task[]
  scopes: Scope[]
  services: Service[]
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
  /** Which services were called, and which were told to stop, and why. */
  servicesCalled: string[]
  servicesTold: string[]
  /** Who is to be started in the next turn. */
  startingNextTurn: Service[]
  /** How many timers of services have been set, and how many services started. */
  timersSet: number
  servicesStarted: number
  /** How many decisions are being made, each within the one before. */
  deciding: number
  /** How many attempts have started. */
  starts: number
  onTheirWay: (Settlement | ServiceSettlement)[]
  abortedSignals: Set<number>
  waiters: Waiter[]
  /** In the order of the calls, at most one of the supervisor and of each scope. */
  closings: Closing[]
  /** The services of scopes that were cancelled for good. */
  stoppings: Stopping[]
  totals: Ended & Record<'spawned' | 'retried' | 'timedOut' | 'rejected' | 'abandoned' | 'late', number>
}

export const after = (model: Model, ms: number): Timer => ({ at: model.now + ms })
export const NEVER: Timer = { at: Infinity }

export const createModel = (setup: Setup): Model => ({
  setup,
  now: 0,
  limit: setup.limit,
  isPaused: false,
  tasks: [],
  scopes: [],
  services: [],
  queue: [],
  turns: new Map(),
  turnsGiven: 0,
  laneStarts: [],
  calling: [],
  entered: [],
  servicesCalled: [],
  servicesTold: [],
  startingNextTurn: [],
  timersSet: 0,
  servicesStarted: 0,
  deciding: 0,
  starts: 0,
  onTheirWay: [],
  abortedSignals: new Set(),
  waiters: [],
  closings: [],
  stoppings: [],
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

export const createTask = ({ tasks, scopes, closings, now }: Model, order: Order, parent: Task | null): Task => ({
  number: tasks.length,
  foundClosed: closings.some(({ scope, phase }) => !scope && phase === 'closed'),
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

/** What follows from the state of the reference model. Nothing imported from src. */
import type { Kind, Order, Retry } from './reference-orders.js'
import type { Closing, Model, Run, Scope, Service, Task } from './reference-state.js'

const ONCE: Retry = { attempts: 1, backoff: 'constant', delay: 0, maxDelay: 0 }

/** Its own scope and those above. */
export function scopesOf({ scope }: { scope: Scope | null }): Scope[] {
  const all: Scope[] = []
  for (let next = scope; next; next = next.scope) all.push(next)
  return all
}

/** Whether it is in that scope, or in one within it; all is in the supervisor, which is null. */
export const isIn = (entry: { scope: Scope | null }, place: Scope | null) =>
  place === null || scopesOf(entry).includes(place)

/** What it goes by: its own where it has that, else that of the nearest scope that does, else the supervisor's. */
const ownOrInherited = <K extends 'timeout' | 'grace' | 'retry' | 'owner'>(
  entry: { order: object; scope: Scope | null },
  key: K,
): Order[K] =>
  [entry, ...scopesOf(entry)].map(({ order }) => (order as Order)[key]).find((value) => value !== null) ?? null

export const retryOf = ({ setup }: Model, task: Task): Retry =>
  task.order.plan.isPromise ? ONCE : (ownOrInherited(task, 'retry') ?? setup.retry ?? ONCE)

export const timeoutOf = ({ setup }: Model, task: Task) => ownOrInherited(task, 'timeout') ?? setup.timeout
export const graceOf = ({ setup }: Model, entry: Task | Service | Scope) =>
  ownOrInherited(entry, 'grace') ?? setup.grace
export const ownerOf = (task: Task) => ownOrInherited(task, 'owner')

/** The shortest of the graces that closings have given it in place of its own, if any has. */
export function closingGraceOf({ closings }: Model, task: Task): number | null {
  const given = closings.flatMap(({ scope, graceGiven }) => (isIn(task, scope) ? (graceGiven ?? []) : []))
  return given.length > 0 ? Math.min(...given) : null
}

export const kindOf = ({ plan }: Order, attempt: number): Kind => (attempt > 1 ? (plan.again ?? plan.kind) : plan.kind)

/** Before the next pause, after so many. */
export function pauseAfter({ backoff, delay, maxDelay }: Omit<Retry, 'attempts'>, failures: number): number {
  const factor = { constant: 1, linear: failures, exponential: 2 ** (failures - 1) }[backoff]
  return Math.min(maxDelay, delay * factor)
}

export const isOver = ({ status }: Task) => status !== 'pending' && status !== 'running'
/** Nothing of it runs any more. */
export const hasStopped = (task: Task) => isOver(task) && task.runs.every(({ isActive }) => !isActive)
export const runsOf = ({ tasks }: Model): Run[] => tasks.flatMap(({ runs }) => runs)
export const runNamed = ({ tasks }: Model, name: { task: number; attempt?: number }): Run =>
  tasks[name.task]!.runs.at((name.attempt ?? 0) - 1)!
export const lastRun = ({ runs }: Task): Run => runs.at(-1)!
export const isStopping = ({ isActive, hasEnded, abandoned }: Run) => isActive && hasEnded && !abandoned
export const isLeftAlone = ({ isActive, abandoned }: Run) => isActive && abandoned

export const hasEnded = ({ state }: Service) => state === 'stopped' || state === 'failed'

/** Of the supervisor, which is null, or of a scope. */
export const closingOf = ({ closings }: Model, place: Scope | null): Closing | undefined =>
  closings.find(({ scope }) => scope === place)

/** Those of it and of all that it is in. */
export const closingsAround = ({ closings }: Model, place: Scope | null): Closing[] =>
  closings.filter(({ scope }) => isIn({ scope: place }, scope))

/** Of all, or of a scope: nothing is left to wait for. Services do not count. */
export const isIdle = ({ tasks }: Model, place: Scope | null = null) =>
  tasks.every((task) => (isOver(task) && !task.runs.some(isStopping)) || !isIn(task, place))

function mayStart(model: Model): boolean {
  const closing = closingOf(model, null)
  return closing ? closing.phase === 'draining' : !model.isPaused
}

/** How many could start now. */
export const free = (model: Model) =>
  mayStart(model) ? Math.max(0, model.limit - runsOf(model).filter(({ hasSlot }) => hasSlot).length) : 0

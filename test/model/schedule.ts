import fc from 'fast-check'
import type { Kind, Lane, Order, Plan, Retry, ScopeOrder, Setup, Status } from './reference-state.js'

/** A number picks among the tasks, or the attempts, that qualify at that moment; of a task named, the last attempt is meant. */
export type Pick = number | { task: number; attempt?: number }

/** One thing that happens to a supervisor, as plain data: it can be printed, shrunk and played again. */
export type Act =
  | { do: 'spawn'; order: Order; from: number | null; sameIdAs: number | null }
  | { do: 'settle'; pick: Pick; how: 'ok' | 'err' | 'reason' | 'ok, err' | 'err, ok' }
  | { do: 'cancel'; pick: Pick }
  | { do: 'cancel those'; where: { name?: string; status?: Status } }
  | { do: 'abort'; signal: number }
  | { do: 'advance'; ms: number; inOneLeap: boolean }
  | { do: 'pause' | 'resume' }
  | { do: 'resize'; limit: number }
  | { do: 'set priority'; pick: Pick; priority: number }
  | { do: 'await idle'; timeout: number }
  | { do: 'make a scope'; order: ScopeOrder }
  | { do: 'cancel a scope'; pick: number }
  | { do: 'close'; mode: 'drain' | 'cancel'; timeout: number; grace: number }

/** `turns` of the event loop pass after it; with none the next act comes in the same turn. */
export type Step = Act & { turns: number }

export interface Schedule {
  setup: Setup
  steps: Step[]
  /** Whether every listener throws, which is to harm nobody. */
  listenersThrow?: boolean
  /** How it all ends: what is left is settled, or told to stop and left alone, or closed. With none it just stops. */
  finale: 'settle' | 'abandon' | 'close' | 'close now' | 'none'
}

export const SIGNALS = 3

/** What it has to do with others. */
type Ties = { [K in 'after' | 'onDependencyFailure' | 'dedupe' | 'isChild' | 'onParentEnd' | 'scope']: Order[K] }

/** Of an order that has nothing to do with any other. */
const NO_TIES: Ties = {
  ...{ after: [], onDependencyFailure: 'fail', dedupe: null },
  ...{ isChild: false, onParentEnd: 'leave', scope: null },
}

/** An order with nothing special about it but what is given. */
export const orderOf = (
  kind: Kind,
  { again = null, inside = [], isForeign = false, isPromise = false, ...own }: Partial<Order & Plan> = {},
): Order => ({
  plan: { kind, again, isPromise, isForeign, inside },
  ...{ name: 'a', priority: 0, timeout: null, queueTimeout: null, grace: null, delay: null, deadline: null },
  ...{ retry: null, signal: null, idOf: null, lane: null, owner: null },
  ...NO_TIES,
  ...own,
})

// Tasks and steps keep to even instants, `close` and `drain` to odd ones: which of two timers comes first at one instant is
// nobody's promise.
const evenMs = fc.constantFrom(0, 2, 4, 6, 10, 20)
const oddMs = fc.constantFrom(1, 3, 7, 15, 31)
const pick = fc.nat(40)
const limit = fc.constantFrom(1, 1, 1, 2, 2, 3, 4, Infinity)
const ownMs = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: evenMs })
const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 10 - weight, arbitrary: fc.constant(null) }, { weight, arbitrary })

const kind = fc.constantFrom<Kind>(
  ...(['waits', 'waits', 'waits', 'waits', 'waits', 'waits'] as const),
  ...(['obeys', 'obeys', 'yields', 'yields', 'returns', 'throws', 'resolves', 'rejects'] as const),
)

const planOf = (inside: fc.Arbitrary<Plan['inside']>): fc.Arbitrary<Plan> =>
  fc
    .record({
      kind,
      again: maybe(kind, 4),
      isPromise: maybe(fc.constant(true), 2),
      isForeign: maybe(fc.constant(true), 2),
      inside,
    })
    .map((plan) => {
      const isPromise = plan.isPromise === true && ['waits', 'resolves', 'rejects'].includes(plan.kind)
      const isForeign = plan.isForeign === true
      return { kind: plan.kind, again: plan.again, isPromise, isForeign, inside: isPromise ? [] : plan.inside }
    })

const anyRetry: fc.Arbitrary<Retry> = fc.record({
  attempts: fc.constantFrom(1, 2, 2, 3, 3, 4),
  backoff: fc.constantFrom('constant', 'linear', 'exponential'),
  delay: fc.constantFrom(0, 2, 4, 6),
  maxDelay: fc.constantFrom(Infinity, Infinity, 4, 0),
})

const LANES = ['fast', 'slow', 'strict'] as const

/** The interval of a rate is an odd one, so that it seldom opens at the instant of something else. */
const anyLane: fc.Arbitrary<Lane> = fc.record({
  concurrency: fc.constantFrom(1, 1, 2, 3, Infinity),
  queueLimit: fc.constantFrom(0, 1, 2, 3, Infinity, Infinity),
  rate: maybe(fc.record({ limit: fc.constantFrom(1, 1, 2, 3), interval: fc.constantFrom(3, 5, 9, 17) }), 4),
})

const NO_LIMITS: Lane = { concurrency: Infinity, queueLimit: Infinity, rate: null }

/** Every lane an order may name, some without a limit of their own. */
const anyLanes = fc.record({ fast: anyLane, slow: anyLane, strict: fc.constant(NO_LIMITS) })

const anyOrder = (inside: fc.Arbitrary<Plan['inside']>): fc.Arbitrary<Order> =>
  fc
    .record({
      plan: planOf(inside),
      name: fc.constantFrom('a', 'b', 'c'),
      lane: fc.constantFrom(null, ...LANES),
      owner: fc.constantFrom(null, 'x', 'y', 'z'),
      priority: fc.constantFrom(0, 0, 0, 1, 1, -1, 2.5),
      timeout: fc.oneof(ownMs, fc.constantFrom(null, Infinity)),
      queueTimeout: ownMs,
      grace: ownMs,
      delay: maybe(evenMs, 1),
      deadline: maybe(fc.constantFrom(-2, 0, 2, 4, 6, 10, 10, 20, 30), 1),
      retry: maybe(anyRetry, 3),
      signal: maybe(fc.nat(SIGNALS - 1), 4),
      idOf: fc.constant(null),
      after: fc.oneof(
        { weight: 8, arbitrary: fc.constant<number[]>([]) },
        { weight: 2, arbitrary: fc.array(fc.nat(40), { minLength: 1, maxLength: 2 }) },
      ),
      onDependencyFailure: fc.constantFrom('fail', 'fail', 'run'),
      dedupe: maybe(
        fc.record({ key: fc.constantFrom('k', 'l'), on: fc.constantFrom('reuse', 'reject', 'replace') }),
        1,
      ),
      isChild: fc.boolean(),
      onParentEnd: fc.constantFrom('leave', 'leave', 'cancel'),
      scope: maybe(pick, 5),
    })
    // What becomes of a child that takes the place of its own parent is nobody's promise.
    .map((order) => ({
      ...order,
      dedupe: order.isChild && order.dedupe?.on === 'replace' ? null : order.dedupe,
    }))
    .map((order) =>
      order.plan.isPromise
        ? { ...order, queueTimeout: null, delay: null, retry: null, after: [], onDependencyFailure: 'fail' as const }
        : order,
    )

/** `parent` is a pick among those that are there. */
const anyScope: fc.Arbitrary<ScopeOrder> = fc.record({
  limit: fc.constantFrom(1, 1, 2, 3, Infinity),
  timeout: ownMs,
  grace: ownMs,
  retry: maybe(anyRetry, 2),
  owner: fc.constantFrom(null, null, 'x', 'y'),
  signal: maybe(fc.nat(SIGNALS - 1), 2),
  parent: maybe(pick, 5),
})

const leaf = anyOrder(fc.constant([]))
const insideOf = (order: fc.Arbitrary<Order>) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Plan['inside']>([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: order },
          { weight: 1, arbitrary: fc.constantFrom('cancel itself' as const, 'cancel all' as const) },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    },
  )
const order = anyOrder(insideOf(anyOrder(insideOf(leaf))))

const weighted: readonly (readonly [number, fc.Arbitrary<Act>])[] = [
  [22, fc.record({ do: fc.constant('spawn'), order, from: maybe(pick, 2), sameIdAs: maybe(pick, 1) })],
  [
    16,
    fc.record({
      do: fc.constant('settle'),
      pick,
      how: fc.constantFrom('ok', 'ok', 'err', 'err', 'reason', 'ok, err', 'err, ok'),
    }),
  ],
  [7, fc.record({ do: fc.constant('cancel'), pick })],
  [
    2,
    fc.record({
      do: fc.constant('cancel those'),
      where: fc.constantFrom<{ name?: string; status?: Status }>(
        {},
        { name: 'a' },
        { name: 'b' },
        { status: 'pending' },
        { status: 'running' },
        { status: 'completed' },
        { name: 'c', status: 'running' },
      ),
    }),
  ],
  [2, fc.record({ do: fc.constant('abort'), signal: fc.nat(SIGNALS - 1) })],
  [12, fc.record({ do: fc.constant('advance'), ms: evenMs, inOneLeap: fc.boolean() })],
  [2, fc.record({ do: fc.constantFrom('pause', 'resume', 'resume') })],
  [3, fc.record({ do: fc.constant('resize'), limit })],
  [4, fc.record({ do: fc.constant('set priority'), pick, priority: fc.constantFrom(0, 0, 1, -1, 2.5) })],
  [2, fc.record({ do: fc.constant('make a scope'), order: anyScope })],
  [1, fc.record({ do: fc.constant('cancel a scope'), pick })],
  [2, fc.record({ do: fc.constant('await idle'), timeout: fc.oneof(oddMs, fc.constant(Infinity)) })],
  [
    1,
    fc.record({
      do: fc.constant('close'),
      mode: fc.constantFrom('drain', 'drain', 'cancel'),
      timeout: fc.oneof(oddMs, fc.constant(Infinity)),
      grace: evenMs,
    }),
  ],
] as const

const act = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))
const step: fc.Arbitrary<Step> = fc.tuple(act, fc.constantFrom(0, 1, 1, 3)).map(([what, turns]) => ({ ...what, turns }))

export const anySetup: fc.Arbitrary<Setup> = fc.record({
  limit,
  lanes: anyLanes,
  perOwner: fc.constantFrom(1, 1, 2, Infinity, Infinity),
  queueLimit: fc.constantFrom(0, 1, 2, 3, 4, Infinity, Infinity),
  onOverflow: fc.constantFrom('reject', 'drop-oldest', 'drop-newest'),
  timeout: fc.constantFrom(Infinity, Infinity, 10, 30),
  queueTimeout: fc.constantFrom(Infinity, Infinity, 8),
  grace: fc.constantFrom(0, 4, 10, 10, Infinity),
  retry: maybe(anyRetry, 2),
})

/** What some schedules have more of, so that rare things meet. */
type Taste = 'mixed' | 'signals' | 'yielding' | 'cap of one' | 'retrying'

const flavour = (order: Order, taste: Taste): Order => {
  const { plan, signal, timeout, retry } = order
  const inside = plan.inside.map((what) => (typeof what === 'string' ? what : flavour(what, taste)))
  const yields = taste === 'yielding' && plan.kind === 'obeys'
  const isRetried = taste === 'retrying' && !plan.isPromise
  return {
    ...order,
    plan: { ...plan, inside, ...(yields && { kind: 'yields' }) },
    signal: taste === 'signals' ? (signal ?? 0) : signal,
    timeout: isRetried ? (timeout ?? 4) : timeout,
    retry: isRetried ? (retry ?? { attempts: 3, backoff: 'linear', delay: 2, maxDelay: Infinity }) : retry,
  }
}

/** Any schedule of at most so many steps. */
export const scheduleOf = (maxLength: number): fc.Arbitrary<Schedule> =>
  fc
    .record({
      setup: anySetup,
      steps: fc.array(step, { maxLength, size: 'max' }),
      listenersThrow: fc.constantFrom(false, false, false, true),
      finale: fc.constantFrom('settle', 'abandon', 'close', 'close now'),
      taste: fc.constantFrom<Taste>('mixed', 'mixed', 'signals', 'yielding', 'cap of one', 'retrying', 'retrying'),
    })
    .map(({ taste, ...schedule }) => ({
      ...schedule,
      setup: taste === 'cap of one' ? { ...schedule.setup, limit: 1 } : schedule.setup,
      steps: schedule.steps.map((next) =>
        next.do === 'spawn' ? { ...next, order: flavour(next.order, taste) } : next,
      ),
    }))

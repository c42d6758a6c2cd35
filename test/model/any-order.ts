/** Whatever a supervisor, and each thing in it, may be asked for. */
import fc from 'fast-check'
import type { Kind, Lane, Order, Plan, Retry, ScopeOrder, ServiceOrder, Setup } from './reference-orders.js'

export const SIGNALS = 3

// Tasks and steps keep to even instants, `close` and `drain` to odd ones: which of two timers comes first at one instant is
// nobody's promise.
export const evenMs = fc.constantFrom(0, 2, 4, 6, 10, 20)
export const oddMs = fc.constantFrom(1, 3, 7, 15, 31)
export const pick = fc.nat(40)
export const limit = fc.constantFrom(1, 1, 1, 2, 2, 3, 4, Infinity)
const ownMs = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: evenMs })
export const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T | null> =>
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
export const anyScope: fc.Arbitrary<ScopeOrder> = fc.record({
  limit: fc.constantFrom(1, 1, 2, 3, Infinity),
  timeout: ownMs,
  grace: ownMs,
  retry: maybe(anyRetry, 2),
  owner: fc.constantFrom(null, null, 'x', 'y'),
  signal: maybe(fc.nat(SIGNALS - 1), 4),
  parent: maybe(pick, 5),
})

export const anyService: fc.Arbitrary<ServiceOrder> = fc.record({
  kind,
  again: maybe(kind, 5),
  scope: maybe(pick, 5),
  restart: fc.constantFrom('permanent', 'permanent', 'transient', 'temporary'),
  maxRestarts: fc.constantFrom(0, 1, 1, 2, 3),
  // Never none at all: what restarts at once and ends at once would do so for ever.
  within: fc.constantFrom(4, 10, 20, Infinity),
  backoff: fc.record({
    backoff: fc.constantFrom('constant', 'linear', 'exponential'),
    delay: fc.constantFrom(0, 2, 4, 10),
    maxDelay: fc.constantFrom(Infinity, Infinity, 6),
  }),
  onLimit: fc.constantFrom('leave', 'leave', 'close'),
  grace: fc.constantFrom(null, null, 0, 4, 10, Infinity),
  stopOnClose: fc.constantFrom('last', 'last', 'first'),
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
export const anyTask = anyOrder(insideOf(anyOrder(insideOf(leaf))))

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

import type { Kind, Order, Plan } from './reference-orders.js'

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

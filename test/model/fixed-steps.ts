/** Steps of fixed schedules, with nothing special about them but what is given. */
import { orderOf } from './order-of.js'
import type { Kind, Lane, Retry, ServiceOrder, Setup } from './reference-orders.js'
import type { Step } from './schedule.js'

export const setup: Setup = {
  limit: 1,
  lanes: {},
  perOwner: Infinity,
  queueLimit: Infinity,
  onOverflow: 'reject',
  timeout: Infinity,
  queueTimeout: Infinity,
  grace: 10,
  retry: null,
}

export const spawn = (...given: Parameters<typeof orderOf>): Step => ({
  do: 'spawn',
  order: orderOf(...given),
  from: null,
  sameIdAs: null,
  turns: 0,
})

export const TWICE: Retry = { attempts: 2, backoff: 'constant', delay: 2, maxDelay: Infinity }

export const leap = (ms: number): Step => ({ do: 'advance', ms, inOneLeap: true, turns: 1 })
export const walk = (ms: number): Step => ({ do: 'advance', ms, inOneLeap: false, turns: 1 })

export const scopeOn = (signal: number): Step => ({
  do: 'make a scope',
  order: { limit: Infinity, timeout: null, grace: null, retry: null, owner: null, signal, parent: null },
  turns: 0,
})

export const scopeIn = (parent: number | null, limit = Infinity): Step => ({
  do: 'make a scope',
  order: { limit, timeout: null, grace: null, retry: null, owner: null, signal: null, parent },
  turns: 0,
})

export const supervise = (kind: Kind, given: Partial<ServiceOrder> = {}): Step => ({
  do: 'supervise',
  order: {
    ...{ kind, again: null, scope: null, restart: 'permanent', maxRestarts: 1, within: 20, onLimit: 'leave' },
    ...{ backoff: { backoff: 'constant', delay: 4, maxDelay: Infinity }, grace: null, stopOnClose: 'last' },
    ...given,
  },
  turns: 0,
})

export const close = (scope: number | null, mode: 'drain' | 'cancel', timeout: number, grace: number): Step => ({
  ...{ do: 'close', scope, mode, timeout, grace, turns: 1 },
})

export const abort: Step = { do: 'abort', signal: 0, turns: 1 }

export const NO_LIMITS: Lane = { concurrency: Infinity, queueLimit: Infinity, rate: null }

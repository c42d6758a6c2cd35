import type { ScopeOptions, SpawnOptions, TaskRecord, TaskSupervisorOptions } from 'taskward'
import type { Order, Retry, ScopeOrder, Setup } from './reference-orders.js'

export const withoutChance = <T extends Omit<Retry, 'attempts'>>(retry: T) => ({ ...retry, jitter: 'none' }) as const

/** A setup, as a supervisor is given it. */
export const supervisorOptions = ({ limit, retry, lanes, ...rest }: Setup): TaskSupervisorOptions => ({
  ...{ concurrency: limit, ...rest },
  lanes: Object.fromEntries(
    Object.entries(lanes).map(([name, { rate, ...lane }]) => [name, { ...lane, ...(rate && { rate }) }]),
  ),
  ...(retry && { retry: withoutChance(retry) }),
})

/** A scope's, but for its signal. */
export function scopeOptions({ limit, timeout, grace, retry, owner }: ScopeOrder): ScopeOptions {
  const options: ScopeOptions = { concurrency: limit }
  if (timeout !== null) options.timeout = timeout
  if (grace !== null) options.grace = grace
  if (retry !== null) options.retry = withoutChance(retry)
  if (owner !== null) options.owner = owner
  return options
}

/** All of an order but its signal and its id, as `spawn` is given it. */
export function spawnOptions(number: number, order: Order, now: number): SpawnOptions {
  const options: SpawnOptions = { name: order.name, priority: order.priority, metadata: { number } }
  for (const time of ['timeout', 'queueTimeout', 'grace', 'delay'] as const)
    if (order[time] !== null) options[time] = order[time]
  if (order.dedupe !== null) options.dedupe = order.dedupe
  if (order.onDependencyFailure !== 'fail') options.onDependencyFailure = order.onDependencyFailure
  if (order.isChild) options.onParentEnd = order.onParentEnd
  if (order.lane !== null) options.lane = order.lane
  if (order.owner !== null) options.owner = order.owner
  if (order.deadline !== null) options.deadline = now + order.deadline
  if (order.retry !== null) options.retry = withoutChance(order.retry)
  return options
}

/** Which task a record is of. */
export const numberOf = ({ metadata }: TaskRecord) => metadata['number'] as number

import type { SpawnOptions, TaskRecord, TaskSupervisorOptions } from 'taskward'
import type { Order, Retry, Setup } from './reference-state.js'

const withoutChance = (retry: Retry) => ({ ...retry, jitter: 'none' }) as const

/** A setup, as a supervisor is given it. */
export const supervisorOptions = ({ limit, retry, ...rest }: Setup): TaskSupervisorOptions => ({
  ...{ concurrency: limit, ...rest },
  ...(retry && { retry: withoutChance(retry) }),
})

/** All of an order but its signal and its id, as `spawn` is given it. */
export function spawnOptions(number: number, order: Order, now: number): SpawnOptions {
  const options: SpawnOptions = { name: order.name, priority: order.priority, metadata: { number } }
  for (const time of ['timeout', 'queueTimeout', 'grace', 'delay'] as const)
    if (order[time] !== null) options[time] = order[time]
  if (order.deadline !== null) options.deadline = now + order.deadline
  if (order.retry !== null) options.retry = withoutChance(order.retry)
  return options
}

/** Which task a record is of. */
export const numberOf = ({ metadata }: TaskRecord) => metadata['number'] as number

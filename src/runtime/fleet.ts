import type { FleetStatus, SupervisorStatus } from '../status.js'
import type { Instance } from '../store.js'

/**
 * What an instance says of itself with each beat: bounded, since it is written every few seconds. Its tasks and errors are
 * in the store anyway.
 */
export const statusForFleet = (status: SupervisorStatus): SupervisorStatus => ({
  ...status,
  recentErrors: [],
  tasks: [],
})

/** Every instance, with what this process knows of itself in place of what it last said. Sums are over those that live. */
export function fleetOf(own: SupervisorStatus, nowMs: number, instances: readonly Instance[]): FleetStatus {
  const self = { instanceId: own.instanceId, name: own.name, lastSeen: nowMs, alive: true, status: own }
  const others = instances
    .filter(({ instanceId }) => instanceId !== own.instanceId)
    .map(({ instanceId, name, lastSeen, isAlive, status }) => {
      return { instanceId, name, lastSeen, alive: isAlive, status: readStatus(status) }
    })
  const living = [self, ...others].filter(({ alive }) => alive).flatMap(({ status }) => status ?? [])
  const totals = { ...own.totals }
  for (const key of Object.keys(totals) as (keyof typeof totals)[]) {
    // An older version may not have counted it.
    totals[key] = living.reduce((sum, { totals: { [key]: count = 0 } }: LivingTotals) => sum + count, 0)
  }
  return {
    instances: [self, ...others],
    queue: {
      waiting: living.reduce((sum, { queue }) => sum + queue.waiting, 0),
      oldestWaitMs: Math.max(...living.map(({ queue }) => queue.oldestWaitMs)),
    },
    totals,
  }
}

interface LivingTotals {
  totals: Partial<SupervisorStatus['totals']>
}

/** What another version wrote may be shaped otherwise: then it says nothing. JSON has no `Infinity`, which a limit may be. */
function readStatus(stored: unknown): SupervisorStatus | null {
  try {
    const status = stored as SupervisorStatus
    const { slots, queue, totals } = status
    const numbers: unknown[] = [
      slots.running,
      queue.waiting,
      queue.oldestWaitMs,
      ...(Object.values(totals) as unknown[]),
    ]
    if (!numbers.every(Number.isFinite) || !('spawned' in totals)) return null
    return {
      ...status,
      slots: { ...slots, limit: limitOf(slots.limit) },
      queue: { ...queue, limit: limitOf(queue.limit) },
    }
  } catch {
    return null
  }
}

const limitOf = (stored: number | null): number => stored ?? Infinity

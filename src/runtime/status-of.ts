import type { Clock } from '../clock.js'
import type { LaneStatus, ServiceStatus, SupervisorStatus } from '../status.js'
import type { TaskRecord } from '../core/record.js'
import type { Tallies } from './tallies.js'

export interface StatusParts {
  readonly name: string
  readonly instanceId: string
  readonly state: SupervisorStatus['state']
  readonly startedAt: number
  readonly startedMono: number
  readonly clock: Clock
  readonly tallies: Tallies
  readonly slots: { readonly limit: number; readonly held: number }
  readonly queue: SupervisorStatus['queue']
  readonly lanes: Record<string, LaneStatus>
  readonly services: ServiceStatus[]
  readonly store: SupervisorStatus['store']
  readonly tasks: TaskRecord[]
}

/** The picture of the moment, of a supervisor or of a scope. */
export function statusOf(parts: StatusParts): SupervisorStatus {
  const { clock, slots, startedMono, tallies } = parts
  const nowMono = clock.monotonic()
  return {
    name: parts.name,
    instanceId: parts.instanceId,
    state: parts.state,
    startedAt: parts.startedAt,
    uptimeMs: Math.floor(nowMono - startedMono),
    slots: {
      limit: slots.limit,
      running: slots.held - tallies.stoppingWithSlot,
      stopping: tallies.stoppingWithSlot,
      abandoned: tallies.abandoned,
    },
    queue: parts.queue,
    ...tallies.status(nowMono, startedMono),
    lanes: parts.lanes,
    services: parts.services,
    store: parts.store,
    tasks: parts.tasks,
  }
}

/** Whole milliseconds since then; 0 where that is never (`Infinity`). */
export const waitedMs = (sinceMono: number, nowMono: number): number => Math.max(0, Math.floor(nowMono - sinceMono))

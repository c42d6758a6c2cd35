import type { Clock } from '../clock.js'
import type { SupervisorStatus } from '../status.js'
import type { Dispatcher } from './dispatcher.js'
import type { Ledger } from './ledger.js'
import type { Recorder } from './recorder.js'

export interface StatusParts {
  readonly name: string
  readonly instanceId: string
  readonly state: SupervisorStatus['state']
  readonly queueLimit: number
  readonly startedAt: number
  readonly startedMono: number
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly ledger: Ledger
  readonly recorder: Recorder
}

/** The picture of the moment. Looks at no more than `tasks` tasks, and otherwise at counters of fixed size. */
export function statusOf(parts: StatusParts, tasks: number): SupervisorStatus {
  const { clock, dispatcher, ledger, startedMono } = parts
  const nowMono = clock.monotonic()
  const { slots, waiting, isFull } = dispatcher
  return {
    name: parts.name,
    instanceId: parts.instanceId,
    state: parts.state,
    startedAt: parts.startedAt,
    uptimeMs: Math.floor(nowMono - startedMono),
    slots: {
      limit: slots.limit,
      running: slots.held - ledger.stoppingWithSlot,
      stopping: ledger.stoppingWithSlot,
      abandoned: ledger.abandoned.size,
    },
    queue: { waiting, limit: parts.queueLimit, oldestWaitMs: ledger.oldestWaitMs(nowMono), saturated: isFull },
    ...ledger.status(nowMono, startedMono),
    lanes: {},
    services: [],
    store: parts.recorder.status,
    tasks: ledger.records(tasks),
  }
}

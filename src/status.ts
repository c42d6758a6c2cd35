import type { Percentiles } from './core/histogram.js'
import type { ServiceState } from './core/service-lifecycle.js'
import type { TaskError, TaskErrorRecord, TaskRecord } from './core/record.js'

/** A synchronous, plain picture of a supervisor (a limit without end is `Infinity`); its cost does not grow with the tasks. */
export interface SupervisorStatus {
  name: string
  instanceId: string
  state: 'open' | 'paused' | 'draining' | 'closed'
  startedAt: number
  uptimeMs: number
  /** `running` and `stopping` are disjoint, and their sum never exceeds `limit`; `abandoned` hold no slot. */
  slots: { limit: number; running: number; stopping: number; abandoned: number }
  /** `saturated`: the next task that must wait overflows. */
  queue: { waiting: number; limit: number; oldestWaitMs: number; saturated: boolean }
  totals: StatusTotals
  /** Averages over the last minute, or since the start where that is less. */
  perSecond: { spawned: number; completed: number; failed: number }
  /** From spawn to start, of every task that started. */
  waitMs: Percentiles
  /** From start to outcome, of every attempt. */
  runMs: Percentiles
  /** At most 200 names, the rest under '(other)'. */
  names: Record<string, NameStatus>
  lanes: Record<string, LaneStatus>
  /** In order of start; those that have ended too, of which the last 100. */
  services: ServiceStatus[]
  store: {
    kind: string
    state: 'ok' | 'degraded' | 'closed'
    buffered: number
    dropped: number
    lastError: TaskError | null
  }
  /** Newest first, at most 20. */
  recentErrors: TaskErrorRecord[]
  /** Running first, then stopping, abandoned and waiting ones, each oldest first. */
  tasks: TaskRecord[]
}

/** Every instance that shares the store. */
export interface FleetStatus {
  /**
   * This one first, then the others, those that have died within a day included. `status` is what it said at `lastSeen`
   * (its tasks and recent errors are left out: `list` and `errors` have them), null where that cannot be read.
   */
  instances: {
    instanceId: string
    name: string
    lastSeen: number
    alive: boolean
    status: SupervisorStatus | null
  }[]
  /** Over the instances that live. */
  queue: { waiting: number; oldestWaitMs: number }
  /** Over the instances that live, each since its start. */
  totals: SupervisorStatus['totals']
}

export interface StatusTotals {
  /** Every new handle given out, refused ones too. */
  spawned: number
  completed: number
  failed: number
  cancelled: number
  retried: number
  /** Ended by a timeout, while running or while waiting. */
  timedOut: number
  /** Refused or dropped without a run: queue full, dropped, closed, duplicate. */
  rejected: number
  /** Ever abandoned, whether or not they have stopped since. */
  abandoned: number
  /** Settlements that came after the outcome; a function that stops by throwing its own `signal.reason` is not late. */
  late: number
}

export interface NameStatus {
  pending: number
  running: number
  completed: number
  failed: number
  cancelled: number
  runMs: Percentiles
}

export interface LaneStatus {
  limit: number
  running: number
  waiting: number
  queueLimit: number
  oldestWaitMs: number
  state: 'open' | 'saturated' | 'rate-limited' | 'broken'
}

export interface ServiceStatus {
  name: string
  /**
   * 'unhealthy': told to stop by its health check, and started again after that. 'waiting': for its next start. 'stopping':
   * told to stop by `stop`, `restart` or `close`. 'stopped' and 'failed' are its ends.
   */
  state: ServiceState
  /** When its function was last called, in epoch milliseconds: while it runs, it has been up since. */
  startedAt: number | null
  /** How often it was started again, `restart()` included. */
  restarts: number
  /** In epoch milliseconds, while it is waiting. */
  nextRestartAt: number | null
  lastError: TaskError | null
}

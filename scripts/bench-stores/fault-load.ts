import { setImmediate as turn } from 'node:timers/promises'
import { TaskSupervisor, type TaskHandle, type TaskStatus } from '../../src/index.js'
import { manualClock, type ManualClock } from '../../src/testing/index.js'
import { faultyStore, type FaultName, type FaultyStore } from './faults.js'

const WAVE = 100
const WAVE_MS = 100
const CONCURRENCY = 200
/** More than the longest pause between two tries, and than the longest that a hanging call is waited for. */
const MAX_RECOVERY_MS = 200_000
const RECOVERY_STEP_MS = 50

/** How tasks end, and what they do; each is the same whatever the store does. */
const FATES: readonly { status: TaskStatus; code: string | null; start: (player: Player) => TaskHandle<unknown> }[] = [
  { status: 'completed', code: null, start: ({ supervisor, ran }) => supervisor.spawn(() => ran()) },
  {
    status: 'completed',
    code: null,
    start: ({ supervisor, ran }) =>
      supervisor.spawn(async () => {
        ran()
        await turn()
      }),
  },
  {
    status: 'completed',
    code: null,
    start: ({ supervisor, ran, clock }) =>
      supervisor.spawn(() => new Promise<void>((resolve) => (ran(), void clock.setTimer(3 * WAVE_MS, resolve)))),
  },
  {
    status: 'failed',
    code: 'E_CARD',
    start: ({ supervisor, ran }) =>
      supervisor.spawn(async () => {
        ran()
        throw Object.assign(new Error('the card was declined'), { code: 'E_CARD' })
      }),
  },
  {
    status: 'failed',
    code: 'TASK_TIMEOUT',
    start: ({ supervisor, ran }) => supervisor.spawn(({ signal }) => (ran(), aborted(signal)), { timeout: WAVE_MS }),
  },
  {
    status: 'cancelled',
    code: 'TASK_CANCELLED',
    start: ({ supervisor, ran, clock }) => {
      const handle = supervisor.spawn(({ signal }) => (ran(), aborted(signal)))
      clock.setTimer(2 * WAVE_MS, () => void handle.cancel('no longer wanted'))
      return handle
    },
  },
]

interface Player {
  readonly supervisor: TaskSupervisor
  readonly clock: ManualClock
  readonly ran: () => unknown
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    }),
  )

export interface Spawned {
  readonly handle: TaskHandle<unknown>
  readonly expected: { readonly status: TaskStatus; readonly code: string | null }
}

export interface LoadReport {
  readonly spawned: readonly Spawned[]
  readonly supervisor: TaskSupervisor
  readonly store: FaultyStore
  /** How many functions were called. */
  readonly runs: number
  /** The most records that waited at any time, and how many tasks lived beside them. */
  readonly peakBuffered: number
  readonly peakLive: number
  /** Tasks that ended between the fault and the first sound commit after it. */
  readonly endedMeanwhile: number
  readonly errors: number
  readonly recoveries: number
  readonly hookErrors: number
  /** Milliseconds of the supervisor's clock from the end of the fault until all was written. */
  readonly recoveryMs: number
}

/**
 * Spawns a hundred tasks every 100 ms, on a clock that is moved by hand, with a store that has a fault from one task to another;
 * then lets everything end and the store recover.
 */
export async function playFault(
  fault: FaultName | null,
  { tasks, from, until }: { tasks: number; from: number; until: number },
): Promise<LoadReport> {
  const clock = manualClock()
  const store = faultyStore(clock)
  const retention = { maxAge: Infinity, maxTasks: Infinity, interval: Infinity }
  const supervisor = new TaskSupervisor({ clock, store, retention, concurrency: CONCURRENCY, timeout: Infinity })
  const counts = { runs: 0, errors: 0, recoveries: 0, hookErrors: 0, endedMeanwhile: 0, peakBuffered: 0, peakLive: 0 }
  supervisor.on('store:error', () => counts.errors++)
  supervisor.on('store:recovered', () => counts.recoveries++)
  supervisor.on('hook:error', () => counts.hookErrors++)
  supervisor.on('task:settled', () => (counts.endedMeanwhile += store.isOut ? 1 : 0))
  const player: Player = { supervisor, clock, ran: () => counts.runs++ }
  const measure = (): void => {
    const { slots, queue, store: recorded } = supervisor.status({ tasks: 0 })
    counts.peakBuffered = Math.max(counts.peakBuffered, recorded.buffered)
    counts.peakLive = Math.max(counts.peakLive, slots.running + slots.stopping + queue.waiting)
  }

  const spawned: Spawned[] = []
  while (spawned.length < tasks) {
    store.fault = spawned.length >= from && spawned.length < until ? fault : null
    for (let index = 0; index < WAVE; index++) {
      const { start, ...expected } = FATES[spawned.length % FATES.length]!
      spawned.push({ handle: start(player), expected })
    }
    measure()
    for (let i = 0; i < 3; i++) await turn()
    measure()
    clock.advance(WAVE_MS)
    await turn()
    measure()
  }
  store.fault = null
  const recoveredAt = await recover(supervisor, clock)
  return { ...counts, spawned, supervisor, store, recoveryMs: recoveredAt }
}

/** Moves the clock until nothing waits any more; gives how far. */
async function recover(supervisor: TaskSupervisor, clock: ManualClock): Promise<number> {
  const start = clock.monotonic()
  while (clock.monotonic() - start < MAX_RECOVERY_MS) {
    for (let i = 0; i < 5; i++) await turn()
    const { slots, queue, store } = supervisor.status({ tasks: 0 })
    const isIdle = slots.running + slots.stopping + queue.waiting === 0
    if (isIdle && store.buffered === 0 && store.state === 'ok') break
    clock.advance(RECOVERY_STEP_MS)
  }
  return clock.monotonic() - start
}

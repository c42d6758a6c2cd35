import type { Clock } from '../clock.js'
import { deepFreeze } from '../core/freeze.js'
import type { TaskRecord } from '../core/record.js'
import type { CloseReport } from '../work.js'
import type { IdleGate } from './idle.js'
import type { Intake } from './intake.js'
import type { Ledger } from './ledger.js'
import type { Pipeline } from './pipeline.js'
import type { TaskRun } from './live-task.js'
import type { RecordKeeping } from './record-keeping.js'
import type { IntakeState } from './scope-node.js'
import type { Services } from './services.js'

export interface ClosingOptions {
  readonly mode: 'drain' | 'cancel'
  readonly timeout: number
  readonly grace: number
}

export interface ClosingParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly pipeline: Pipeline
  readonly idle: IdleGate
  readonly records: RecordKeeping
  readonly intake: Intake
  readonly services: Services
}

/** What is kept back of the time for writing the last outcomes down: a tenth, and no more than this. */
const MOST_RESERVED_MS = 1_000

/**
 * The end, in order: what lives may finish; what is left is told to stop; what does not is abandoned; the services stop; the
 * store is flushed.
 * All of it in `timeout + grace`, whatever the tasks and the store do.
 */
export async function closeDown({ mode, timeout, grace }: ClosingOptions, parts: ClosingParts): Promise<CloseReport> {
  const { clock, ledger, pipeline, idle, records, intake, services } = parts
  const { gate, presence, recorder, retention, store } = records
  const startedMono = clock.monotonic()
  const { completed, failed, cancelled } = ledger.tallies.totals
  const budgetMs = (mode === 'drain' ? timeout : 0) + grace
  const leftMs = (): number => Math.max(0, budgetMs - (clock.monotonic() - startedMono))
  const reservedMs = store.capabilities.durable ? Math.min(MOST_RESERVED_MS, budgetMs / 10) : 0
  const leftForServicesMs = (): number => Math.max(0, leftMs() - reservedMs)
  const forServicesMs = services.reserveOf(budgetMs)
  const leftForTasksMs = (): number => Math.max(0, leftForServicesMs() - forServicesMs)

  services.beginClose()
  await closeTasks(
    {
      mode,
      timeoutMs: Math.min(timeout, leftForTasksMs()),
      graceMs: () => Math.min(grace, leftForTasksMs()),
    },
    {
      idle,
      admitOnly: (state) => {
        intake.state = state
        if (state === 'live tasks') pipeline.dispatcher.isPaused = false
      },
      abort: (graceMs) => {
        pipeline.sweep.abort(null, graceMs)
      },
    },
  )

  await services.endClose(leftForServicesMs)

  const persisted = await within(clock, leftMs(), (isOver) => recorder.flush(isOver))
  recorder.close()
  // There will be no more answers.
  gate?.open()
  retention.stop()
  await within(clock, leftMs(), () => presence.end().then(() => true))
  await within(clock, leftMs(), () => store.close().then(() => true))
  return deepFreeze({
    completed: ledger.tallies.totals.completed - completed,
    failed: ledger.tallies.totals.failed - failed,
    cancelled: ledger.tallies.totals.cancelled - cancelled,
    abandoned: abandonedRecords([...ledger.abandoned]),
    handedOff: [],
    persisted,
    durationMs: Math.round(clock.monotonic() - startedMono),
  })
}

export interface TaskClosing {
  readonly mode: 'drain' | 'cancel'
  readonly timeoutMs: number
  /** Looked at when the rest is aborted. */
  readonly graceMs: () => number
}

/** Whose tasks they are: a supervisor's, or a scope's. */
export interface ClosingTasks {
  readonly idle: IdleGate
  readonly admitOnly: (who: IntakeState) => void
  readonly abort: (graceMs: number) => void
}

/** What lives may finish; what is left is told to stop; what does not is abandoned. */
export async function closeTasks({ mode, timeoutMs, graceMs }: TaskClosing, tasks: ClosingTasks): Promise<void> {
  if (mode === 'drain') {
    tasks.admitOnly('live tasks')
    await tasks.idle.wait(timeoutMs)
  }
  tasks.admitOnly('nobody')
  tasks.abort(graceMs())
  await tasks.idle.wait(Infinity)
}

/** The tasks of these runs, each once. */
export const abandonedRecords = (runs: readonly TaskRun[]): TaskRecord[] =>
  [...new Set(runs.map(({ task }) => task))].map((task) => task.snapshot())

/** Gives false when the work failed or took longer; it may go on, but nobody waits for it. */
export function within(
  clock: Clock,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<boolean>,
): Promise<boolean> {
  return new Promise((resolve) => {
    let isOver = false
    const cancelTimer =
      limitMs === Infinity
        ? undefined
        : clock.setTimer(limitMs, () => {
            isOver = true
            resolve(false)
          })
    work(() => isOver).then(
      (isDone) => {
        cancelTimer?.()
        resolve(isDone)
      },
      () => {
        cancelTimer?.()
        resolve(false)
      },
    )
  })
}

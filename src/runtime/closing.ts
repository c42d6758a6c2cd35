import type { Clock } from '../clock.js'
import { deepFreeze } from '../core/freeze.js'
import type { CloseReport } from '../work.js'
import type { IdleGate } from './idle.js'
import type { Intake } from './intake.js'
import type { Ledger } from './ledger.js'
import type { Pipeline } from './pipeline.js'
import type { RecordKeeping } from './record-keeping.js'

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
}

/** What is kept back of the time for writing the last outcomes down: a tenth, and no more than this. */
const MOST_RESERVED_MS = 1_000

/**
 * The end, in order: what lives may finish; what is left is told to stop; what does not is abandoned; the store is flushed.
 * All of it in `timeout + grace`, whatever the tasks and the store do.
 */
export async function closeDown({ mode, timeout, grace }: ClosingOptions, parts: ClosingParts): Promise<CloseReport> {
  const { clock, ledger, pipeline, idle, records, intake } = parts
  const { gate, presence, recorder, retention, store } = records
  const startedMono = clock.monotonic()
  const { completed, failed, cancelled } = ledger.totals
  const budgetMs = (mode === 'drain' ? timeout : 0) + grace
  const leftMs = (): number => Math.max(0, budgetMs - (clock.monotonic() - startedMono))
  const reservedMs = store.capabilities.durable ? Math.min(MOST_RESERVED_MS, budgetMs / 10) : 0
  const leftForTasksMs = (): number => Math.max(0, leftMs() - reservedMs)

  if (mode === 'drain') {
    intake.state = 'live tasks'
    pipeline.dispatcher.isPaused = false
    await idle.wait(Math.min(timeout, leftForTasksMs()))
  }
  intake.state = 'nobody'
  pipeline.abortAll(Math.min(grace, leftForTasksMs()))
  await idle.wait(Infinity)

  const persisted = await within(clock, leftMs(), (isOver) => recorder.flush(isOver))
  recorder.close()
  // There will be no more answers.
  gate?.open()
  retention.stop()
  await within(clock, leftMs(), () => presence.end().then(() => true))
  await within(clock, leftMs(), () => store.close().then(() => true))
  return deepFreeze({
    completed: ledger.totals.completed - completed,
    failed: ledger.totals.failed - failed,
    cancelled: ledger.totals.cancelled - cancelled,
    abandoned: [...new Set([...ledger.abandoned].map(({ task }) => task))].map((task) => task.snapshot()),
    handedOff: [],
    persisted,
    durationMs: Math.round(clock.monotonic() - startedMono),
  })
}

/** Gives false when the work failed or took longer; it may go on, but nobody waits for it. */
function within(clock: Clock, limitMs: number, work: (isOver: () => boolean) => Promise<boolean>): Promise<boolean> {
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

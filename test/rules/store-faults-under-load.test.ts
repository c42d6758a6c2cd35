import { describe, expect, it, vi } from 'vitest'
import type { TaskRecord, TaskStatus } from 'taskward'
import { FAULTS, type FaultName } from '../../scripts/bench-stores/faults.js'
import { playFault, type LoadReport } from '../../scripts/bench-stores/fault-load.js'

vi.setConfig({ testTimeout: 60_000 })

const MAX_BUFFERED = 10_000
const MAX_BATCH = 1_000
const SHORT = { tasks: 10_000, from: 2_000, until: 7_000 }
const LONG = { tasks: 20_000, from: 2_000, until: 19_000 }

const names = Object.keys(FAULTS) as FaultName[]
// A slow store does what it is asked to, so there is nothing to announce.
const isAnnounced = (fault: FaultName): boolean => fault !== 'is slow (4 s a batch)'

const isUncertain = (fault: FaultName): boolean => fault.startsWith('writes')

const PATHS: Readonly<Record<TaskStatus, readonly string[]>> = {
  completed: ['pending', 'running', 'completed'],
  failed: ['pending', 'running', 'failed'],
  cancelled: ['pending', 'running', 'cancelled'],
  pending: [],
  running: [],
}

/** What became of the tasks themselves, whatever became of their records. */
async function harm(report: LoadReport): Promise<unknown> {
  const wrong: unknown[] = []
  for (const { handle, expected } of report.spawned) {
    const outcome = await handle.settled
    const code = outcome.status === 'completed' ? null : outcome.error.code
    if (outcome.status !== expected.status || code !== expected.code) wrong.push([expected, outcome])
  }
  const { totals, slots, queue } = report.supervisor.status()
  const { spawned, late, abandoned, rejected } = totals
  return { wrong, runs: report.runs, hookErrors: report.hookErrors, spawned, late, abandoned, rejected, slots, queue }
}

const NO_HARM = {
  wrong: [],
  hookErrors: 0,
  late: 0,
  abandoned: 0,
  rejected: 0,
  slots: { running: 0, stopping: 0, abandoned: 0 },
  queue: { waiting: 0 },
}

interface Written {
  /** Tasks of which the handle says that the outcome is written. */
  persisted: number
  /** Those that are in the store although the handle says that they were dropped. */
  unconfirmed: number
  /** Those whose record, error or history in the store is not what it should be. */
  wrong: unknown[]
}

async function written({ spawned, store }: LoadReport): Promise<Written> {
  let persisted = 0
  let unconfirmed = 0
  const wrong: unknown[] = []
  for (const { handle, expected } of spawned) {
    const record = await store.inner.get(handle.id)
    if (await handle.persisted) {
      persisted++
      const path = (await store.inner.history(handle.id)).map(({ to }) => to)
      const isRight = record?.status === expected.status && (record.error?.code ?? null) === expected.code
      if (!isRight || path.join() !== PATHS[expected.status].join()) wrong.push([expected, record, path])
    } else if (isFinished(record)) unconfirmed++
  }
  return { persisted, unconfirmed, wrong }
}

const isFinished = (record: TaskRecord | undefined): boolean => (record?.finishedAt ?? null) !== null

describe.each(names)('a store that %s under load', (fault) => {
  it('for as long as the buffer has room harms no task and loses nothing', async () => {
    const report = await playFault(fault, SHORT)
    expect(report.endedMeanwhile).toBeGreaterThan(5_000)
    expect(report.endedMeanwhile).toBeLessThan(MAX_BUFFERED)
    expect(await harm(report)).toMatchObject({ ...NO_HARM, runs: SHORT.tasks, spawned: SHORT.tasks })
    expect(await written(report)).toEqual({ persisted: SHORT.tasks, unconfirmed: 0, wrong: [] })
    expect(report.supervisor.status().store).toMatchObject({ state: 'ok', buffered: 0, dropped: 0 })
    const announced = isAnnounced(fault) ? 1 : 0
    expect([report.errors, report.recoveries]).toEqual([announced, announced])
    expect(report.peakBuffered).toBeGreaterThan(MAX_BATCH)
    expect(report.peakBuffered).toBeLessThan(MAX_BUFFERED)
  })

  it('for longer drops what does not fit, counts it, and tells every handle', async () => {
    const report = await playFault(fault, LONG)
    expect(report.endedMeanwhile).toBeGreaterThan(16_500)
    expect(await harm(report)).toMatchObject({ ...NO_HARM, runs: LONG.tasks, spawned: LONG.tasks })
    const { persisted, unconfirmed, wrong } = await written(report)
    expect(wrong).toEqual([])
    const { dropped, ...store } = report.supervisor.status().store
    expect(store).toMatchObject({ state: 'ok', buffered: 0 })
    expect(dropped).toBe(LONG.tasks - persisted)
    // Of the batch whose answer never came, nobody can tell.
    expect(unconfirmed).toBeLessThanOrEqual(isUncertain(fault) ? MAX_BATCH : 0)
    // Nothing is lost that fits beside what had been sent of live tasks, and what does not fit is.
    expect(dropped).toBeGreaterThan(0)
    expect(dropped).toBeLessThanOrEqual(report.endedMeanwhile - MAX_BUFFERED + report.peakLive)
    expect(report.peakBuffered).toBeGreaterThan(MAX_BUFFERED - MAX_BATCH)
    expect(report.peakBuffered).toBeLessThanOrEqual(MAX_BUFFERED + MAX_BATCH + report.peakLive)
    const announced = isAnnounced(fault) ? 1 : 0
    expect([report.errors, report.recoveries]).toEqual([announced, announced])
  })
})

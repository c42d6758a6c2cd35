import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type * as taskward from '../../src/index.js'
import type * as sqlite from '../../src/stores/sqlite.js'
import { handled } from './contender.js'

export interface DelayJob {
  readonly kind: 'delay'
  readonly load: DelayLoad
  readonly seconds: number
  readonly built: string
  readonly builtSqlite: string
}

export const DELAY_LOADS = ['no supervisor', 'memory store', 'SQLite, behind'] as const
export type DelayLoad = (typeof DELAY_LOADS)[number]

export interface DelayResult {
  /** Milliseconds between two looks of the monitor, of which one should be 1 ms. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly spawnedPerSecond: number
  /** The processor's time, in percent of one. */
  readonly cpuPercent: number
  /** Outcomes that had to be dropped before they were written, and those still to be written when the load ended. */
  readonly dropped: number
  readonly buffered: number
}

const PER_SECOND = 10_000
const WARM_UP_MS = 2_000
/** The default of 10 ms would not see most of what takes 5 ms. */
const RESOLUTION_MS = 1

/** No-op tasks at a constant rate, however far behind the event loop is. */
export async function measureDelay({ load, seconds, built, builtSqlite }: DelayJob): Promise<DelayResult> {
  const { TaskSupervisor } = (await import(built)) as typeof taskward
  const { sqliteStore } = (await import(builtSqlite)) as typeof sqlite
  const directory = mkdtempSync(join(tmpdir(), 'taskward-bench-'))
  const work = async (): Promise<void> => undefined
  const supervisor =
    load === 'no supervisor'
      ? null
      : new TaskSupervisor(load === 'memory store' ? {} : { store: sqliteStore({ path: join(directory, 'tasks.db') }) })
  await supervisor?.open()
  const spawn = supervisor ? () => void supervisor.spawn(work) : () => void work().catch(handled)

  await play(spawn, WARM_UP_MS)
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  monitor.enable()
  const cpuStart = process.cpuUsage()
  const start = performance.now()
  const spawned = await play(spawn, seconds * 1_000)
  const tookMs = performance.now() - start
  monitor.disable()
  const { user, system } = process.cpuUsage(cpuStart)
  const store = supervisor?.status({ tasks: 0 }).store
  await supervisor?.close({ timeout: 20_000 })
  rmSync(directory, { recursive: true, force: true })
  return {
    p50: monitor.percentile(50) / 1e6,
    p99: monitor.percentile(99) / 1e6,
    max: monitor.max / 1e6,
    spawnedPerSecond: (spawned / tookMs) * 1_000,
    cpuPercent: (user + system) / 10 / tookMs,
    dropped: store?.dropped ?? 0,
    buffered: store?.buffered ?? 0,
  }
}

/** Spawns what is due, every millisecond or as soon as it can; gives how many. */
async function play(spawn: () => void, forMs: number): Promise<number> {
  const start = performance.now()
  let spawned = 0
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - start) {
    const due = Math.floor((elapsedMs * PER_SECOND) / 1_000)
    while (spawned < due) {
      spawn()
      spawned++
    }
    await pause(1)
  }
  return spawned
}

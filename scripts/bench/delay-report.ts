import { table } from '../bench-stores/page.js'
import { installedDrivers } from '../../src/stores/sqlite/driver.js'
import { BUILT, BUILT_SQLITE } from './built.js'
import { DELAY_LOADS, type DelayJob, type DelayLoad, type DelayResult } from './delay.js'
import { measureApart } from './processes.js'
import type { Plan, Report } from './report.js'
import { inRounds, median, spread, whole, type Figures } from './rounds.js'

const MOST_ROUNDS = 3

/** How late the event loop is under a steady load that is written to SQLite. */
export async function reportDelay({ rounds, seconds }: Plan): Promise<Report> {
  const results = await inRounds(DELAY_LOADS, Math.min(rounds, MOST_ROUNDS), (load) =>
    measureApart<DelayJob>({ kind: 'delay', load, seconds, built: BUILT, builtSqlite: BUILT_SQLITE }),
  )
  const figures = (load: DelayLoad, what: keyof DelayResult): Figures =>
    results.get(load)!.map((result) => result[what])
  const ms = (value: number): string => value.toFixed(1)
  const rows = DELAY_LOADS.map((load) => [
    load,
    ...(['p50', 'p99', 'max'] as const).map((what) => spread(figures(load, what), ms)),
    ...(['spawnedPerSecond', 'cpuPercent', 'buffered', 'dropped'] as const).map((what) =>
      whole(median(figures(load, what))),
    ),
  ])
  const head = ['ms', 'p50', 'p99', 'most', 'spawned a second', 'CPU %', 'buffered at the end', 'dropped']
  const bare = figures('no supervisor', 'p99')
  return {
    text: `${String(seconds)} s, ${driverName()}:\n\n${table(head, rows)}`,
    targets: [
      {
        ...{ what: 'event loop delay p99 added by 10,000 spawns a second with SQLite `behind`', limit: 5, unit: ' ms' },
        figures: figures('SQLite, behind', 'p99').map((p99, round) => p99 - bare[round]!),
      },
    ],
  }
}

/** The one that the store takes. */
function driverName(): string {
  const drivers = installedDrivers()
  if (drivers.builtin()) return 'node:sqlite'
  return drivers.versionOf('better-sqlite3') === undefined ? 'libsql' : 'better-sqlite3'
}

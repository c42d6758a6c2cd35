import { playFault } from './fault-load.js'
import { FAULTS, type FaultName } from './faults.js'
import { table } from './page.js'

const TASKS = 20_000
/** Within the buffer's room, and beyond it. */
const SHORT = { tasks: TASKS, from: 2_000, until: 7_000 }
const LONG = { tasks: TASKS, from: 2_000, until: 19_000 }

export async function faultTable(): Promise<string> {
  const rows: string[][] = []
  for (const fault of Object.keys(FAULTS) as FaultName[]) {
    const cells: string[] = []
    for (const outage of [SHORT, LONG]) {
      const report = await playFault(fault, outage)
      const { dropped } = report.supervisor.status().store
      let harmed = 0
      for (const { handle, expected } of report.spawned) if ((await handle.settled).status !== expected.status) harmed++
      cells.push(...[harmed, report.endedMeanwhile, report.peakBuffered, dropped].map((n) => n.toLocaleString('en')))
    }
    rows.push([fault, ...cells])
  }
  const of = (outage: string): string[] => [`${outage}: harmed`, 'ended meanwhile', 'most buffered', 'dropped']
  return table(['the store', ...of('short'), ...of('long')], rows)
}

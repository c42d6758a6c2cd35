/**
 * What supervision costs: taskward beside a bare promise and what else caps promises, how its calls grow with the tasks that
 * wait, what a task holds of the heap, what the root costs to load, and how late SQLite makes the event loop. Each measurement
 * has a process of its own; those that are compared take turns, in rounds.
 *
 * `--only burst,scale` some of it, `--rounds 3`, `--tasks 10000` in a burst, `--seconds 5` of the load on the event loop; `--write` brings
 * `docs/benchmarks.md` up to date, and the table of targets with it where everything was measured.
 */
import { parseArgs } from 'node:util'
import { buildPackage } from './bench/built.js'
import { reportDelay } from './bench/delay-report.js'
import { LOAD_NAMES, reportLoad } from './bench/load-report.js'
import { reportLoading } from './bench/loading-report.js'
import { machineLine, versionLine } from './bench/machine.js'
import { reportMemory } from './bench/memory-report.js'
import { targetTable, type Plan, type Report, type Target } from './bench/report.js'
import { reportScale } from './bench/scale-report.js'
import { writeSections } from './bench-stores/page.js'

const GROUPS: Readonly<Record<string, (plan: Plan) => Promise<Report>>> = {
  ...Object.fromEntries(LOAD_NAMES.map((name) => [name, (plan: Plan) => reportLoad(name, plan)])),
  scale: reportScale,
  memory: reportMemory,
  loading: reportLoading,
  delay: reportDelay,
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(GROUPS).join() },
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '30' },
    write: { type: 'boolean', default: false },
  },
})
const chosen = values.only.split(',')
const unknown = chosen.filter((name) => !(name in GROUPS))
if (unknown.length > 0) throw new Error(`expected --only ${Object.keys(GROUPS).join()}, got ${unknown.join()}`)
const plan: Plan = {
  rounds: Number(values.rounds),
  tasks: Number(values.tasks),
  seconds: Number(values.seconds),
}

buildPackage()
const major = process.versions.node.split('.', 1)[0]!
const started = machineLine()
const asked = `${values.rounds} ${values.rounds === '1' ? 'round' : 'rounds'}, bursts of ${plan.tasks.toLocaleString('en')}`
console.log(`${started}; ${asked}\n${versionLine()}\n`)

const sections: Record<string, string> = {}
const targets: Target[] = []
for (const name of Object.keys(GROUPS).filter((group) => chosen.includes(group))) {
  const line = `${machineLine()}; ${asked}:`
  const report = await GROUPS[name]!(plan)
  sections[name] = `${line}\n\n${report.text}`
  targets.push(...report.targets)
  console.log(`## ${name}\n\n${report.text}\n`)
}
console.log(`## targets\n\n${targetTable(targets)}`)

if (Object.keys(GROUPS).every((group) => chosen.includes(group))) {
  sections['targets'] = `${started}; ${asked}; ${versionLine()}:\n\n${targetTable(targets)}`
}
if (values.write) {
  // The page is about the oldest Node that is supported; of others it has the targets.
  const inPage =
    major === '20' ? sections : sections['targets'] && { [`targets on Node ${major}`]: sections['targets'] }
  await writeSections(inPage || {}, new URL('../docs/benchmarks.md', import.meta.url))
}

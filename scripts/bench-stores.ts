/**
 * What the stores cost beside their drivers alone, what their queries take among 100,000 records, what a store that hangs does
 * to `spawn`, and what faults do under load. `--stores file,sqlite`, `--only throughput,queries,spawn,faults`; with `--write` it
 * brings `docs/reliability.md` up to date.
 */
import { parseArgs } from 'node:util'
import { faultTable } from './bench-stores/fault-table.js'
import { writeSections } from './bench-stores/page.js'
import { queryTable } from './bench-stores/queries.js'
import { spawnTable } from './bench-stores/spawn-latency.js'
import { throughputTable } from './bench-stores/throughput.js'
import { STORE_KINDS, type StoreKind } from './crash/stores.js'

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: STORE_KINDS.join() },
    only: { type: 'string', default: 'throughput,queries,spawn,faults' },
    write: { type: 'boolean', default: false },
  },
})
const stores = STORE_KINDS.filter((kind): kind is StoreKind => values.stores.split(',').includes(kind))
const machine = `Node ${process.versions.node}`

const measures: Readonly<Record<string, () => Promise<string>>> = {
  throughput: () => throughputTable(stores),
  queries: () => queryTable(stores),
  spawn: spawnTable,
  faults: faultTable,
}

const sections: Record<string, string> = {}
for (const [name, measure] of Object.entries(measures)) {
  if (!values.only.split(',').includes(name)) continue
  sections[name] = `${machine}:\n\n${await measure()}`
  console.log(`${sections[name]}\n`)
}
if (values.write) await writeSections(sections)
// A Postgres or Redis that was started for this ends with this process.
process.exit()

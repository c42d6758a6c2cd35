/**
 * Kills processes, servers and connections in the middle of their work, and looks whether anything is lost that a store had
 * answered for. `--kills 200` for each store, `--stores file,sqlite,postgres,redis`, `--seed` to repeat the moments of a run; with
 * `--write` it brings `docs/reliability.md` up to date.
 */
import { parseArgs } from 'node:util'
import { table, writeSections } from './bench-stores/page.js'
import { damageSegments } from './crash/damage-segments.js'
import { killServers, whyNoServer, type ServerKind } from './crash/kill-servers.js'
import { killWriters, type CrashReport } from './crash/kill-writers.js'
import { newPlace } from './crash/places.js'
import { seeded } from './crash/random.js'
import { STORE_KINDS, type StoreKind } from './crash/stores.js'

/** So many kills of writers come with one round of each blow to the server and its connection. */
const KILLS_A_ROUND = 20

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    stores: { type: 'string', default: STORE_KINDS.join() },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    write: { type: 'boolean', default: false },
  },
})
const kills = Number(values.kills)
const seed = Number(values.seed)
const stores = values.stores.split(',') as StoreKind[]
const unknown = stores.filter((store) => !STORE_KINDS.includes(store))
if (unknown.length > 0 || !(kills > 0) || !Number.isInteger(seed)) {
  console.error(`expected --kills above 0, a whole number as --seed, and --stores of ${STORE_KINDS.join()}`)
  process.exit(2)
}

const rows: string[][] = []

function tell(what: string, { kills: done, acknowledged, faults }: CrashReport): void {
  rows.push([what, String(done), String(acknowledged), String(faults.length)])
  for (const { id, what: fault } of faults.slice(0, 20)) console.log(`${what}: ${id} ${fault}`)
  if (faults.length > 20) console.log(`${what}: and ${String(faults.length - 20)} more`)
  if (faults.length > 0) process.exitCode = 1
  console.log(
    `${what}: ${String(done)} kills, ${String(acknowledged)} acknowledged, ${String(faults.length)} lost or wrong`,
  )
}

function skip(what: string, why: string): void {
  console.log(`${what}: skipped, ${why}`)
  if (process.env['TASKWARD_REQUIRE_SERVICES'] === '1') process.exitCode = 1
}

console.log(`seed ${String(seed)}, ${String(kills)} kills a store`)
for (const store of stores) {
  const place = await newPlace(store)
  if (typeof place === 'string') {
    skip(store, place)
    continue
  }
  try {
    tell(`${store}, its writer killed`, await killWriters(place.config, { kills, random: seeded(seed) }))
  } finally {
    await place.clear()
  }
}
if (stores.includes('file')) {
  tell('file, its segments damaged', await damageSegments({ flips: 10 * kills, pages: kills, random: seeded(seed) }))
}
for (const store of stores.filter((kind): kind is ServerKind => kind === 'postgres' || kind === 'redis')) {
  const why = whyNoServer(store)
  const rounds = Math.ceil(kills / KILLS_A_ROUND)
  if (why !== null) skip(`${store}, its server killed`, why)
  else tell(`${store}, its server killed or cut off`, await killServers(store, { rounds, random: seeded(seed) }))
}

const report = table(['', 'kills', 'acknowledged', 'lost or wrong'], rows)
console.log(`\n${report}`)
if (values.write) await writeSections({ crashes: `Seed ${String(seed)}, Node ${process.versions.node}:\n\n${report}` })
// The Postgres or Redis that was started for this ends with this process.
process.exit()

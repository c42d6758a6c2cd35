import { describe, expect, it } from 'vitest'
import { killServers, whyNoServer, type ServerKind } from '../../scripts/crash/kill-servers.js'
import { killWriters } from '../../scripts/crash/kill-writers.js'
import { newPlace, type Place } from '../../scripts/crash/places.js'
import { seeded } from '../../scripts/crash/random.js'
import { STORE_KINDS, type StoreKind } from '../../scripts/crash/stores.js'
import { describeWith, type Service } from '../support/services/index.js'

const KILLS = 20
const LIMIT_MS = 240_000
const SEED = Number(process.env['TASKWARD_CRASH_SEED'] ?? Date.now() % 2 ** 31)

const needed = (why: string | null): Service => (why === null ? { url: 'here' } : { url: null, why })

async function at<T>(kind: StoreKind, use: (place: Place) => Promise<T>): Promise<T> {
  const place = await newPlace(kind)
  if (typeof place === 'string') throw new Error(place)
  try {
    return await use(place)
  } finally {
    await place.clear()
  }
}

/** Why a store of the kind can be nowhere here. */
async function whyNowhere(kind: StoreKind): Promise<string | null> {
  const place = await newPlace(kind)
  if (typeof place === 'string') return place
  await place.clear()
  return null
}

console.log(`crash tests: TASKWARD_CRASH_SEED=${String(SEED)} repeats the moments of the kills`)

describe('after kill -9 of the process', () => {
  for (const kind of STORE_KINDS) {
    describe.concurrent(kind, async () => {
      const why = await whyNowhere(kind)
      describeWith(needed(why), 'has', () => {
        it('all that persisted said, with its history', { timeout: LIMIT_MS }, async () => {
          const report = await at(kind, ({ config }) => killWriters(config, { kills: KILLS, random: seeded(SEED) }))
          console.log(`${kind}: ${String(report.kills)} kills, ${String(report.acknowledged)} acknowledged`)
          expect(report.faults).toEqual([])
          expect(report.acknowledged).toBeGreaterThan(KILLS)
        })
      })
    })
  }

  it('a store that answers before it has written is found out', { timeout: LIMIT_MS }, async () => {
    const report = await at('sqlite', ({ config }) =>
      killWriters(config, { kills: 3, random: seeded(SEED), isEarly: true }),
    )
    expect(report.faults.map(({ what }) => what)).toContain('was persisted, and is lost')
  })
})

describe.each<ServerKind>(['postgres', 'redis'])('after kill -9 of its server, and cuts of the connection', (kind) => {
  describeWith(needed(whyNoServer(kind)), kind, () => {
    it('has all that persisted said, and goes on', { timeout: LIMIT_MS }, async () => {
      const report = await killServers(kind, { rounds: 1, random: seeded(SEED) })
      console.log(`${kind}: ${String(report.kills)} blows, ${String(report.acknowledged)} acknowledged`)
      expect(report.faults).toEqual([])
    })
  })
})

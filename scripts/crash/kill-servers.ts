import { cuttable, type Cuttable } from '../../test/support/services/cuttable.js'
import type { OwnServer } from '../../test/support/services/own-server.js'
import { ownPostgres, whyNoOwnPostgres } from '../../test/support/services/postgres.js'
import { ownRedis, whyNoOwnRedis } from '../../test/support/services/redis.js'
import { lookAsNext, type CrashReport } from './kill-writers.js'
import { placeAt } from './places.js'
import { Witness, type Fault } from './witness.js'
import { Acknowledged, Writer } from './writer.js'

/** How long a writer may take to be heard of again once its server can be reached. */
const RESUME_MS = 60_000
const MOST_MS = 60
const MOST_OUTAGE_MS = 400

export type ServerKind = 'postgres' | 'redis'

export interface ServerKillOptions {
  /** So often the server is killed, and the connection cut in each way. */
  readonly rounds: number
  /** Numbers from 0 to below 1. */
  readonly random: () => number
}

/** What happens to the server or to the way to it; each ends with both as they were. */
const BLOWS: Readonly<Record<string, (server: OwnServer, way: Cuttable, random: () => number) => Promise<void>>> = {
  'the server was killed': async (server) => {
    await server.kill()
    await server.restart()
  },
  'the connection was cut': async (_, way, random) => {
    way.cut()
    await pause(random() * MOST_OUTAGE_MS)
    way.restore()
  },
  'the connection was stalled': async (_, way, random) => {
    way.stall()
    await pause(random() * MOST_OUTAGE_MS)
    way.restore()
  },
  'an answer was lost': async (_, way) => {
    way.loseAnswer()
    await pause(MOST_MS)
  },
}

/** Why no server of the kind can be started here; null where one can. */
export const whyNoServer = (kind: ServerKind): string | null =>
  kind === 'postgres' ? whyNoOwnPostgres() : whyNoOwnRedis()

/**
 * Has one writer write to a server of its own through a connection of its own, while the server is killed and started again
 * and the connection is cut, each several times; then looks at what is there.
 */
export async function killServers(kind: ServerKind, { rounds, random }: ServerKillOptions): Promise<CrashReport> {
  const server = await (kind === 'postgres' ? ownPostgres() : ownRedis({ appendonly: 'yes', appendfsync: 'always' }))
  const way = await cuttable(server.port)
  const { config } = placeAt(kind, server.url.replace(String(server.port), String(way.port)), 'crash')
  const acknowledged = new Acknowledged()
  const witness = new Witness(acknowledged)
  const writer = new Writer({ store: config, size: 'small', isEarly: false }, acknowledged)
  const faults: Fault[] = []
  try {
    await writer.open()
    await writer.running()
    for (let round = 0; round < rounds; round++) {
      for (const [name, strike] of Object.entries(BLOWS)) {
        await pause(random() * MOST_MS)
        await strike(server, way, random)
        if (!(await isHeardOfAgain(acknowledged))) faults.push(silence(name, writer))
      }
    }
    if (!(await writer.stop())) faults.push({ id: '-', what: 'the writer closed without everything in the store' })
    faults.push(...(await lookAsNext(config, witness, { isThorough: true })))
  } finally {
    await writer.kill().catch(() => undefined)
    await way.close()
    await server.stop()
  }
  return { kills: rounds * Object.keys(BLOWS).length, acknowledged: acknowledged.persisted.size, faults }
}

const silence = (after: string, { trouble }: Writer): Fault => ({
  id: '-',
  what: `nothing was persisted for ${String(RESUME_MS)} ms after ${after}: ${trouble}`,
})

/** Whether more is acknowledged than was on the way already. */
async function isHeardOfAgain({ persisted }: Acknowledged): Promise<boolean> {
  await pause(MOST_MS)
  const before = persisted.size
  const endAt = Date.now() + RESUME_MS
  while (persisted.size === before && Date.now() < endAt) await pause(10)
  return persisted.size > before
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

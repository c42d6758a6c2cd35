import type { JsonValue } from '../../core/record.js'
import { columnText, textOfColumn } from '../../core/store-text.js'
import { parseStored } from '../../core/stored.js'
import type { Heartbeat, Instance } from '../../store.js'
import { isGone, isIdentity, ownProcess } from '../process-identity.js'
import type { Connection } from './any-connection.js'
import { listOf, numberOf, textOf } from './reply.js'
import { SCRIPTS } from './script.js'

const KEPT_DEAD_MS = 24 * 60 * 60 * 1_000

export async function beat(connection: Connection, { instanceId, name, ttl, status }: Heartbeat): Promise<void> {
  const time = ttl === Infinity ? '+inf' : String(ttl)
  const texts = [columnText(name), JSON.stringify(status), JSON.stringify(ownProcess())]
  await connection.run(SCRIPTS.beat, [columnText(instanceId), time, ...texts])
}

export async function leave(connection: Connection, instanceId: string): Promise<void> {
  await connection.run(SCRIPTS.leave, [columnText(instanceId)])
}

/** Those that live, and those that have died within a day. One whose process is known to be gone is dead before its time is over. */
export async function readInstances(connection: Connection): Promise<Instance[]> {
  const rows = listOf(await connection.run(SCRIPTS.roster, [String(KEPT_DEAD_MS)]))
  return rows.map((row) => instanceOf(listOf(row))).sort((a, b) => a.startedAt - b.startedAt)
}

function instanceOf([id, isInTime, name, started, seen, status, owner]: readonly unknown[]): Instance {
  const identity = parseStored(textOf(owner))
  return {
    instanceId: textOfColumn(String(id)),
    name: textOfColumn(textOf(name) ?? 'unknown'),
    startedAt: numberOf(started ?? 0),
    lastSeen: numberOf(seen ?? 0),
    isAlive: isInTime === 1 && !(isIdentity(identity) && isGone(identity)),
    status: (parseStored(textOf(status)) ?? null) as JsonValue,
  }
}

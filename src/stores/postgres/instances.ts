import type { JsonValue, TaskRecord } from '../../core/record.js'
import { parseStored } from '../../core/stored.js'
import { columnText, textOfColumn } from '../../core/store-text.js'
import type { Heartbeat, Instance } from '../../store.js'
import { isGone, ownProcess, type ProcessIdentity } from '../process-identity.js'
import { recordOfRow } from '../sql/records.js'
import type { Database, Row } from './database.js'
import type { Names } from './names.js'
import { STORED_TASK, storedTask } from './rows.js'
import { limitOf, SERVER_NOW } from './statement.js'

const KEPT_DEAD_MS = 24 * 60 * 60 * 1_000

/** Those that have been dead for a day are forgotten on the way. */
export async function beat(database: Database, names: Names, heartbeat: Heartbeat): Promise<void> {
  const { instanceId, name, ttl, status } = heartbeat
  const table = names.of('instance')
  await database.query(
    `WITH clock AS MATERIALIZED (SELECT ${SERVER_NOW} AS now),
    forgotten AS (
      DELETE FROM ${table} WHERE instance_id IN (
        SELECT instance_id FROM ${table}, clock
        WHERE last_seen + ttl + ${KEPT_DEAD_MS} < clock.now AND instance_id <> $1::text
        FOR UPDATE OF instance SKIP LOCKED))
    INSERT INTO ${table} (instance_id, name, started_at, last_seen, ttl, status, process)
    SELECT $1::text, $2::text, clock.now, clock.now, $3::float8, $4::text, $5::text FROM clock
    ON CONFLICT (instance_id) DO UPDATE SET name = excluded.name, last_seen = excluded.last_seen, ttl = excluded.ttl,
      status = excluded.status, process = excluded.process`,
    [columnText(instanceId), columnText(name), ttl, JSON.stringify(status), JSON.stringify(ownProcess())],
  )
}

export async function leave(database: Database, names: Names, instanceId: string): Promise<void> {
  await database.query(`DELETE FROM ${names.of('instance')} WHERE instance_id = $1::text`, [columnText(instanceId)])
}

export async function readInstances(database: Database, names: Names): Promise<Instance[]> {
  const rows = await database.query(
    `SELECT instance_id, name, started_at, last_seen, status, process, last_seen + ttl > clock.now AS in_time
    FROM ${names.of('instance')}, (SELECT ${SERVER_NOW} AS now) AS clock
    WHERE last_seen + ttl + ${KEPT_DEAD_MS} >= clock.now ORDER BY started_at, instance_id`,
  )
  return rows.map((row) => ({
    instanceId: textOfColumn(row['instance_id'] as string),
    name: textOfColumn(row['name'] as string),
    startedAt: Number(row['started_at']),
    lastSeen: Number(row['last_seen']),
    isAlive: row['in_time'] === true && !isKnownGone(row),
    status: parseStored(row['status']) as JsonValue,
  }))
}

/** What an instance left behind: by the server's clock, or as soon as its process on this machine is gone. */
export async function readOrphans(database: Database, names: Names, limit: number): Promise<TaskRecord[]> {
  const table = names.of('instance')
  const suspects = await database.query(`SELECT instance_id, process FROM ${table}`)
  const gone = suspects.filter(isKnownGone).map((row) => row['instance_id'])
  const rows = await database.query(
    `SELECT ${STORED_TASK} FROM ${names.of('task')} WHERE status IN ('pending', 'running') AND instance_id NOT IN (
      SELECT instance_id FROM ${table} WHERE last_seen + ttl > (SELECT ${SERVER_NOW}) AND instance_id <> ALL($1::text[]))
    ORDER BY created_at, id LIMIT $2::bigint`,
    [gone, limitOf(limit)],
  )
  return rows.map((row) => recordOfRow(storedTask(row)))
}

function isKnownGone(row: Row): boolean {
  const identity = parseStored(row['process'])
  return typeof identity === 'object' && identity !== null && isGone(identity as ProcessIdentity)
}

import type { JsonValue, TaskRecord } from '../../core/record.js'
import { parseStored } from '../../core/stored.js'
import { columnText, textOfColumn } from '../../core/store-text.js'
import type { Heartbeat, Instance } from '../../store.js'
import { isGone, isIdentity, ownProcess } from '../process-identity.js'
import { recordOfRow, type StoredTask } from '../sql/records.js'
import type { Connection } from './connection.js'
import { limitOf, TASK_COLUMNS, UNFINISHED } from './reads.js'

/*
 * Who lives, by heartbeats and by what the machine knows of their processes. All who share the file share the machine, and so
 * its clock.
 */

const KEPT_DEAD_MS = 24 * 60 * 60 * 1_000

interface InstanceRow {
  instance_id: string
  name: string
  started_at: number
  last_seen: number
  ttl: number
  process: string
  status: string
}

const BEAT = `INSERT INTO taskward_instances (instance_id, name, started_at, last_seen, ttl, process, status)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (instance_id) DO UPDATE SET name = excluded.name,
  last_seen = excluded.last_seen, ttl = excluded.ttl, process = excluded.process, status = excluded.status`

/** Times are epoch milliseconds. */
export function beat(connection: Connection, { instanceId, name, ttl, status }: Heartbeat, now: number): void {
  connection.transaction(() => {
    connection.run(
      BEAT,
      ...[columnText(instanceId), columnText(name), now, now, ttl],
      ...[JSON.stringify(ownProcess()), JSON.stringify(status)],
    )
    connection.run('DELETE FROM taskward_instances WHERE last_seen + ttl <= ?', now - KEPT_DEAD_MS)
  })
}

export function leave(connection: Connection, instanceId: string): void {
  connection.run('DELETE FROM taskward_instances WHERE instance_id = ?', columnText(instanceId))
}

export function instances(connection: Connection, now: number): Instance[] {
  return rowsOf(connection)
    .filter(({ last_seen, ttl }) => now < last_seen + ttl + KEPT_DEAD_MS)
    .map((row) => ({
      instanceId: textOfColumn(row.instance_id),
      name: textOfColumn(row.name),
      startedAt: row.started_at,
      lastSeen: row.last_seen,
      isAlive: isAlive(row, now),
      status: parseStored(row.status) as JsonValue,
    }))
}

export function orphans(connection: Connection, limit: number, now: number): TaskRecord[] {
  const living = rowsOf(connection).filter((row) => isAlive(row, now))
  return connection
    .all<StoredTask>(
      `SELECT ${TASK_COLUMNS} FROM taskward_tasks INDEXED BY taskward_tasks_unfinished
        WHERE ${UNFINISHED} AND instance_id NOT IN (SELECT value FROM json_each(?)) ORDER BY created_at, id LIMIT ?`,
      JSON.stringify(living.map(({ instance_id }) => instance_id)),
      limitOf(limit),
    )
    .map(recordOfRow)
}

const rowsOf = (connection: Connection): InstanceRow[] =>
  connection.all<InstanceRow>('SELECT * FROM taskward_instances ORDER BY started_at, instance_id')

function isAlive({ last_seen, ttl, process }: InstanceRow, now: number): boolean {
  const identity = parseStored(process)
  return now < last_seen + ttl && !(isIdentity(identity) && isGone(identity))
}

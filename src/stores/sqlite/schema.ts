import { TaskStoreError } from '../../core/errors.js'
import type { Connection } from './connection.js'

/*
 * Names begin with `taskward_`, since a database that is handed in has tables of its own. Integers are epoch milliseconds.
 * Indexes end in the order of a list, so that a page is read where it stands; `lists.ts` says which one is taken.
 */
const FIRST = `
CREATE TABLE taskward_tasks (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  name TEXT NOT NULL,
  lane TEXT,
  owner TEXT,
  parent_id TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  instance_id TEXT NOT NULL,
  search TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX taskward_tasks_seq ON taskward_tasks (seq);
CREATE INDEX taskward_tasks_created ON taskward_tasks (created_at, id);
CREATE INDEX taskward_tasks_status ON taskward_tasks (status, created_at, id);
CREATE INDEX taskward_tasks_name ON taskward_tasks (name, created_at, id);
CREATE INDEX taskward_tasks_lane ON taskward_tasks (lane, created_at, id) WHERE lane IS NOT NULL;
CREATE INDEX taskward_tasks_owner ON taskward_tasks (owner, created_at, id) WHERE owner IS NOT NULL;
CREATE INDEX taskward_tasks_parent ON taskward_tasks (parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX taskward_tasks_finished ON taskward_tasks (finished_at, id)
  WHERE status IN ('completed', 'failed', 'cancelled');
CREATE INDEX taskward_tasks_unfinished ON taskward_tasks (created_at, id, instance_id)
  WHERE status IN ('pending', 'running');

CREATE TABLE taskward_transitions (
  task_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  step INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (task_id, seq, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE taskward_errors (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  task_name TEXT NOT NULL,
  owner TEXT,
  code TEXT,
  fingerprint TEXT NOT NULL,
  at INTEGER NOT NULL,
  search TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX taskward_errors_at ON taskward_errors (at, id);
CREATE INDEX taskward_errors_task ON taskward_errors (task_id);
CREATE INDEX taskward_errors_name ON taskward_errors (task_name, at, id);
CREATE INDEX taskward_errors_owner ON taskward_errors (owner, at, id) WHERE owner IS NOT NULL;
CREATE INDEX taskward_errors_code ON taskward_errors (code, at, id) WHERE code IS NOT NULL;
CREATE INDEX taskward_errors_fingerprint ON taskward_errors (fingerprint, at, id);

CREATE TABLE taskward_instances (
  instance_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  ttl REAL NOT NULL,
  process TEXT NOT NULL,
  status TEXT NOT NULL
) STRICT;
`

/** Each brings the tables from the version that is its place in the list to the next; never changed once released. */
const MIGRATIONS: readonly string[] = [FIRST]

/** Makes the tables, or brings them up to date. Several processes may do so at once. */
export function migrate(connection: Connection): void {
  if (schemaVersion(connection) === MIGRATIONS.length) return
  connection.transaction(() => {
    connection.exec('CREATE TABLE IF NOT EXISTS taskward_meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT')
    const version = schemaVersion(connection)
    if (version > MIGRATIONS.length) throw tooNew(version)
    for (const migration of MIGRATIONS.slice(version)) connection.exec(migration)
    writeMeta(connection, 'schema', MIGRATIONS.length)
  })
}

function schemaVersion(connection: Connection): number {
  const found = connection.get("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'taskward_meta'")
  return found ? readMeta(connection, 'schema') : 0
}

const tooNew = (version: number): TaskStoreError =>
  new TaskStoreError(
    'STORE_UNAVAILABLE',
    `its tables are of version ${String(version)}, made by a newer taskward; this one knows ` +
      `${String(MIGRATIONS.length)}: update taskward, or use another file`,
  )

export const readMeta = (connection: Connection, key: string): number =>
  connection.get<{ value: number }>('SELECT value FROM taskward_meta WHERE key = ?', key)?.value ?? 0

export function writeMeta(connection: Connection, key: string, value: number): void {
  connection.run(
    'INSERT INTO taskward_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  )
}

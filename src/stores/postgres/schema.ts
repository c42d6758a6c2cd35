import type { Names } from './names.js'
import { TERMINAL } from './statement.js'

/*
 * Every text that is compared or sorted is in the collation "C", by bytes, whatever the database's own is: the order of the
 * contract, and none that an update of the system's locales could break. Numbers are double precision, which is what they
 * are in JavaScript, and reads back as such. `seq` alone is counted by the server, and a bigint.
 */

const TEXT = 'text COLLATE "C"'
const NUMBER = 'double precision'

// Each change of a task is a new row version and leaves a dead one: they are cleared away sooner than by default.
const TIDY = 'WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)'

export const firstVersion = (names: Names): readonly string[] => [
  `CREATE TABLE ${names.of('migration')} (version int PRIMARY KEY, applied_at ${NUMBER} NOT NULL)`,

  `CREATE SEQUENCE ${names.of('change')}`,

  `CREATE TABLE ${names.of('task')} (
    id ${TEXT} PRIMARY KEY,
    seq bigint NOT NULL,
    version ${NUMBER} NOT NULL,
    status ${TEXT} NOT NULL,
    name ${TEXT} NOT NULL,
    lane ${TEXT},
    owner ${TEXT},
    parent_id ${TEXT},
    created_at ${NUMBER} NOT NULL,
    finished_at ${NUMBER},
    instance_id ${TEXT} NOT NULL,
    search ${TEXT} NOT NULL,
    body text NOT NULL
  ) ${TIDY}`,
  `CREATE UNIQUE INDEX task_seq ON ${names.of('task')} (seq)`,
  `CREATE INDEX task_created ON ${names.of('task')} (created_at, id)`,
  `CREATE INDEX task_status ON ${names.of('task')} (status, created_at, id)`,
  `CREATE INDEX task_name ON ${names.of('task')} (name, created_at, id)`,
  ...['lane', 'owner', 'parent_id'].map(
    (column) =>
      `CREATE INDEX task_${column} ON ${names.of('task')} (${column}, created_at, id) WHERE ${column} IS NOT NULL`,
  ),
  `CREATE INDEX task_finished ON ${names.of('task')} (finished_at, id) WHERE status IN ${TERMINAL}`,

  `CREATE TABLE ${names.of('transition')} (
    task_id ${TEXT} NOT NULL,
    n bigint GENERATED ALWAYS AS IDENTITY,
    body text NOT NULL,
    PRIMARY KEY (task_id, n)
  ) ${TIDY}`,

  `CREATE TABLE ${names.of('error')} (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id ${TEXT} NOT NULL,
    task_id ${TEXT} NOT NULL,
    task_name ${TEXT} NOT NULL,
    owner ${TEXT},
    code ${TEXT},
    fingerprint ${TEXT} NOT NULL,
    at ${NUMBER} NOT NULL,
    search ${TEXT} NOT NULL,
    body text NOT NULL
  ) ${TIDY}`,
  `CREATE INDEX error_at ON ${names.of('error')} (at, id)`,
  `CREATE INDEX error_task ON ${names.of('error')} (task_id)`,
  `CREATE INDEX error_name ON ${names.of('error')} (task_name, at, id)`,
  `CREATE INDEX error_fingerprint ON ${names.of('error')} (fingerprint, at, id)`,
  ...['owner', 'code'].map(
    (column) => `CREATE INDEX error_${column} ON ${names.of('error')} (${column}, at, id) WHERE ${column} IS NOT NULL`,
  ),

  `CREATE TABLE ${names.of('instance')} (
    instance_id ${TEXT} PRIMARY KEY,
    name text NOT NULL,
    started_at ${NUMBER} NOT NULL,
    last_seen ${NUMBER} NOT NULL,
    ttl ${NUMBER} NOT NULL,
    status text NOT NULL,
    process text NOT NULL
  )`,
]

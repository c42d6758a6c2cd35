import { open } from 'node:fs/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { TaskChange } from '../../src/index.js'
import { openDatabase } from '../../src/stores/sqlite/driver.js'
import { rowOfError, rowOfTask, rowOfTransition } from '../../src/stores/sql/rows.js'
import type { StoreConfig } from '../crash/stores.js'

/** Writes the same tasks by the driver alone: without a guard, an order of changes, or answers. */
export interface RawWriter {
  write(changes: readonly TaskChange[]): Promise<void>
  close(): Promise<void>
}

/** As many as the store writes in one transaction. */
const SQLITE_TRANSACTION = 200

const TASK = 'id, version, status, name, lane, owner, parent_id, created_at, finished_at, instance_id, search, body'
const ERROR = 'id, task_id, task_name, owner, code, fingerprint, at, search, body'
const TASK_COLUMNS = TASK.split(', ') as (keyof ReturnType<typeof rowOfTask>)[]
const ERROR_COLUMNS = ERROR.split(', ') as (keyof ReturnType<typeof rowOfError>)[]

/** For a store that has been opened there once, so that its tables are there. */
export function rawWriter(config: StoreConfig): Promise<RawWriter> {
  switch (config.kind) {
    case 'file':
      return rawFile(`${config.directory}.raw`)
    case 'sqlite':
      return Promise.resolve(rawSqlite(config.path))
    case 'postgres':
      return rawPostgres(config)
    case 'redis':
      return Promise.resolve(rawRedis(config))
  }
}

/** A line a task, written and forced to the disk. */
async function rawFile(path: string): Promise<RawWriter> {
  const file = await open(path, 'a')
  return {
    async write(changes) {
      await file.write(changes.map((change) => `${JSON.stringify(change)}\n`).join(''))
      await file.datasync()
    },
    close: () => file.close(),
  }
}

/** The store's own tables, with all their indexes. */
function rawSqlite(path: string): RawWriter {
  const database = openDatabase(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  const places = (columns: string): string => columns.replaceAll(/\w+/g, '?')
  const task = database.prepare(`INSERT INTO taskward_tasks (seq, ${TASK}) VALUES (?, ${places(TASK)})`)
  const step = database.prepare('INSERT INTO taskward_transitions (task_id, seq, step, body) VALUES (?, ?, ?, ?)')
  const error = database.prepare(`INSERT INTO taskward_errors (${ERROR}) VALUES (${places(ERROR)})`)
  let seq = 1e9
  const insert = ({ record, transitions, errors }: TaskChange): void => {
    seq++
    const row = rowOfTask(record)
    task.run(seq, ...TASK_COLUMNS.map((column) => row[column]))
    for (const [index, { task_id, body }] of transitions.map(rowOfTransition).entries()) {
      step.run(task_id, seq, index, body)
    }
    for (const failure of errors.map(rowOfError)) error.run(...ERROR_COLUMNS.map((column) => failure[column]))
  }
  return {
    async write(changes) {
      for (let from = 0; from < changes.length; from += SQLITE_TRANSACTION) {
        database.exec('BEGIN IMMEDIATE')
        for (const change of changes.slice(from, from + SQLITE_TRANSACTION)) insert(change)
        database.exec('COMMIT')
      }
    },
    async close() {
      database.close?.()
    },
  }
}

/** The store's own tables; one statement a batch, each table's rows as arrays. */
async function rawPostgres({
  connectionString,
  schema,
}: {
  connectionString: string
  schema: string
}): Promise<RawWriter> {
  const client = new pg.Client(connectionString)
  await client.connect()
  const isNumber = new Set(['version', 'created_at', 'finished_at', 'at'])
  let bound = 0
  const arrays = (columns: readonly string[]): string =>
    columns.map((column) => `$${String(++bound)}::${isNumber.has(column) ? 'float8' : 'text'}[]`).join(', ')
  const text = `
    WITH tasks AS (INSERT INTO ${schema}.task (seq, ${TASK})
      SELECT nextval('${schema}.change'), * FROM unnest(${arrays(TASK_COLUMNS)})),
    steps AS (INSERT INTO ${schema}.transition (task_id, body) SELECT * FROM unnest(${arrays(['task_id', 'body'])}))
    INSERT INTO ${schema}.error (${ERROR}) SELECT * FROM unnest(${arrays(ERROR_COLUMNS)})`
  return {
    async write(changes) {
      const tasks = changes.map(({ record }) => rowOfTask(record))
      const steps = changes.flatMap(({ transitions }) => transitions.map(rowOfTransition))
      const errors = changes.flatMap((change) => change.errors.map(rowOfError))
      await client.query({
        name: 'raw',
        text,
        values: [
          ...TASK_COLUMNS.map((column) => tasks.map((row) => row[column])),
          ...[steps.map(({ task_id }) => task_id), steps.map(({ body }) => body)],
          ...ERROR_COLUMNS.map((column) => errors.map((row) => row[column])),
        ],
      })
    },
    close: () => client.end(),
  }
}

/** A hash and a list for each task, and the sets that its lists are read from. */
function rawRedis({ url, prefix }: { url: string; prefix: string }): RawWriter {
  const redis = new Redis(url)
  const key = `${prefix}:raw`
  return {
    async write(changes) {
      const pipeline = redis.pipeline()
      for (const { record, transitions, errors } of changes) {
        const row = rowOfTask(record)
        pipeline.hset(`${key}:task:${row.id}`, withoutNulls(row))
        pipeline.rpush(`${key}:history:${row.id}`, ...transitions.map((step) => JSON.stringify(step)))
        for (const list of ['tasks', 'changed', 'finished']) pipeline.zadd(`${key}:${list}`, row.created_at, row.id)
        for (const column of ['status', 'name', 'lane', 'owner', 'parent_id'] as const) {
          if (row[column] !== null) pipeline.zadd(`${key}:${column}:${row[column]}`, row.created_at, row.id)
        }
        for (const failure of errors.map(rowOfError)) {
          pipeline.hset(`${key}:error:${failure.id}`, withoutNulls(failure))
          pipeline.zadd(`${key}:errors`, failure.at, failure.id)
          for (const column of ['task_name', 'owner', 'code', 'fingerprint'] as const) {
            if (failure[column] !== null) pipeline.zadd(`${key}:${column}:${failure[column]}`, failure.at, failure.id)
          }
        }
      }
      await pipeline.exec()
    },
    async close() {
      await redis.quit()
    },
  }
}

const withoutNulls = (row: object): Record<string, string | number> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

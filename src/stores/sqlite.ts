import { TaskOptionError } from '../core/errors.js'
import { checkOptions, objectWith, oneOf, timeRule } from '../core/option-rules.js'
import type { TaskStore } from '../store.js'
import type { SqliteDatabase } from './sqlite/driver.js'
import { SqliteStore } from './sqlite/store.js'

export type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite/driver.js'

/** Either `path` or `database`. */
export interface SqliteStoreOptions {
  /** The file; it and its directory are made where they are not there. `:memory:` keeps nothing beyond `close`. */
  path?: string | undefined
  /**
   * A connection opened by node:sqlite, better-sqlite3, libsql or bun:sqlite. The store makes its tables in it, all named
   * `taskward_…`, and neither sets it up nor closes it. It should be in WAL mode, and nobody else's transaction may be open on it
   * across an `await`.
   */
  database?: SqliteDatabase | undefined
  /**
   * Whether each commit waits until it is on the disk ('full'), so that it survives a loss of power, or only until the
   * operating system has it ('normal'), so that it survives the end of the process; SQLite's own words. For `path` only.
   *
   * @default 'full'
   */
  synchronous?: 'full' | 'normal' | undefined
  /** How many milliseconds a call waits while another process writes, before it rejects. Holds up nothing. @default 4_000 */
  busyTimeout?: number | undefined
}

/** The defaults of {@link SqliteStoreOptions}. */
export const SQLITE_DEFAULTS = { synchronous: 'full', busyTimeout: 4_000 } as const

const RULES = {
  path: {
    expected: 'a path that is not empty and has no NUL',
    accepts: (value: unknown) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  },
  database: objectWith('exec', 'prepare'),
  synchronous: oneOf('full', 'normal'),
  busyTimeout: timeRule,
}

/**
 * Keeps records in one SQLite file, in WAL mode, that several processes of one machine may share. The driver is node:sqlite
 * where Node has it (from 22.13), else an installed better-sqlite3 or libsql; it is looked for when the store is opened.
 * All drivers are synchronous: a commit of 1,000 changes is written in ten transactions, with a turn of the event loop after
 * each.
 *
 * @throws TaskOptionError `OPTION_INVALID`
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 * import { sqliteStore } from 'taskward/stores/sqlite'
 *
 * const supervisor = new TaskSupervisor({ store: sqliteStore({ path: 'data/tasks.db' }) })
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): TaskStore {
  const { path, database, synchronous, busyTimeout } = {
    ...SQLITE_DEFAULTS,
    ...(checkOptions('sqliteStore()', options, RULES) as SqliteStoreOptions),
  }
  if ((path === undefined) === (database === undefined)) {
    throw new TaskOptionError(
      'sqliteStore()',
      `expected a path or a database, got ${path === undefined ? 'neither' : 'both'}`,
    )
  }
  return new SqliteStore(database ? { database } : { path: path!, synchronous: synchronous! }, busyTimeout!)
}

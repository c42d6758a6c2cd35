import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { TaskStoreError } from '../../core/errors.js'

/** What SQLite is asked through: node:sqlite, better-sqlite3, libsql and bun:sqlite all have it. Synchronous. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  /** Only called on a database that the store has opened itself. */
  close?(): unknown
}

export interface SqliteStatement {
  /** Gives an object whose `changes` is the number of rows written. */
  run(...values: SqliteValue[]): unknown
  get(...values: SqliteValue[]): unknown
  all(...values: SqliteValue[]): unknown[]
}

export type SqliteValue = string | number | null

type Driver = new (path: string) => SqliteDatabase

/** Where drivers come from; tests have others. */
export interface DriverSource {
  /** As `process.version`, without its v. */
  readonly nodeVersion: string
  /** The one that Node brings along, from 22.13. */
  builtin(): Driver | undefined
  /** Of an installed package, read without loading it. */
  versionOf(name: string): string | undefined
  /** Undefined where it is not installed; throws where it is, but does not load. */
  load(name: string): Driver | undefined
}

/**
 * Opens the file with the first driver there is: node:sqlite, better-sqlite3, libsql.
 *
 * @throws TaskStoreError `STORE_UNAVAILABLE` where there is none, saying what to install
 */
export function openDatabase(path: string, source: DriverSource = installedDrivers()): SqliteDatabase {
  const problems: Error[] = []
  const Database = source.builtin() ?? loadBetterSqlite3(source, problems) ?? load(source, 'libsql', problems)
  if (Database) return new Database(path)
  throw new TaskStoreError(
    'STORE_UNAVAILABLE',
    `it needs a driver for SQLite, and Node ${source.nodeVersion} has none of its own (22.13 and later have): ` +
      ['run `npm install libsql`', ...problems.map(({ message }) => message)].join('; '),
    { cause: problems[0] },
  )
}

/** Version 13 does not throw on Node 20: it takes the whole process down. So its version is looked at first. */
function loadBetterSqlite3(source: DriverSource, problems: Error[]): Driver | undefined {
  const version = source.versionOf('better-sqlite3')
  if (version === undefined) return undefined
  if (parseInt(version) < 13 || parseInt(source.nodeVersion) >= 22) return load(source, 'better-sqlite3', problems)
  problems.push(
    new Error(
      `the installed better-sqlite3 ${version} needs Node 22 and would crash this process, so it has not been loaded: ` +
        'better-sqlite3@12 works on Node 20 too',
    ),
  )
  return undefined
}

const wordsOf = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem))

function load(source: DriverSource, name: string, problems: Error[]): Driver | undefined {
  try {
    return source.load(name)
  } catch (error) {
    problems.push(new Error(`the installed ${name} could not be loaded (${wordsOf(error)})`, { cause: error }))
    return undefined
  }
}

// `require`, because a bundler would look for an `import` of each, and fail where it is not installed.
export function installedDrivers(): DriverSource {
  const require = createRequire(import.meta.url)
  return {
    nodeVersion: process.versions.node,
    builtin: () => {
      const builtin: unknown = process.getBuiltinModule('node:sqlite')
      return (builtin as { DatabaseSync: Driver } | undefined)?.DatabaseSync
    },
    versionOf: (name) => {
      const path = whereInstalled(() => require.resolve(`${name}/package.json`))
      return path && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
    },
    load: (name) => {
      const path = whereInstalled(() => require.resolve(name))
      return path === undefined ? undefined : (require(path) as Driver)
    },
  }
}

function whereInstalled(resolve: () => string): string | undefined {
  try {
    return resolve()
  } catch {
    // There is no other way to ask.
    return undefined
  }
}

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDatabase, type SqliteDatabase } from './driver.js'

/** A file that the store opens and closes, or a database that somebody else opens, sets up and closes. */
export type Source =
  { readonly path: string; readonly synchronous: 'full' | 'normal' } | { readonly database: SqliteDatabase }

const isMemory = (path: string): boolean => path === ':memory:' || path === ''

/** Whether it is gone with the process. */
export function isInMemory(source: Source): boolean {
  if ('path' in source) return isMemory(source.path)
  try {
    const [main] = source.database.prepare('PRAGMA database_list').all() as { file: string | null }[]
    return !main?.file
  } catch {
    // It says what is wrong with it when it is opened.
    return false
  }
}

/** Opens the file, and makes its directory where there is none. */
export function databaseOf(source: Source): SqliteDatabase {
  if ('database' in source) return source.database
  if (!isMemory(source.path)) mkdirSync(dirname(source.path), { recursive: true })
  return openDatabase(source.path)
}

/** May find the file busy, and then does it all again. */
export function setUp(source: Source, database: SqliteDatabase): void {
  if ('database' in source) return
  // The store waits without holding up the thread.
  database.exec('PRAGMA busy_timeout = 0')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(`PRAGMA synchronous = ${source.synchronous}`)
}

/** Closes what the store has opened. */
export function tearDown(source: Source, database: SqliteDatabase): void {
  if ('database' in source) return
  try {
    // SQLite itself empties the log into the file when the last one closes it; libsql only closes its handle.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // What is in the log is there for whoever opens the file next.
  }
  database.close?.()
}

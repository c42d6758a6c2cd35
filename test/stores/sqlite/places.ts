import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type SqliteDatabase } from '../../../src/stores/sqlite/driver.js'

/** An empty directory, and what removes it. */
export function makePlace() {
  const directory = mkdtempSync(join(tmpdir(), 'taskward-sqlite-'))
  return {
    directory,
    path: join(directory, 'tasks.db'),
    dispose: () => {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Opens the file past the store, whatever driver there is, and closes it afterwards. */
export function withDatabase<T>(path: string, work: (database: SqliteDatabase) => T): T {
  const database = openDatabase(path)
  try {
    return work(database)
  } finally {
    database.close?.()
  }
}

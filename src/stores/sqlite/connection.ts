import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.js'

/** How many statements are kept prepared: those of a list differ with what it filters by. */
const MAX_PREPARED = 200

/** One database: its statements are prepared once, and its rows are the same whichever driver gives them. */
export class Connection {
  readonly database: SqliteDatabase
  readonly #prepared = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase) {
    this.database = database
  }

  exec(sql: string): void {
    this.database.exec(sql)
  }

  /** Gives the number of rows written. */
  run(sql: string, ...values: SqliteValue[]): number {
    return Number((this.#statement(sql).run(...values) as { changes: number | bigint }).changes)
  }

  get<Row extends object>(sql: string, ...values: SqliteValue[]): Row | undefined {
    const row = this.#statement(sql).get(...values) as Row | null | undefined
    return row ? withNumbers(row) : undefined
  }

  all<Row extends object>(sql: string, ...values: SqliteValue[]): Row[] {
    return (this.#statement(sql).all(...values) as Row[]).map(withNumbers)
  }

  /** All of it or nothing. Takes the right to write at once, so that nothing it reads can change under it. */
  transaction<T>(work: () => T): T {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      const answer = work()
      this.database.exec('COMMIT')
      return answer
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  #rollBack(): void {
    try {
      this.database.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full. Why it failed is being thrown already.
    }
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql)
    if (known) return known
    const statement = this.database.prepare(sql)
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear()
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** A database that was handed in may have been told to give every integer as a bigint. */
function withNumbers<Row extends object>(row: Row): Row {
  const columns = row as Record<string, unknown>
  for (const name in columns) if (typeof columns[name] === 'bigint') columns[name] = Number(columns[name])
  return row
}

/** A statement and the values bound in it, put together piece by piece. */
export class Statement {
  readonly values: unknown[] = []
  text = ''

  /** Gives what stands for the value in the text. */
  bind(value: unknown, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }
}

/** Null is Postgres's word for no limit. */
export const limitOf = (limit: number): number | null => (limit === Infinity ? null : limit)

/** Statuses that are never left, as a list in SQL. */
export const TERMINAL = `('completed', 'failed', 'cancelled')`

/** The server's clock, in epoch milliseconds. */
export const SERVER_NOW = `floor(extract(epoch FROM clock_timestamp()) * 1000)::float8`

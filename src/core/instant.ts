/** The last instant that is a date. */
const LAST_DATE = 8_640_000_000_000_000

/** An instant in epoch milliseconds, as a record has it: one that never comes is none. */
export const dateOf = (instant: number | null): number | null =>
  instant === null || instant > LAST_DATE ? null : instant

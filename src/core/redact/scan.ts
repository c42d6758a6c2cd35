/** Stands in the place of every secret. */
export const REDACTED = '[redacted]'

/** The name that stands before a separator. */
export interface TextKey {
  name: string
  /** The name with the word before it, as in `api key: x`; empty where there is none. */
  phrase: string
  /** The quote that ends the name with its backslashes, as in `\"name\"`; empty where it has none. */
  quote: string
  /** Where the name begins, its opening quote left out. */
  start: number
}

/** A space or a tab. */
export const isBlank = (unit: number): boolean => unit === 0x20 || unit === 0x09

/** `"`, `'` or a backtick. */
export const isQuote = (unit: number): boolean => unit === 0x22 || unit === 0x27 || unit === 0x60

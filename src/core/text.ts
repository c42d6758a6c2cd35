/** The same text in a form that every store takes: no NUL, no lone surrogate. */
export function storableText(text: string): string {
  return toWellFormed.call(text).replaceAll('\u0000', '\u2400')
}

// In Node since 20, in TypeScript's library since ES2024.
const { toWellFormed } = String.prototype as unknown as { toWellFormed: (this: string) => string }

const MAX_SHOWN = 80

/** A value in a few words, for a message about misuse. Runs none of the value's own code. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value)
  }
  if (typeof value === 'bigint') return 'a bigint'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

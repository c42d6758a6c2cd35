import { readError } from './normalize/errors.js'
import { jsonBytes } from './normalize/fit.js'
import { beginReading, type Limits } from './normalize/reading.js'
import { readJson } from './normalize/values.js'
import type { JsonValue } from './record.js'
import { defaultRedactor, type Redactor } from './redact.js'

export interface JsonCopy {
  /** The value as JSON; null where it has no such form or is too large. */
  value: JsonValue
  /** Whether `value` says all that the original does, redaction aside. */
  isWhole: boolean
}

const DEPTH = 64

/**
 * Copies a value, such as a task's result, into JSON of at most `maxBytes`, without running code of the value's own:
 * neither accessors nor `toJSON`. A date is its ISO string and a field that holds nothing or a function is left out, as
 * in `JSON.stringify`. What has no JSON form (a bigint, NaN, a Map, a circle, an accessor) or does not fit makes the
 * copy null.
 */
export const jsonCopy = (value: unknown, maxBytes: number, redactor: Redactor = defaultRedactor): JsonCopy => {
  const limits: Limits = {
    message: maxBytes,
    name: maxBytes,
    stack: maxBytes,
    frames: maxBytes,
    text: maxBytes,
    key: maxBytes,
    depth: DEPTH,
    keys: maxBytes,
    items: maxBytes,
    causes: 6,
    errors: maxBytes,
    nodes: maxBytes,
    chars: maxBytes,
  }
  try {
    const reading = beginReading(
      limits,
      redactor,
      '',
      (error, inner) => readError(error, inner) as unknown as JsonValue,
    )
    reading.isWhole = true
    const json = readJson(value, reading) ?? null
    return reading.isWhole && jsonBytes(json) <= maxBytes
      ? { value: json, isWhole: true }
      : { value: null, isWhole: false }
  } catch {
    return { value: null, isWhole: false }
  }
}

import type { JsonValue, TaskError } from './record.js'
import { readError, readView } from './normalize/errors.js'
import { fit } from './normalize/fit.js'
import { isArray, isFiniteNumber, isPromise, jsonParse, max, startsWith, trim } from './normalize/intrinsics.js'
import { isError } from './normalize/kinds.js'
import { lineageOf, ownValue } from './normalize/properties.js'
import { beginReading, isReadable, LIMITS, type Reading } from './normalize/reading.js'
import { markHandled } from './normalize/rejections.js'
import { storedText } from './normalize/text.js'
import { errorOf } from './normalize/to-error.js'
import { isBlank, UNKNOWN_ERROR, viewStored } from './normalize/views.js'
import { createRedactor, defaultRedactor, type Redact, type Redactor } from './redact.js'

export interface NormalizeErrorOptions {
  /**
   * The most the whole `TaskError` takes as UTF-8 JSON, in bytes; at least 256.
   * @default 32768
   */
  maxBytes?: number
  /**
   * What to redact besides the defaults; see `Redact`. A caller that reads many errors makes a `Redactor` once.
   * @default []
   */
  redact?: Redact | Redactor
  /**
   * A directory that stacks are to be freed of, such as the user's home: it is written `~`.
   * @default ''
   */
  home?: string
}

const DEFAULT_MAX_BYTES = 32_768
const LEAST_MAX_BYTES = 256

/**
 * Gives the `TaskError` of whatever was thrown. It never throws, never waits, and runs no code of the value's own:
 * no accessor, no trap of a proxy, no `toJSON`, `toString` or `then`. (A getter of its class for `message`, `name`,
 * `code` or `cause` is asked.) The result is bounded, redacted, and safe for every store.
 *
 * @example
 * try { await send(order) } catch (thrown) { log(normalizeError(thrown).message) }
 */
export const normalizeError = (thrown: unknown, options: NormalizeErrorOptions = {}): TaskError => {
  try {
    if (isPromise(thrown)) markHandled(thrown)
    const reading = readingFor(options)
    return bounded(readError(thrown, reading), reading, options)
  } catch {
    // Near the end of the stack, or in a program that has broken the language itself. The message may still be there.
    return lastResort(thrown)
  }
}

/**
 * Reads back whatever was stored as an error: a `TaskError`, its JSON, the plain string of an older version, an object
 * of some other program. What has no message reads 'Unknown error'. It never throws, and bounds and redacts what it
 * reads as `normalizeError` does; what `normalizeError` gave comes back as it was.
 */
export const parseTaskError = (stored: unknown, options: NormalizeErrorOptions = {}): TaskError => {
  try {
    const reading = readingFor(options)
    return bounded(readStored(stored, reading), reading, options)
  } catch {
    return lastResort(stored)
  }
}

/**
 * Gives an `Error` to rethrow: with the name, message, code, stack, causes and own fields of `taskError`, an
 * `AggregateError` where it holds several. `normalizeError` reads it back as the same `TaskError`. It is an instance of
 * no class of the error first thrown.
 */
export const toError = (taskError: TaskError): Error => errorOf(parseTaskError(taskError))

const readingFor = ({ redact, home }: NormalizeErrorOptions): Reading =>
  beginReading(LIMITS, redactorOf(redact), typeof home === 'string' ? home : '', readErrorField)

const redactorOf = (redact: Redact | Redactor | undefined): Redactor => {
  if (redact === undefined) return defaultRedactor
  return 'redactText' in redact ? redact : createRedactor(redact)
}

const readErrorField: Reading['readError'] = (error, reading) => readError(error, reading) as unknown as JsonValue

const bounded = (error: TaskError, reading: Reading, { maxBytes }: NormalizeErrorOptions): TaskError => {
  const limit = isFiniteNumber(maxBytes) ? max(LEAST_MAX_BYTES, maxBytes as number) : DEFAULT_MAX_BYTES
  // Counting costs as much as writing the JSON; most errors are far too small for it.
  return reading.bytes <= limit ? error : fit(error, limit, reading.redactor)
}

const readStored = (stored: unknown, reading: Reading): TaskError => {
  const value = typeof stored === 'string' ? (parsedError(stored) ?? stored) : stored
  if (!isReadable(value)) return readPrimitive(value, reading)
  if (isArray(value)) return { message: UNKNOWN_ERROR, code: null, details: null }
  return isError(value, lineageOf(value)) ? readError(value, reading) : readView(value, viewStored(value), reading)
}

const readPrimitive = (value: unknown, reading: Reading): TaskError => {
  const isTelling = typeof value === 'number' || typeof value === 'boolean'
  return typeof value === 'string' && !isBlank(value)
    ? readError(value, reading)
    : { message: isTelling ? `${value}` : UNKNOWN_ERROR, code: null, details: null }
}

/** Longer JSON is not what this library stored. */
const PARSED_LENGTH = 1_000_000

/** The object that a text is the JSON of, if it has a message; text that was cut off stays text. */
const parsedError = (text: string): object | undefined => {
  if (text.length > PARSED_LENGTH || !startsWith(trim(text), '{')) return undefined
  try {
    const value: unknown = jsonParse(text)
    return isReadable(value) && typeof ownValue(value, 'message') === 'string' ? value : undefined
  } catch {
    // Not JSON, or not all of it.
    return undefined
  }
}

const lastResort = (value: unknown): TaskError => {
  try {
    const message = isReadable(value) ? ownValue(value, 'message') : value
    const text = typeof message === 'string' && !isBlank(message) ? message : UNKNOWN_ERROR
    return { message: storedText(text, LIMITS.message, defaultRedactor), code: null, details: null }
  } catch {
    return { message: 'Unknown error', code: null, details: null }
  }
}

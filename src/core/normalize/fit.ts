import type { JsonValue, TaskError } from '../record.js'
import type { Redactor } from '../redact.js'
import { append, indexOf, isArray, max, min, objectKeys, put, slice, trim } from './intrinsics.js'
import { CAUSES_LEFT_OUT, isMark, TRUNCATED } from './marks.js'
import { firstFrames } from './stack.js'
import { cutRedacted, jsonTextBytes, textOfBytes } from './text.js'
import { isTaskError } from './kinds.js'
import { takenOf } from './parts.js'

/** How much is kept of an error that is larger than it may be, from the first level that makes it fit. */
interface Level {
  readonly message: number
  readonly stack: number
  /** 0 leaves out all own fields. */
  readonly text: number
  readonly keys: number
  /** Odd: a list of even length may be one of names and values. */
  readonly items: number
  readonly depth: number
  readonly errors: number
}

const LEVELS: readonly Level[] = [
  { message: 4096, stack: 4096, text: 512, keys: 30, items: 11, depth: 5, errors: 6 },
  { message: 2048, stack: 3072, text: 256, keys: 20, items: 7, depth: 4, errors: 4 },
  { message: 1024, stack: 2048, text: 128, keys: 12, items: 5, depth: 3, errors: 3 },
  { message: 1024, stack: 1024, text: 64, keys: 8, items: 3, depth: 2, errors: 2 },
  { message: 512, stack: 768, text: 0, keys: 0, items: 0, depth: 0, errors: 1 },
  { message: 256, stack: 512, text: 0, keys: 0, items: 0, depth: 0, errors: 0 },
  { message: 160, stack: 256, text: 0, keys: 0, items: 0, depth: 0, errors: 0 },
  { message: 96, stack: 0, text: 0, keys: 0, items: 0, depth: 0, errors: 0 },
]

/** From this level on, causes between the outermost error and the innermost are left out. */
const ENDS_ONLY = 5
const FIELDS_LEFT_OUT = 'fields left out'
const EMPTY_BYTES = 41

/**
 * Cuts an error down to `maxBytes` of UTF-8 JSON. What goes last is its message, its code, its first frames, and the
 * innermost cause. One that fits is given back as it is.
 */
export const fit = (error: TaskError, maxBytes: number, redactor: Redactor): TaskError => {
  if (jsonBytes(error) <= maxBytes) return error
  for (let i = 0; i < LEVELS.length; i++) {
    const source = i < ENDS_ONLY ? error : endsOf(error)
    const smaller = shrink(source, LEVELS[i]!, redactor)
    const details = smaller.details ?? {}
    put(details, TRUNCATED, `cut down to ${maxBytes} bytes`)
    const marked = { message: smaller.message, code: smaller.code, details }
    if (jsonBytes(marked) <= maxBytes) return marked
  }
  return headOnly(error, maxBytes, redactor)
}

const headOnly = ({ message, code }: TaskError, maxBytes: number, redactor: Redactor): TaskError => {
  const shortCode = code === null ? null : trim(textOfBytes(code, maxBytes >> 2))
  const room = maxBytes - EMPTY_BYTES - (shortCode === null ? 4 : jsonTextBytes(shortCode) + 2)
  let length = min(message.length, room)
  let short = message
  while (length > 16 && jsonTextBytes(short) > room) {
    length = (length * 3) >> 2
    short = cutRedacted(message, length, 0, redactor)
  }
  return {
    message: jsonTextBytes(short) <= room ? short : 'Unknown error',
    code: shortCode === '' ? null : shortCode,
    details: null,
  }
}

/** The outermost error with the innermost as its cause. */
const endsOf = (error: TaskError): TaskError => {
  let innermost = error
  let depth = 0
  for (let next = causeIn(error); next !== undefined; next = causeIn(next)) {
    innermost = next
    depth++
  }
  if (depth < 2 || error.details === null) return error
  const details: Record<string, JsonValue> = {}
  const keys = objectKeys(error.details)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    if (key === CAUSES_LEFT_OUT) continue
    put(details, key, key === 'cause' ? innermost : error.details[key])
    if (key === 'cause') put(details, CAUSES_LEFT_OUT, depth - 1 + countedIn(error.details))
  }
  return { message: error.message, code: error.code, details }
}

const countedIn = (details: Record<string, JsonValue>): number => {
  const counted = details[CAUSES_LEFT_OUT]
  return typeof counted === 'number' ? counted : 0
}

const causeIn = ({ details }: TaskError): TaskError | undefined => {
  const cause = details === null ? undefined : details['cause']
  return isTaskError(cause) ? cause : undefined
}

const shrink = (error: TaskError, level: Level, redactor: Redactor): TaskError => {
  const { message, code, details } = error
  const short = message.length > level.message ? cutRedacted(message, level.message, 0, redactor) : message
  if (details === null) return { message: short, code, details }
  const kept: Record<string, JsonValue> = {}
  const keys = objectKeys(details)
  let left = 0
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const value = details[key]!
    const field = shrinkDetail(key, value, level, redactor)
    if (field === undefined || i - left > level.keys + 5) left++
    else put(kept, key, field)
  }
  if (left > 0) put(kept, TRUNCATED, `${left} ${FIELDS_LEFT_OUT}`)
  return { message: short, code, details: kept }
}

const shrinkDetail = (key: string, value: JsonValue, level: Level, redactor: Redactor): JsonValue | undefined => {
  if (key === 'name' || isMark(key, value)) return value
  if (key === 'stack' && typeof value === 'string') return shrinkStack(value, level.stack, redactor)
  if (key === 'cause' && isTaskError(value)) return asJson(shrink(value, level, redactor))
  if (key === 'errors' && isArray(value)) return level.errors === 0 ? undefined : shrinkErrors(value, level, redactor)
  return level.text === 0 ? undefined : shrinkValue(value, level, level.depth, redactor)
}

const shrinkErrors = (errors: JsonValue[], level: Level, redactor: Redactor): JsonValue[] => {
  const result: JsonValue[] = []
  const taken = level.errors === 1 ? 1 : takenOf(errors.length, level.errors)
  for (let i = 0; i < taken && i < errors.length; i++) {
    const error = errors[i]
    append(result, isTaskError(error) ? asJson(shrink(error, level, redactor)) : error!)
  }
  const left = errors.length - result.length
  if (left > 0) append(result, { message: `[truncated: ${left} more errors]`, code: null, details: null })
  return result
}

const shrinkStack = (stack: string, limit: number, redactor: Redactor): string | undefined => {
  if (limit === 0) return undefined
  if (stack.length <= limit) return stack
  const start = indexOf(stack, '\n    at ')
  if (start < 0) return cutRedacted(stack, limit, 0, redactor)
  const headerLimit = max(64, limit >> 2)
  const header = slice(stack, 0, start)
  const short = header.length > headerLimit ? cutRedacted(header, headerLimit, 0, redactor) : header
  const text = short + firstFrames(stack, start, 50, limit - short.length)
  return redactor.redactText(text) === text ? text : cutRedacted(stack, limit, 0, redactor)
}

const shrinkValue = (value: JsonValue, level: Level, depth: number, redactor: Redactor): JsonValue => {
  if (typeof value === 'string') return value.length > level.text ? cutRedacted(value, level.text, 0, redactor) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth <= 0) return isArray(value) ? `[Array(${value.length})]` : '[object]'
  if (isArray(value)) return shrinkItems(value, level, depth, redactor)
  if (isTaskError(value)) return asJson(shrink(value, { ...level, depth: depth - 1 }, redactor))
  const result: Record<string, JsonValue> = {}
  const keys = objectKeys(value)
  const taken = takenOf(keys.length, level.keys)
  for (let i = 0; i < taken; i++) put(result, keys[i]!, shrinkValue(value[keys[i]!]!, level, depth - 1, redactor))
  if (taken < keys.length) put(result, TRUNCATED, `${keys.length - taken} more keys`)
  return result
}

const shrinkItems = (items: JsonValue[], level: Level, depth: number, redactor: Redactor): JsonValue[] => {
  const result: JsonValue[] = []
  const taken = takenOf(items.length, level.items)
  for (let i = 0; i < taken; i++) append(result, shrinkValue(items[i]!, level, depth - 1, redactor))
  if (taken < items.length) append(result, `[truncated: ${items.length - taken} more items]`)
  return result
}

const asJson = (error: TaskError): JsonValue => error as unknown as JsonValue

/** The bytes of a JSON value as UTF-8 JSON. */
export const jsonBytes = (value: unknown): number => {
  if (typeof value === 'string') return jsonTextBytes(value) + 2
  if (typeof value !== 'object' || value === null) return `${value as number | boolean | null}`.length
  let bytes = 2
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) bytes += jsonBytes(value[i]) + (i > 0 ? 1 : 0)
    return bytes
  }
  const keys = objectKeys(value)
  for (let i = 0; i < keys.length; i++) {
    bytes += jsonTextBytes(keys[i]!) + 3 + jsonBytes((value as Record<string, unknown>)[keys[i]!]) + (i > 0 ? 1 : 0)
  }
  return bytes
}

import { isTaskOptionError, TaskOptionError } from './errors.js'
import { deepFreeze } from './freeze.js'
import { utf8Bytes } from './option-rules.js'
import type { JsonValue } from './record.js'
import { describeValue, storableText } from './text.js'

const MAX_BYTES = 16 * 1024
const MAX_DEPTH = 64

export const NO_METADATA: Readonly<Record<string, JsonValue>> = Object.freeze({})

/**
 * Takes a frozen copy of what a caller wants kept with a task. What is not JSON, or too much, is misuse: better said at the
 * spawn than found missing in a record. Text is made storable; keys that are undefined are left out, as JSON does.
 *
 * @throws TaskOptionError `OPTION_INVALID`, with the path of what offends
 */
export function copyMetadata(path: string, given: unknown): Readonly<Record<string, JsonValue>> {
  // Each value takes at least two bytes of JSON, so a walk that takes longer than this is over the limit anyway.
  const budget = { nodes: MAX_BYTES / 2 }
  let copy: JsonValue
  try {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse(path, 'an object', given)
    copy = copyValue(path, given, 0, budget)
  } catch (error) {
    if (isTaskOptionError(error)) throw error
    // A getter or a Proxy of the caller's threw.
    throw new TaskOptionError(path, 'could not be read')
  }
  const bytes = utf8Bytes(JSON.stringify(copy))
  if (bytes > MAX_BYTES) tooLarge(path)
  return deepFreeze(copy) as Record<string, JsonValue>
}

function copyValue(path: string, value: unknown, depth: number, budget: { nodes: number }): JsonValue {
  if (--budget.nodes < 0) tooLarge(path)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return value.length > MAX_BYTES ? tooLarge(path) : storableText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : refuse(path, 'a finite number', value)
  if (typeof value !== 'object') return refuse(path, 'a JSON value', value)
  if (depth === MAX_DEPTH) throw new TaskOptionError(path, `expected at most ${String(MAX_DEPTH)} levels`)
  if (Array.isArray(value)) {
    if (value.length > MAX_BYTES) tooLarge(path)
    const copy: JsonValue[] = []
    for (let index = 0; index < value.length; index++) {
      copy.push(copyValue(`${path}[${String(index)}]`, value[index], depth + 1, budget))
    }
    return copy
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse(path, 'plain data', value)
  const copy: Record<string, JsonValue> = {}
  const keys = Object.keys(value)
  if (keys.length > MAX_BYTES) tooLarge(path)
  for (const key of keys) {
    const item: unknown = (value as Record<string, unknown>)[key]
    if (item === undefined) continue
    if (key === '__proto__') throw new TaskOptionError(`${path}.__proto__`, 'is no key that can be kept')
    copy[storableText(key)] = copyValue(`${path}.${key.slice(0, 80)}`, item, depth + 1, budget)
  }
  return copy
}

function refuse(path: string, expected: string, value: unknown): never {
  throw new TaskOptionError(path, `expected ${expected}, got ${describeValue(value)}`)
}

function tooLarge(path: string): never {
  throw new TaskOptionError(path, `expected at most ${String(MAX_BYTES)} bytes as JSON`)
}

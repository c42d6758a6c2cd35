import { utf8Bytes } from './option-rules.js'
import type { JsonValue } from './record.js'
import { describeValue, storableText } from './text.js'

/** A value as JSON; where it has none, why. */
export type JsonForm =
  { readonly value: JsonValue; readonly fault: null } | { readonly value: null; readonly fault: string }

const MAX_DEPTH = 64
const UNREADABLE = 'it is a circle, or throws when it is read as JSON'

class Unfit extends Error {}

/**
 * What `JSON.stringify` makes of a value, such as a task's result, `toJSON` included, as at most `maxBytes` of JSON and in text
 * that every store takes. Nothing at all is null; a field that holds nothing or a function is left out. What JSON would change
 * beyond recognition (NaN, a Map, an Error, a bigint, a circle) has no form, and the fault says so. Its cost is bounded by
 * `maxBytes` and by what code of the value's own (`toJSON`, accessors) does.
 */
export function jsonForm(value: unknown, maxBytes: number): JsonForm {
  if (value === undefined) return { value: null, fault: null }
  try {
    const text = JSON.stringify(value, checking(maxBytes)) as string | undefined
    if (text === undefined) return { value: null, fault: `${describeValue(value)} is not JSON` }
    if (utf8Bytes(text) > maxBytes) throw tooLarge(maxBytes)
    return { value: JSON.parse(text) as JsonValue, fault: null }
  } catch (error) {
    // Else a circle, or code of the value's own that threw.
    return { value: null, fault: error instanceof Unfit ? error.message : UNREADABLE }
  }
}

/** A replacer that gives up at the first value that must not be there, or is one too many. */
function checking(maxBytes: number): (this: unknown, key: string, value: unknown) => unknown {
  const depths = new WeakMap<object, number>()
  // Each value takes at least a byte.
  let left = maxBytes
  return function (this: unknown, key, value) {
    if (--left < 0) throw tooLarge(maxBytes)
    if (key === '__proto__') throw new Unfit("a key named '__proto__' cannot be kept")
    if (typeof value === 'string') {
      if (value.length > maxBytes) throw tooLarge(maxBytes)
      return storableText(value)
    }
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Unfit(`${String(value)} is not JSON`)
    const isItem = Array.isArray(this)
    if (typeof value === 'bigint' || (isItem && (typeof value === 'function' || typeof value === 'symbol'))) {
      throw new Unfit(`${describeValue(value)} is not JSON`)
    }
    if (typeof value !== 'object' || value === null) return value
    const depth = (depths.get(this as object) ?? 0) + 1
    if (depth > MAX_DEPTH) throw new Unfit(`it is deeper than ${String(MAX_DEPTH)} levels`)
    const keys = Array.isArray(value) ? null : Object.keys(value)
    // Before it is walked: a list of holes may be as long as no text can be.
    if ((keys ?? (value as unknown[])).length > left) throw tooLarge(maxBytes)
    const fit = keys ? fieldsOf(value, keys) : value
    depths.set(fit, depth)
    return fit
  }
}

/** The object itself where its keys are storable as they are; else a copy. */
function fieldsOf(value: object, keys: readonly string[]): object {
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (ArrayBuffer.isView(value) || (keys.length === 0 && !isPlain)) {
    const kind = storableText(Object.prototype.toString.call(value).slice(0, 80))
    throw new Unfit(`${kind} is not JSON`)
  }
  if (keys.every((key) => storableText(key) === key)) return value
  return Object.fromEntries(keys.map((key) => [storableText(key), (value as Record<string, unknown>)[key]]))
}

const tooLarge = (maxBytes: number): Unfit => new Unfit(`it takes more than ${String(maxBytes)} bytes as JSON`)

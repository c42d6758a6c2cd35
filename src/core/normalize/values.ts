import type { JsonValue } from '../record.js'
import { REDACTED } from '../redact/scan.js'
import { isPairedSecret, secretSibling } from '../redact/siblings.js'
import {
  append,
  exec,
  hasOwn,
  isArgumentsObject,
  isArray,
  isDate,
  isFiniteNumber,
  isMap,
  isProxy,
  isSet,
  mapEntries,
  mapNext,
  mapSize,
  min,
  put,
  slice,
} from './intrinsics.js'
import { isError, isTaskError } from './kinds.js'
import { bigIntText, functionText, labelOf, opaqueText, primitiveText, symbolText, unboxed } from './labels.js'
import { TRUNCATED } from './marks.js'
import { itemsOf, ownFields, takenOf, type Fields, type Items } from './parts.js'
import { lineageOf } from './properties.js'
import { addAncestor, isAncestor, readText, takeNode, type Reading } from './reading.js'

/** Reads any value as JSON; undefined where it has no JSON form, as a function or an absent field. */
export const readJson = (value: unknown, reading: Reading): JsonValue | undefined => {
  switch (typeof value) {
    case 'string':
      return takeNode(reading) ? readText(value, reading.limits.text, reading) : TRUNCATED
    case 'number':
      if (!takeNode(reading)) return TRUNCATED
      if (isFiniteNumber(value)) return value === 0 ? 0 : value
      return stand(`${value}`, reading)
    case 'boolean':
      return takeNode(reading) ? value : TRUNCATED
    case 'bigint':
      return stand(bigIntText(value), reading)
    case 'symbol':
      return stand(symbolText(value), reading)
    case 'object':
      return value === null ? null : readObject(value, reading)
    case 'undefined':
    case 'function':
      return undefined
  }
}

/** A text in place of a value. */
const stand = (text: string, reading: Reading): string =>
  takeNode(reading) ? readText(text, reading.limits.text, reading) : TRUNCATED

const readObject = (value: object, reading: Reading): JsonValue => {
  if (isProxy(value)) return stand('[Proxy]', reading)
  try {
    return readContents(value, reading)
  } catch {
    // Such as a module whose bindings are not there yet. What leads here still holds the rest.
    return stand('[unreadable]', reading)
  }
}

const readContents = (value: object, reading: Reading): JsonValue => {
  const primitive = unboxed(value)
  if (primitive !== value) return readJson(primitive, reading) ?? null
  if (isAncestor(value, reading)) return stand('[Circular]', reading)
  const lineage = lineageOf(value)
  const opaque = opaqueText(value, lineage)
  if (opaque !== undefined) return isDate(value) ? readJson(opaque, reading)! : stand(opaque, reading)
  if (reading.depth >= reading.limits.depth) return stand(`[${labelOf(value)}]`, reading)
  if (isError(value, lineage) || isTaskError(value)) return reading.readError(value, reading)
  if (!takeNode(reading)) return TRUNCATED
  const { ancestors, depth, trail } = reading
  addAncestor(value, reading)
  reading.depth++
  try {
    if (isMap(value)) return readMap(value, reading)
    if (isArray(value) || isArgumentsObject(value) || isSet(value)) {
      return readItems(itemsOf(value, reading.limits.items), reading)
    }
    const fields = ownFields(value, reading)
    if (fields.keys.length === 0 && fields.left === 0 && lineage.prototypes.length > 0) {
      return readText(`[${labelOf(value)}]`, reading.limits.text, reading)
    }
    return readFields(fields, {}, reading)
  } finally {
    // Also after a part that threw.
    reading.ancestors = ancestors
    reading.depth = depth
    reading.trail = trail
  }
}

const readItems = ({ items, length }: Items, reading: Reading): JsonValue[] => {
  const { redactor, trail: outer } = reading
  const result: JsonValue[] = []
  const mayPair = outer?.key !== 'path'
  // What is left of a longer list has an even length whatever the list had.
  const hasPairs = length % 2 === 0 || length > items.length
  for (let i = 0; i < items.length; i++) {
    const trail = { key: `${i}`, outer }
    reading.trail = trail
    const isSecret =
      redactor.hides(trail, items[i]) ||
      (mayPair && isPairedSecret(items[i - 1], items[i], i, hasPairs, (key) => redactor.isSecretKey(key)))
    append(result, isSecret ? hide(reading) : (readJson(items[i], reading) ?? withoutJson(items[i], reading)))
  }
  reading.trail = outer
  if (length > items.length) append(result, stand(`[truncated: ${length - items.length} more items]`, reading))
  return result
}

const withoutJson = (item: unknown, reading: Reading): JsonValue =>
  typeof item === 'function' ? stand(`[${functionText(item)}]`, reading) : null

const hide = (reading: Reading): string => {
  takeNode(reading)
  reading.bytes += 16
  return REDACTED
}

const readMap = (map: Map<unknown, unknown>, reading: Reading): JsonValue => {
  const length = Number(mapSize(map))
  const keys: string[] = []
  const values: unknown[] = []
  const iterator = mapEntries(map)
  const taken = takenOf(length, min(reading.limits.keys, reading.limits.items))
  for (let i = 0; i < taken; i++) {
    const entry = mapNext(iterator).value as { 0: unknown; 1: unknown }
    const key = entry[0]
    append(keys, typeof key === 'object' && key !== null ? `[${labelOf(key)}]` : primitiveText(key))
    append(values, entry[1])
  }
  return readFields({ keys, values, left: length - taken }, {}, reading)
}

/** Writes fields into `result` under clean and unique keys, secrets redacted. */
export const readFields = <T extends object>({ keys, values, left }: Fields, result: T, reading: Reading): T => {
  const { redactor } = reading
  const sibling = secretSibling(keys, values, (key) => redactor.isSecretKey(key))
  for (let i = 0; i < keys.length; i++) readField(keys[i]!, values[i], result, reading, keys[i] === sibling)
  if (left > 0) put(result, TRUNCATED, stand(`${left} more keys`, reading))
  return result
}

/** Writes one field into `result`, as `readFields` does. */
export const readField = (
  key: string,
  value: unknown,
  result: object,
  reading: Reading,
  isMarkedSecret?: boolean,
): void => {
  const { redactor, trail: outer } = reading
  const trail = { key, outer }
  reading.trail = trail
  const isSecret = isMarkedSecret === true || redactor.hides(trail, value)
  const field = isSecret ? hide(reading) : readJson(value, reading)
  reading.trail = outer
  if (field !== undefined) put(result, fieldKey(key, result, reading), field)
}

const FORBIDDEN = /^(?:__proto__|constructor|prototype)$/

/** Keys that some readers take for the object's prototype are put in brackets. */
const fieldKey = (key: string, result: object, reading: Reading): string => {
  const clean = exec(FORBIDDEN, key) === null ? readText(key, reading.limits.key, reading) : `[${key}]`
  let unique = clean
  for (let n = 2; hasOwn(result, unique); n++) unique = `${slice(clean, 0, reading.limits.key - 8)}~${n}`
  return unique
}

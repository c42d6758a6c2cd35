import {
  append,
  getOwnPropertyDescriptor,
  isMap,
  isSet,
  mapEntries,
  mapNext,
  mapSize,
  min,
  objectKeys,
  setNext,
  setSize,
  setValues,
} from './intrinsics.js'
import { unboxed } from './labels.js'
import { lineageOf, ownValue } from './properties.js'
import { isReadable, type Reading } from './reading.js'
import { rawStack } from './stack.js'

/** Fields that hold no value, such as methods, are passed over; so many are looked at. */
const LOOKED_AT = 1000

/** The first items of a list. */
export interface Items {
  readonly items: unknown[]
  /** How many there are in all. */
  readonly length: number
}

/** How many to take so that, with the mark for the rest, there are no more than `limit`. */
export const takenOf = (length: number, limit: number): number => (length <= limit ? length : limit - 1)

/** The first items of an array, a Set, or the values of a Map. */
export const itemsOf = (list: object, limit: number): Items =>
  isSet(list) ? setItems(list, limit) : isMap(list) ? mapItems(list, limit) : arrayItems(list, limit)

const arrayItems = (array: object, limit: number): Items => {
  const own = ownValue(array, 'length')
  const length = typeof own === 'number' && own > 0 ? own : 0
  const items: unknown[] = []
  for (let i = 0; i < takenOf(length, limit); i++) append(items, plain(ownValue(array, `${i}`)))
  return { items, length }
}

/** A string in a box is a string, also to those that look at what stands beside it. */
const plain = (value: unknown): unknown => (isReadable(value) ? unboxed(value) : value)

const setItems = (set: Set<unknown>, limit: number): Items => {
  const length = Number(setSize(set))
  const items: unknown[] = []
  const iterator = setValues(set)
  for (let i = 0; i < takenOf(length, limit); i++) append(items, plain(setNext(iterator).value))
  return { items, length }
}

const mapItems = (map: Map<unknown, unknown>, limit: number): Items => {
  const length = Number(mapSize(map))
  const items: unknown[] = []
  const iterator = mapEntries(map)
  for (let i = 0; i < takenOf(length, limit); i++) {
    append(items, plain((mapNext(iterator).value as { 1: unknown })[1]))
  }
  return { items, length }
}

/** The first fields of an object. */
export interface Fields {
  readonly keys: string[]
  readonly values: unknown[]
  /** How many keys were left out. */
  readonly left: number
}

const NO_FIELDS: Fields = { keys: [], values: [], left: 0 }

/** The own fields of an object that hold data, under the names that `nameOf` gives; it gives none to leave one out. */
export const ownFields = (
  value: object,
  reading: Reading,
  nameOf?: (key: string, field: unknown) => string | undefined,
): Fields => {
  if (reading.listed <= 0) return { keys: [], values: [], left: 1 }
  const listed = objectKeys(value)
  if (listed.length === 0) return NO_FIELDS
  reading.listed -= listed.length
  const keys: string[] = []
  const values: unknown[] = []
  const { keys: limit } = reading.limits
  let looked = 0
  for (; looked < listed.length && looked < LOOKED_AT && keys.length <= limit; looked++) {
    const key = listed[looked]!
    const field: unknown =
      key === 'stack' ? rawStack(value, lineageOf(value)) : getOwnPropertyDescriptor(value, key)?.value
    if (field === undefined || typeof field === 'function') continue
    const name = nameOf === undefined ? key : nameOf(key, field)
    if (name === undefined) continue
    append(keys, name)
    append(values, plain(field))
  }
  const isCut = looked < listed.length || keys.length > limit
  const kept = isCut ? min(keys.length, limit - 1) : keys.length
  const left = listed.length - looked + keys.length - kept
  keys.length = kept
  values.length = kept
  return { keys, values, left }
}

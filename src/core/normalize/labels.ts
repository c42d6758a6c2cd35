import {
  arrayBufferBytes,
  dateText,
  dateTime,
  exec,
  isAnyArrayBuffer,
  isArray,
  isBigIntObject,
  isBooleanObject,
  isDataView,
  isDate,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isNumberObject,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isWeakMap,
  isWeakSet,
  mapSize,
  regExpSource,
  setSize,
  sharedBufferBytes,
  slice,
  symbolDescription,
  typedArrayBytes,
  typedArrayKind,
  typedArrayLength,
  unboxBigInt,
  unboxBoolean,
  unboxNumber,
  unboxString,
  unboxSymbol,
  URLPrototype,
  urlText,
} from './intrinsics.js'
import { classNameOf, descendsFrom, functionName, lineageOf, ownValue, type Lineage } from './properties.js'

/** Larger ones take V8 up to seconds to print. */
const PRINTED_BITS = 512n
const LARGEST_PRINTED = 2n ** PRINTED_BITS
const NAME_READ = 64
/** A short array of numbers is shown; a longer one is data, and bytes may be a key. */
const SHOWN_NUMBERS = 8

export const bigIntText = (value: bigint): string =>
  value < LARGEST_PRINTED && value > -LARGEST_PRINTED ? `${value}n` : `[bigint of more than ${PRINTED_BITS} bits]`

export const symbolText = (value: symbol): string => {
  const description = symbolDescription(value)
  return typeof description === 'string' ? `Symbol(${description})` : 'Symbol()'
}

export const functionText = (fn: object): string => {
  if (isProxy(fn)) return 'Proxy'
  const name = functionName(fn)
  return name === '' ? 'function' : `function ${slice(name, 0, NAME_READ)}`
}

/** What a primitive, or an object that stands for one, says of itself. */
export const primitiveText = (value: unknown): string => {
  if (typeof value === 'bigint') return bigIntText(value)
  if (typeof value === 'symbol') return symbolText(value)
  return typeof value === 'function' ? functionText(value) : `${value as string | number | boolean | null | undefined}`
}

/** The primitive in `new String('x')` and its kin, which would list every character as a key. */
export const unboxed = (value: object): unknown => {
  if (isStringObject(value)) return unboxString(value)
  if (isNumberObject(value)) return unboxNumber(value)
  if (isBooleanObject(value)) return unboxBoolean(value)
  if (isBigIntObject(value)) return unboxBigInt(value)
  if (isSymbolObject(value)) return unboxSymbol(value)
  return value
}

/** What is stored of an object whose contents are not its properties; undefined for one whose contents are. */
export const opaqueText = (value: object, lineage: Lineage): string | undefined => {
  if (isDate(value)) return dateTime(value) === dateTime(value) ? dateText(value) : '[Invalid Date]'
  if (isRegExp(value)) return `/${String(regExpSource(value))}/`
  if (isTypedArray(value)) return typedArrayText(value, lineage)
  if (isAnyArrayBuffer(value) || isDataView(value)) return `[${kindOf(value, lineage)}]`
  if (descendsFrom(lineage, URLPrototype)) return urlOf(value)
  if (isPromise(value) || isWeakMap(value) || isWeakSet(value) || isGeneratorObject(value))
    return `[${kindOf(value, lineage)}]`
  if (isMapIterator(value) || isSetIterator(value)) return '[iterator]'
  return undefined
}

const urlOf = (value: object): string => {
  try {
    return String(urlText(value))
  } catch {
    // An object that has only taken the prototype of URL.
    return '[URL]'
  }
}

const typedArrayText = (value: object, lineage: Lineage): string => {
  const kind = kindOf(value, lineage)
  const length = Number(typedArrayLength(value))
  if (length === 0 || length > SHOWN_NUMBERS || kind === 'Buffer')
    return `[${kind}, ${Number(typedArrayBytes(value))} bytes]`
  let numbers = ''
  for (let i = 0; i < length; i++) numbers += `${i === 0 ? '' : ', '}${(value as Record<number, number | bigint>)[i]}`
  return `[${kind}: ${numbers}]`
}

const kindOf = (value: object, lineage: Lineage): string => {
  if (isTypedArray(value)) return classNameOf(lineage) === 'Buffer' ? 'Buffer' : String(typedArrayKind(value))
  if (isPromise(value)) return 'Promise'
  if (isAnyArrayBuffer(value)) return bufferKind(value)
  if (isDataView(value)) return 'DataView'
  if (isGeneratorObject(value)) return 'generator'
  if (isWeakMap(value)) return 'WeakMap'
  return isWeakSet(value) ? 'WeakSet' : 'object'
}

const bufferKind = (value: object): string => {
  try {
    return `ArrayBuffer, ${Number(arrayBufferBytes(value))} bytes`
  } catch {
    // Its getter knows only unshared buffers, and there is no other way to tell them apart.
    return `SharedArrayBuffer, ${Number(sharedBufferBytes(value))} bytes`
  }
}

/** A word or two for what an object is: its kind with its size, or its class. */
export const labelOf = (value: object): string => {
  if (isProxy(value)) return 'Proxy'
  const length = isArray(value) ? ownValue(value, 'length') : undefined
  if (typeof length === 'number') return `Array(${length})`
  if (isMap(value)) return `Map(${Number(mapSize(value))})`
  if (isSet(value)) return `Set(${Number(setSize(value))})`
  const lineage = lineageOf(value)
  const kind = kindOf(value, lineage)
  if (kind !== 'object') return kind
  const name = slice(classNameOf(lineage), 0, NAME_READ)
  return exec(CLASS_NAME, name) === null ? 'object' : name
}

const CLASS_NAME = /^[\p{L}_$][\p{L}\d_$]*$/u

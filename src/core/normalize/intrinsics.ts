/* eslint-disable @typescript-eslint/unbound-method -- taking methods off their prototypes is what this file is for */
import { types } from 'node:util'

/**
 * The built-ins that reading a hostile value needs, taken when this module loads. A program that patches them later
 * (`Array.prototype`, `JSON.stringify`, `RegExp.prototype.exec`, ...) neither sees what is read nor breaks the reading.
 * For the same reason the code around them walks arrays by index, and never by iterator or spread.
 */

type Method<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result

/** `uncurry(fn)(self, ...args)` is `fn.call(self, ...args)`, safe from a patched `call`. */
const uncurry = <This, Args extends unknown[], Result>(
  fn: Method<This, Args, Result>,
): ((self: This, ...args: Args) => Result) => Function.prototype.call.bind(fn)

/** The getter of a built-in's property, such as `Map.prototype.size`. It throws for a value of another kind. */
const getterOf = (owner: object, key: PropertyKey): ((self: unknown) => unknown) => {
  const getter = Object.getOwnPropertyDescriptor(owner, key)?.get
  if (getter === undefined) throw new Error(`BUG: ${String(key)} has no getter here; please report it`)
  return uncurry<unknown, [], unknown>(getter)
}

export const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible } = Reflect
export const { deleteProperty } = Reflect
export const { keys: objectKeys, hasOwn } = Object
export const { isArray } = Array
export const { isFinite: isFiniteNumber } = Number
export const { parse: jsonParse } = JSON
export const min = Math.min
export const max = Math.max
export const imul = Math.imul
export const {
  isAnyArrayBuffer,
  isArgumentsObject,
  isBigIntObject,
  isBooleanObject,
  isDataView,
  isDate,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isNativeError,
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
} = types

export const NativeError = Error
export const NativeAggregateError = AggregateError
export const NativeRegExp = RegExp
export const NativeSet = Set

export const ErrorPrototype: object = Error.prototype
export const FunctionPrototype: object = Function.prototype
export const ObjectPrototype: object = Object.prototype

export const slice = uncurry(String.prototype.slice)
export const charCodeAt = uncurry(String.prototype.charCodeAt)
export const codePointAt = uncurry(String.prototype.codePointAt)
export const indexOf = uncurry(String.prototype.indexOf)
export const lastIndexOf = uncurry(String.prototype.lastIndexOf)
export const startsWith = uncurry(String.prototype.startsWith)
export const endsWith = uncurry(String.prototype.endsWith)
export const toLowerCase = uncurry(String.prototype.toLowerCase)
export const trim = uncurry(String.prototype.trim)

// Part of Node 20, not yet of the library version that the compiler is told of.
const unicode = String.prototype as unknown as {
  isWellFormed(this: string): boolean
  toWellFormed(this: string): string
}
export const isWellFormed = uncurry(unicode.isWellFormed)
export const toWellFormed = uncurry(unicode.toWellFormed)

/** `pattern.exec(text)`, which a patched `RegExp.prototype` cannot see. It honours `lastIndex` of a `g` or `y` pattern. */
export const exec = uncurry<RegExp, [text: string], RegExpExecArray | null>(RegExp.prototype.exec)
export const regExpSource = getterOf(RegExp.prototype, 'source')
export const regExpFlags = getterOf(RegExp.prototype, 'flags')

export const dateTime = uncurry(Date.prototype.getTime)
export const dateText = uncurry(Date.prototype.toISOString)
export const symbolDescription = getterOf(Symbol.prototype, 'description')
export const unboxBigInt = uncurry(BigInt.prototype.valueOf)
export const unboxBoolean = uncurry(Boolean.prototype.valueOf)
export const unboxNumber = uncurry(Number.prototype.valueOf)
export const unboxString = uncurry(String.prototype.valueOf)
export const unboxSymbol = uncurry(Symbol.prototype.valueOf)

export const mapEntries = uncurry<Map<unknown, unknown>, [], MapIterator<[unknown, unknown]>>(Map.prototype.entries)
export const mapNext = uncurry<MapIterator<[unknown, unknown]>, [], IteratorResult<[unknown, unknown]>>(
  new Map<unknown, unknown>().entries().next,
)
export const mapSize = getterOf(Map.prototype, 'size')
export const setValues = uncurry<Set<unknown>, [], SetIterator<unknown>>(Set.prototype.values)
export const setNext = uncurry<SetIterator<unknown>, [], IteratorResult<unknown>>(new Set<unknown>().values().next)
export const setSize = getterOf(Set.prototype, 'size')
export const setAdd = uncurry<Set<unknown>, [unknown], Set<unknown>>(Set.prototype.add)
export const setHas = uncurry<Set<unknown>, [unknown], boolean>(Set.prototype.has)

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object
export const typedArrayLength = getterOf(TypedArrayPrototype, 'length')
export const typedArrayBytes = getterOf(TypedArrayPrototype, 'byteLength')
/** The name of the kind, `Uint8Array` and so on; a `Buffer` is a `Uint8Array`. */
export const typedArrayKind = getterOf(TypedArrayPrototype, Symbol.toStringTag)
export const arrayBufferBytes = getterOf(ArrayBuffer.prototype, 'byteLength')
export const sharedBufferBytes = getterOf(SharedArrayBuffer.prototype, 'byteLength')

export const DOMExceptionPrototype: object = DOMException.prototype
export const URLPrototype: object = URL.prototype
export const urlText = getterOf(URL.prototype, 'href')

export const PromisePrototype: object = Promise.prototype
/** `then` of a native promise. */
export const promiseThen = uncurry<unknown, [undefined, () => void], unknown>(
  Promise.prototype.then as Method<unknown, [undefined, () => void], unknown>,
)

/** From Node 21 on `stack` is an own accessor of each error, whose getter all errors of a realm share. */
export const nativeStackGetter = Object.getOwnPropertyDescriptor(new Error(), 'stack')?.get

/** What formats stacks since before the first value came: Node's own function, or a tool the program chose. */
export const loadedPrepareStackTrace: unknown = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value

/** Adds to the end of an array of our own, also when `Array.prototype` has a setter for that index. */
export const append = <T>(list: T[], item: T): void => {
  put(list, list.length, item)
}

/**
 * Sets a property of an object of our own. A plain assignment would run a setter of a patched prototype, and would
 * throw where a frozen `Object.prototype` has a property of that name.
 */
export const put = (target: object, key: string | number, value: unknown): void => {
  if (key in target && !hasOwn(target, key)) {
    const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true }
    defineProperty(target, key, descriptor as PropertyDescriptor)
  } else (target as Record<string | number, unknown>)[key] = value
}

import {
  append,
  apply,
  ErrorPrototype,
  FunctionPrototype,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isProxy,
  ObjectPrototype,
} from './intrinsics.js'

/** A long chain of prototypes is nobody's class. */
const MAX_PROTOTYPES = 64

/** The value of an own data property; undefined for an accessor, whose code is not run. */
export const ownValue = (target: object, key: PropertyKey): unknown => getOwnPropertyDescriptor(target, key)?.value

/** The prototypes of an object that is no proxy, as far as they can be walked. */
export interface Lineage {
  readonly prototypes: object[]
  /**
   * Whether the walk ended at the Object.prototype of this realm. A proxy among the prototypes ends it early, and an
   * object of another realm, as `vm` makes them, has another end.
   */
  readonly isLocal: boolean
}

const PLAIN: Lineage = { prototypes: [], isLocal: true }
const FREE: Lineage = { prototypes: [], isLocal: false }
const PLAIN_ERROR: Lineage = { prototypes: [ErrorPrototype], isLocal: true }

/** Object.prototype is left out: what it has, it has for every object. */
export const lineageOf = (target: object): Lineage => {
  let prototype = getPrototypeOf(target)
  if (prototype === ObjectPrototype) return PLAIN
  if (prototype === null) return FREE
  if (prototype === ErrorPrototype && getPrototypeOf(prototype) === ObjectPrototype) return PLAIN_ERROR
  const prototypes: object[] = []
  while (prototype !== null && prototype !== ObjectPrototype) {
    if (isProxy(prototype) || prototypes.length >= MAX_PROTOTYPES) return { prototypes, isLocal: false }
    append(prototypes, prototype)
    prototype = getPrototypeOf(prototype)
  }
  return { prototypes, isLocal: prototype === ObjectPrototype }
}

export const descendsFrom = ({ prototypes }: Lineage, prototype: object): boolean => {
  for (let i = 0; i < prototypes.length; i++) if (prototypes[i] === prototype) return true
  return false
}

/**
 * What an object has under one of the names an error is known by. Its own accessor is never called, whatever it might
 * give. A getter of its class is: `get message()` in a class is how the class says what its message is.
 */
export const lookUp = (target: object, key: PropertyKey, { prototypes }: Lineage): unknown => {
  const own = getOwnPropertyDescriptor(target, key)
  if (own !== undefined) return own.value
  for (let i = 0; i < prototypes.length; i++) {
    const prototype = prototypes[i]!
    const inherited = getOwnPropertyDescriptor(prototype, key)
    if (inherited === undefined) continue
    if (inherited.get === undefined) return inherited.value
    const { get } = inherited
    return isClassPrototype(prototype) ? ask((): unknown => apply(get, target, [])) : undefined
  }
  return undefined
}

/**
 * Whether a getter of a class is running. One that normalizes its own error would be asked again by that, and so on:
 * the inner reading does without.
 */
let isAsking = false

/** Runs code of a class, unless code of a class is what runs this. */
export const ask = <T>(work: () => T): T | undefined => {
  if (isAsking) return undefined
  isAsking = true
  try {
    return work()
  } catch {
    // A getter that throws has no value; the rest of the object can still be read.
    return undefined
  } finally {
    isAsking = false
  }
}

const isClassPrototype = (prototype: object): boolean => {
  const constructor = ownValue(prototype, 'constructor')
  return typeof constructor === 'function' && !isProxy(constructor) && ownValue(constructor, 'prototype') === prototype
}

/** The name of the class that an object is of; empty for a plain object and for what cannot be told. */
export const classNameOf = ({ prototypes }: Lineage): string => {
  for (let i = 0; i < prototypes.length; i++) {
    const constructor = ownValue(prototypes[i]!, 'constructor')
    if (constructor === undefined) continue
    return typeof constructor === 'function' && !isProxy(constructor) ? functionName(constructor) : ''
  }
  return ''
}

export const functionName = (fn: object): string => {
  const name = ownValue(fn, 'name')
  return typeof name === 'string' ? name : ''
}

/** Whether formatting a stack would run code of the object's: V8 asks it for its name and its message. */
export const isQuiet = (target: object, key: 'name' | 'message', lineage: Lineage): boolean => {
  const own = getOwnPropertyDescriptor(target, key)
  if (own !== undefined) return 'value' in own && isInert(own.value)
  for (let i = 0; i < lineage.prototypes.length; i++) {
    const inherited = getOwnPropertyDescriptor(lineage.prototypes[i]!, key)
    if (inherited === undefined) continue
    return 'value' in inherited ? isInert(inherited.value) : isClassPrototype(lineage.prototypes[i]!)
  }
  return getOwnPropertyDescriptor(ObjectPrototype, key) === undefined
}

/** A symbol runs nothing, but V8 throws when it is to write one. */
const isInert = (value: unknown): boolean =>
  (typeof value !== 'object' || value === null) && typeof value !== 'function' && typeof value !== 'symbol'

/** Whether nobody has given all functions a property of this name, as a hostile program might. */
export const isAbsentFromAll = (key: string): boolean =>
  getOwnPropertyDescriptor(FunctionPrototype, key) === undefined &&
  getOwnPropertyDescriptor(ObjectPrototype, key) === undefined

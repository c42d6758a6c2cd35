import { TaskOptionError } from './errors.js'
import { likelySpelling } from './spelling.js'
import { describeValue } from './text.js'

/** What an option may be: in words, and as a check that runs only once the value is known not to be undefined. */
export interface Rule {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  /** For an option that is itself a set of options. */
  readonly within?: Rules
  /** For one whose keys are names of the caller's: what each value may be. */
  readonly each?: Rule
  /** For an option that holds code, so that no file can give it. */
  readonly isCode?: true
}

export type Rules = Readonly<Record<string, Rule>>

const MAX_NAME_BYTES = 256

const isInteger = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && (value as number) >= least

export const timeRule: Rule = {
  expected: 'whole milliseconds from 0, or Infinity',
  accepts: (value) => value === Infinity || isInteger(value, 0),
}

export const capRule: Rule = {
  expected: 'an integer from 1, or Infinity',
  accepts: (value) => value === Infinity || isInteger(value, 1),
}

export const countRule: Rule = {
  expected: 'an integer from 0, or Infinity',
  accepts: (value) => value === Infinity || isInteger(value, 0),
}

export const limitRule: Rule = {
  expected: 'an integer from 1',
  accepts: (value) => isInteger(value, 1),
}

export const instantRule: Rule = {
  expected: 'epoch milliseconds',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value),
}

export const priorityRule: Rule = {
  expected: 'a finite number',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value),
}

export const booleanRule: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }

export const functionRule: Rule = {
  expected: 'a function',
  accepts: (value) => typeof value === 'function',
  isCode: true,
}

export const textRule: Rule = { expected: 'a string', accepts: (value) => typeof value === 'string' }

/** For what names a thing or its owner, and so may not be altered to fit a store. */
export const nameRule: Rule = {
  expected: `well-formed text of 1 to ${String(MAX_NAME_BYTES)} bytes without NUL`,
  accepts: (value) =>
    typeof value === 'string' && value !== '' && !/\0|\p{Surrogate}/u.test(value) && utf8Bytes(value) <= MAX_NAME_BYTES,
}

export const oneOf = (...choices: readonly string[]): Rule => ({
  expected: `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
  accepts: (value) => choices.includes(value as string),
})

/** An object with these methods, whatever else it is. */
export const objectWith = (...methods: readonly string[]): Rule => ({
  expected: `an object with ${methods.map((method) => `${method}()`).join(', ')}`,
  accepts: (value) => isObject(value) && methods.every((method) => typeof value[method] === 'function'),
  isCode: true,
})

/** Options by names of the caller's. */
export const named = (each: Rule): Rule => ({ expected: 'an object', accepts: isObject, each })

export const optionsWithin = (within: Rules): Rule => ({ expected: 'an object', accepts: isObject, within })

/**
 * Holds what a caller gave against the rules, and gives a plain copy of it without what is undefined.
 *
 * @param path what to call it, as in `spawn()`
 * @throws TaskOptionError `OPTION_INVALID`, with what was expected, what came, and the likely spelling
 */
export function checkOptions(path: string, given: unknown, rules: Rules): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  if (given === undefined) return options
  for (const key of keysOf(path, given)) {
    const where = `${path}.${key.slice(0, MAX_NAME_BYTES)}`
    const rule = Object.hasOwn(rules, key) ? rules[key]! : undefined
    if (rule === undefined) throw new TaskOptionError(where, unknownWord('option', key, Object.keys(rules)))
    const value = read(given as Record<string, unknown>, key, where)
    if (value === undefined) continue
    checkValue(where, value, rule)
    options[key] = checkWithin(where, value, rule)
  }
  return options
}

/** What is itself a set of options, checked; anything else as it came. */
function checkWithin(where: string, value: unknown, { within, each }: Rule): unknown {
  if (within) return checkOptions(where, value, within)
  if (!each) return value
  const named = keysOf(where, value).map((name): [string, unknown] => {
    checkValue(`a name in ${where}`, name, nameRule)
    const own = `${where}.${name}`
    const entry = read(value as Record<string, unknown>, name, own)
    if (entry === undefined) return [name, {}]
    checkValue(own, entry, each)
    return [name, checkWithin(own, entry, each)]
  })
  // Defines its keys, so that '__proto__' is a name like any other.
  return Object.fromEntries(named)
}

/** @throws TaskOptionError `OPTION_INVALID` */
export function checkValue(path: string, value: unknown, rule: Rule): void {
  let isAccepted: boolean
  try {
    isAccepted = rule.accepts(value)
  } catch {
    // A getter or a Proxy that throws when it is asked is not what was expected either.
    isAccepted = false
  }
  if (!isAccepted) throw new TaskOptionError(path, `expected ${rule.expected}, got ${describeValue(value)}`)
}

export function unknownWord(kind: string, word: string, known: readonly string[]): string {
  const meant = likelySpelling(word, known)
  const hint = meant === undefined ? `known: ${known.join(', ')}` : `did you mean '${meant}'?`
  return `unknown ${kind} ${describeValue(word)}; ${hint}`
}

/** For well-formed text. */
export const utf8Bytes = (text: string): number => {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Each half of a surrogate pair counts two of its four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}

/** What options can be read from: a plain object, or one of a class that has any. Not a map, a date or a handle. */
function isReadable(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null || enumerableKeys(value).length > 0
}

/** Inherited ones too, as from a class with defaults. */
function enumerableKeys(value: object): string[] {
  const keys: string[] = []
  for (const key in value) keys.push(key)
  return keys
}

/** @throws TaskOptionError `OPTION_INVALID` also where a trap of the caller's throws */
function keysOf(path: string, given: unknown): string[] {
  let keys: string[] | null
  try {
    keys = isReadable(given) ? enumerableKeys(given) : null
  } catch {
    keys = null
  }
  if (keys) return keys
  throw new TaskOptionError(path, `expected an object of options, got ${describeValue(given)}`)
}

function read(given: Record<string, unknown>, key: string, path: string): unknown {
  try {
    return given[key]
  } catch {
    throw new TaskOptionError(path, 'could not be read')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

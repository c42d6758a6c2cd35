import type { JsonValue } from './record.js'
import {
  append,
  exec,
  indexOf,
  isArray,
  isRegExp,
  NativeRegExp,
  objectKeys,
  put,
  regExpFlags,
  regExpSource,
  slice,
  toLowerCase,
} from './normalize/intrinsics.js'
import { ownCopy } from './normalize/own-copy.js'
import { isSensitiveKey } from './redact/keys.js'
import { REDACTED } from './redact/scan.js'
import { isPairedSecret, secretSibling } from './redact/siblings.js'
import { isSuspect, redactSecrets } from './redact/text.js'

/**
 * What to redact besides the defaults. A string is a key, or a path of keys with dots between: `'ssn'`,
 * `'card.number'`, `'headers.*'`. A path matches wherever its keys follow each other, `*` stands for any one key, and
 * case, `-`, `_` and spaces in a key do not count. A regular expression is tried on each key.
 */
export type Redact = readonly (string | RegExp)[]

/** The keys that lead to a value, its own first. */
export interface Trail {
  readonly key: string
  readonly outer: Trail | undefined
}

export interface Redactor {
  /** Replaces each secret in a text: passwords in URLs, credentials, known tokens, and the values of secret keys. */
  redactText(text: string): string
  /** Whether a text holds no secret. It remembers a few that hold none: a fault that recurs has the same stack. */
  isClean(text: string): boolean
  /** Replaces each secret in a value, by key and in its texts. It gives the same value when there is none. */
  redactValue(value: JsonValue): JsonValue
  /** Whether the value at the end of a trail is a secret. */
  hides(trail: Trail, value: unknown): boolean
  /** Whether a key alone says that its value is a secret. */
  isSecretKey(key: string): boolean
}

/** Values nested deeper than this are replaced, so that a stored value cannot exhaust the stack. */
const MAX_DEPTH = 200
const TOO_DEEP = '[nested too deep]'
const REMEMBERED = 8

/** Makes a redactor of the defaults and of what `redact` adds. Entries that are neither text nor pattern are left out. */
export const createRedactor = (redact: Redact = []): Redactor => {
  const paths: string[][] = []
  const patterns: RegExp[] = []
  for (let i = 0; i < redact.length; i++) {
    const entry: unknown = redact[i]
    if (typeof entry === 'string' && entry !== '') append(paths, segmentsOf(entry))
    else if (isRegExp(entry)) append(patterns, statelessCopy(entry))
  }
  const isPlain = paths.length === 0 && patterns.length === 0

  const isNamed = (key: string): boolean => {
    const read = key.length > 256 ? slice(key, 0, 256) : key
    for (let i = 0; i < patterns.length; i++) if (exec(patterns[i]!, read) !== null) return true
    const folded = paths.length === 0 ? '' : folding(lastSegment(read))
    for (let i = 0; i < paths.length; i++) if (paths[i]!.length === 1 && paths[i]![0] === folded) return true
    return false
  }
  const isSecretKey = (key: string): boolean => isSensitiveKey(key) || (!isPlain && isNamed(key))
  const hides = (trail: Trail, value: unknown): boolean => {
    if (value === null || typeof value === 'boolean') return false
    const { key } = trail
    if (isSensitiveKey(key, value)) return true
    if (isPlain) return false
    for (let i = 0; i < patterns.length; i++) if (exec(patterns[i]!, key) !== null) return true
    for (let i = 0; i < paths.length; i++) if (endsInPath(trail, paths[i]!)) return true
    return false
  }
  const redactText = (text: string): string =>
    text.length < 5 || (isPlain && !isSuspect(text)) ? text : redactSecrets(text, isSecretKey)

  const clean: string[] = []
  let replaced = 0
  const isClean = (text: string): boolean => {
    for (let i = 0; i < clean.length; i++) if (clean[i] === text) return true
    if (redactText(text) !== text) return false
    put(clean, replaced++ % REMEMBERED, ownCopy(text))
    return true
  }

  const redactValue = (value: JsonValue, trail: Trail | undefined, depth: number): JsonValue => {
    if (typeof value === 'string') return redactText(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth > MAX_DEPTH) return TOO_DEEP
    return isArray(value) ? redactItems(value, trail, depth + 1) : redactFields(value, trail, depth + 1)
  }
  const redactItems = (items: JsonValue[], outer: Trail | undefined, depth: number): JsonValue => {
    const result: JsonValue[] = []
    const mayPair = outer?.key !== 'path'
    let isChanged = false
    for (let i = 0; i < items.length; i++) {
      const isPaired = mayPair && isPairedSecret(items[i - 1], items[i], i, items.length % 2 === 0, isSecretKey)
      const trail = { key: `${i}`, outer }
      const item = isPaired || hides(trail, items[i]) ? REDACTED : redactValue(items[i]!, trail, depth)
      append(result, item)
      isChanged ||= item !== items[i]
    }
    return isChanged ? result : items
  }
  const redactFields = (fields: { [key: string]: JsonValue }, outer: Trail | undefined, depth: number): JsonValue => {
    const keys = objectKeys(fields)
    const values: JsonValue[] = []
    for (let i = 0; i < keys.length; i++) append(values, fields[keys[i]!]!)
    const sibling = secretSibling(keys, values, isSecretKey)
    const result = {}
    let isChanged = false
    for (let i = 0; i < keys.length; i++) {
      const trail = { key: keys[i]!, outer }
      const isSecret = keys[i] === sibling || hides(trail, values[i])
      const field = isSecret ? REDACTED : redactValue(values[i]!, trail, depth)
      put(result, keys[i]!, field)
      isChanged ||= field !== values[i]
    }
    return isChanged ? result : fields
  }

  return { redactText, isClean, redactValue: (value) => redactValue(value, undefined, 0), hides, isSecretKey }
}

/** The redactor of the defaults alone. */
export const defaultRedactor: Redactor = createRedactor()

const statelessCopy = (pattern: RegExp): RegExp => {
  const flags = String(regExpFlags(pattern))
  return new NativeRegExp(
    String(regExpSource(pattern)),
    indexOf(flags, 'i') < 0 ? unicodeFlag(flags) : `i${unicodeFlag(flags)}`,
  )
}

const unicodeFlag = (flags: string): string => (indexOf(flags, 'v') >= 0 ? 'v' : indexOf(flags, 'u') >= 0 ? 'u' : '')

const segmentsOf = (path: string): string[] => {
  const segments: string[] = []
  let from = 0
  for (let dot = indexOf(path, '.'); dot >= 0; dot = indexOf(path, '.', from)) {
    append(segments, folding(slice(path, from, dot)))
    from = dot + 1
  }
  append(segments, folding(slice(path, from)))
  return segments
}

const lastSegment = (key: string): string => {
  let from = 0
  for (let dot = indexOf(key, '.'); dot >= 0; dot = indexOf(key, '.', from)) from = dot + 1
  return slice(key, from)
}

/** A key without what its spellings differ in. */
const folding = (key: string): string => {
  const lower = toLowerCase(key)
  let folded = ''
  for (let i = 0; i < lower.length; i++) {
    const letter = lower[i]!
    if (letter !== '-' && letter !== '_' && letter !== ' ') folded += letter
  }
  return folded
}

const endsInPath = (trail: Trail, path: readonly string[]): boolean => {
  let at: Trail | undefined = trail
  for (let i = path.length - 1; i >= 0; i--, at = at.outer) {
    if (at === undefined || (path[i] !== '*' && path[i] !== folding(at.key))) return false
  }
  return true
}

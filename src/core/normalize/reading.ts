import type { JsonValue } from '../record.js'
import type { Redactor, Trail } from '../redact.js'
import { isProxy, max, min } from './intrinsics.js'
import { storedText } from './text.js'

/** How much of a value is read. Everything past a limit leaves a mark that says how much there was. */
export interface Limits {
  message: number
  name: number
  stack: number
  frames: number
  /** Characters of a text in a field. */
  text: number
  key: number
  depth: number
  keys: number
  items: number
  /** Errors of one chain of causes, the innermost included. */
  causes: number
  /** Errors of one aggregate. */
  errors: number
  /** Values in all. */
  nodes: number
  /** Characters in all; past it, texts are cut to `SHORT_TEXT`. */
  chars: number
}

export const LIMITS: Limits = {
  message: 4096,
  name: 128,
  stack: 8192,
  frames: 50,
  text: 2048,
  key: 128,
  depth: 6,
  keys: 40,
  items: 20,
  causes: 6,
  errors: 10,
  nodes: 400,
  chars: 49_152,
}

export const CODE_LENGTH = 128
/** What one call lists of keys in all: V8 needs half a second for a million, and cannot list a part of them. */
const LISTED_KEYS = 100_000
/** So far chains of causes are followed in all; longer ones are made by a machine. */
const FOLLOWED_CAUSES = 200_000
const SHORT_TEXT = 64

/** One call's reading of one value: its limits, what is left of them, and where it is. */
export interface Reading {
  readonly limits: Limits
  readonly redactor: Redactor
  /** Cut from stacks, where asked. */
  readonly home: string
  /** How an error met among the fields is read; here so that fields and errors can hold each other. */
  readonly readError: (error: object, reading: Reading) => JsonValue
  nodes: number
  chars: number
  listed: number
  followed: number
  /** No less than the bytes of what was read so far. */
  bytes: number
  /** How many values hold the one that is read. */
  depth: number
  /** The keys that lead here. */
  trail: Trail | undefined
  /** The objects that lead here: values that hold each other, and errors that cause each other. */
  ancestors: Ancestor | undefined
}

export interface Ancestor {
  readonly value: object
  readonly outer: Ancestor | undefined
}

export const beginReading = (
  limits: Limits,
  redactor: Redactor,
  home: string,
  readError: Reading['readError'],
): Reading => ({
  limits,
  redactor,
  home,
  readError,
  nodes: limits.nodes,
  chars: limits.chars,
  listed: LISTED_KEYS,
  followed: FOLLOWED_CAUSES,
  bytes: 0,
  depth: 0,
  trail: undefined,
  ancestors: undefined,
})

/** Reads a text within what is left. */
export const readText = (text: string, limit: number, reading: Reading): string => {
  const room = min(limit, max(reading.chars, SHORT_TEXT))
  const stored = storedText(text, room, reading.redactor)
  countText(stored, reading)
  return stored
}

/** A control character takes six bytes as JSON, every other at most three. */
export const countText = (stored: string, reading: Reading): void => {
  reading.chars -= stored.length
  reading.bytes += stored.length * 6 + 4
}

/** Takes one value of those left. */
export const takeNode = (reading: Reading): boolean => {
  reading.bytes += 32
  if (reading.nodes <= 0) return false
  reading.nodes--
  return true
}

export const isAncestor = (value: unknown, { ancestors }: Reading): boolean => {
  for (let ancestor = ancestors; ancestor !== undefined; ancestor = ancestor.outer) {
    if (ancestor.value === value) return true
  }
  return false
}

export const addAncestor = (value: unknown, reading: Reading): void => {
  if (isReadable(value)) reading.ancestors = { value, outer: reading.ancestors }
}

/** An object of which something may be read: a proxy answers everything with code of its own. */
export const isReadable = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isProxy(value)

import {
  apply,
  defineProperty,
  endsWith,
  getOwnPropertyDescriptor,
  indexOf,
  loadedPrepareStackTrace,
  max,
  min,
  NativeError,
  nativeStackGetter,
  slice,
  startsWith,
} from './intrinsics.js'
import { ownCopy } from './own-copy.js'
import { ask, isAbsentFromAll, isQuiet, type Lineage } from './properties.js'
import { countText, type Reading } from './reading.js'
import { replaceText } from './replace.js'
import type { Redactor } from '../redact.js'
import { REDACTED } from '../redact/scan.js'
import { cleanText, cutRedacted, storedText } from './text.js'

/**
 * The stack of an object, or undefined where it has none that can be read without running code of the object's own.
 * V8 writes a stack when it is first asked for, and asks the error for its name and message and the program's
 * `Error.prepareStackTrace` then, even when only the property's descriptor is asked for. For an object of another realm
 * it asks that realm's, which cannot be looked at from here.
 *
 * An error whose own message is an accessor, as that of zod's errors is, has the data `message` instead while V8 writes.
 */
export const rawStack = (target: object, lineage: Lineage, message = ''): string | undefined => {
  if (!lineage.isLocal || !isQuiet(target, 'name', lineage) || !isFormatterTrusted()) return undefined
  if (isQuiet(target, 'message', lineage)) return ask(() => stackOf(target))
  const own = getOwnPropertyDescriptor(target, 'message')
  if (message === '' || own?.get === undefined || own.configurable !== true) return undefined
  const data = { __proto__: null, value: message, enumerable: own.enumerable, configurable: true }
  defineProperty(target, 'message', data as PropertyDescriptor)
  const stack = ask(() => stackOf(target))
  defineProperty(target, 'message', own)
  return stack
}

const stackOf = (target: object): string | undefined => {
  const descriptor = getOwnPropertyDescriptor(target, 'stack')
  if (descriptor === undefined) return undefined
  const isNative = descriptor.get !== undefined && descriptor.get === nativeStackGetter
  const stack: unknown = isNative ? apply(nativeStackGetter!, target, []) : descriptor.value
  return typeof stack === 'string' && stack !== '' ? stack : undefined
}

/**
 * A formatter that was there before the first error came is the program's choice, such as source maps. One that came
 * later may throw, loop or lie.
 */
const isFormatterTrusted = (): boolean => {
  if (Error !== NativeError) return false
  const own = getOwnPropertyDescriptor(NativeError, 'prepareStackTrace')
  if (own === undefined) return isAbsentFromAll('prepareStackTrace')
  return 'value' in own && (own.value === undefined || own.value === loadedPrepareStackTrace)
}

const FRAME = '\n    at '
const HEADER_LENGTH = 1024
/** Frames of no more characters are not counted. */
const SHORT_FRAMES = 1024

/** The stack as it is stored: its header shortened, its first frames, the home directory and secrets taken out. */
export const readStack = (raw: string, reading: Reading): string => {
  const { limits, redactor, home } = reading
  const start = indexOf(raw, FRAME)
  if (start < 0 || start > limits.stack) return counted(settled(raw, reading), reading)
  const header = withoutHome(slice(raw, 0, start), home)
  const frames = cleanText(framesIn(raw, start, reading))
  const short = storedText(header, HEADER_LENGTH, redactor)
  const isApart =
    redactor.isClean(frames) && isClosed(header, redactor) && (short === header || isClosed(short, redactor))
  if (!isApart) return counted(settled(raw, reading), reading)
  return counted(short, reading) + counted(ownCopy(firstOf(frames, reading)), reading)
}

const firstOf = (frames: string, { chars }: Reading): string =>
  chars < frames.length ? firstFrames(frames, 0, 3, SHORT_STACK) : frames

/** Whether no secret that begins in the header goes on in what seem to be frames, as one in quotes may. */
const isClosed = (header: string, redactor: Redactor): boolean => endsWith(redactor.redactText(header + FRAME), FRAME)

const framesIn = (raw: string, start: number, { limits, home }: Reading): string => {
  const isShort = raw.length - start <= SHORT_FRAMES
  return withoutHome(
    isShort ? slice(raw, start) : firstFrames(raw, start, limits.frames, limits.stack - HEADER_LENGTH),
    home,
  )
}

/**
 * Any other stack is read as text. A message may look like frames, and what is cut off or redacted may look like a
 * header the next time, so the text is read until it stays as it is.
 */
const settled = (raw: string, reading: Reading): string => {
  let text = raw
  for (let round = 0; round < 4; round++) {
    const next = asText(text, reading)
    if (next === text) return next
    text = next
  }
  return REDACTED
}

const asText = (raw: string, reading: Reading): string => {
  const { limits, chars, redactor, home } = reading
  const room = min(limits.stack, max(chars, SHORT_STACK))
  const start = indexOf(raw, FRAME)
  const header = withoutHome(slice(raw, 0, start < 0 ? limits.stack * 2 : min(start, limits.stack * 2)), home)
  if (start < 0) return storedText(header, room, redactor)
  // All of it before anything is cut: where a secret begins in the header, the frames may be the rest of it.
  const text = redactor.redactText(cleanText(header + framesIn(raw, start, reading)))
  return storedText(withShortHeader(text, redactor), room, redactor)
}

const withShortHeader = (text: string, redactor: Redactor): string => {
  const start = indexOf(text, FRAME)
  if (start <= HEADER_LENGTH) return text
  return cutRedacted(slice(text, 0, start), HEADER_LENGTH, 0, redactor) + slice(text, start)
}

const counted = (text: string, reading: Reading): string => {
  countText(text, reading)
  return text
}

const SHORT_STACK = 512

/** The frames from `start` on, as many whole ones as there is room for, with a mark for those left out. */
export const firstFrames = (stack: string, start: number, maxFrames: number, maxLength: number): string => {
  let end = start
  for (let count = 0; count < maxFrames; count++) {
    const next = indexOf(stack, '\n', end + 1)
    if (next < 0) return stack.length - start <= maxLength ? slice(stack, start) : cutFrames(stack, start, end)
    if (next - start > maxLength - MARK_ROOM) return cutFrames(stack, start, end)
    end = next
  }
  return isMark(stack, end) ? slice(stack, start) : cutFrames(stack, start, end)
}

const MARK = '\n    … [+'
const MARK_ROOM = 32
const COUNTED = 1000

const isMark = (stack: string, at: number): boolean => startsWith(stack, MARK, at) && indexOf(stack, '\n', at + 1) < 0

const cutFrames = (stack: string, start: number, end: number): string => {
  let left = 1
  for (let at = indexOf(stack, '\n', end + 1); at >= 0 && left < COUNTED; at = indexOf(stack, '\n', at + 1)) left++
  return `${slice(stack, start, end)}${MARK}${left} frames]`
}

const withoutHome = (text: string, home: string): string => (home.length < 2 ? text : replaceText(text, home, '~'))

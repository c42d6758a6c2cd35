import {
  charCodeAt,
  DOMExceptionPrototype,
  exec,
  hasOwn,
  isArgumentsObject,
  isArray,
  isMap,
  isNativeError,
  isSet,
  startsWith,
  trim,
} from './intrinsics.js'
import { codeText } from './code.js'
import { issuesMessage } from './issues.js'
import { labelOf, opaqueText, primitiveText, unboxed } from './labels.js'
import { classNameOf, descendsFrom, lineageOf, lookUp, ownValue, type Lineage } from './properties.js'
import { isReadable } from './reading.js'
import { rawStack } from './stack.js'
import { isError, isTaskError } from './kinds.js'
import { itemsOf } from './parts.js'

/** The parts of an error, as they were found: not cut, not redacted. */
export interface ErrorView {
  readonly message: string
  /** What it is, where it is no error: this stands where the message is blank. */
  readonly what: string
  readonly code: string
  readonly name: string
  readonly stack: string | undefined
  readonly cause: unknown
  /** An array, Set or Map of errors, each of any kind. */
  readonly errors: object | undefined
  /** Where the own fields are; undefined where there are none to read. */
  readonly fields: object | undefined
  /** A value that is no error, to be shown whole. */
  readonly shown: object | undefined
  /** Whether the fields are the `details` of a stored error. */
  readonly isStored: boolean
  /** Whether `errors` are the two of a SuppressedError. */
  readonly isSuppressed: boolean
}

/** Marks an error made by `toError`, which holds the `TaskError` it was made from. */
export const TASK_ERROR = Symbol.for('taskward.taskError')

export const UNKNOWN_ERROR = 'Unknown error'

const NONE: ErrorView = {
  message: '',
  what: '',
  code: '',
  name: '',
  stack: undefined,
  cause: undefined,
  errors: undefined,
  fields: undefined,
  shown: undefined,
  isStored: false,
  isSuppressed: false,
}

/** Views whatever was thrown. */
export const viewThrown = (thrown: unknown): ErrorView => {
  // Of an error nothing has to be found out that the others are asked below.
  if (isNativeError(thrown)) return viewError(thrown, lineageOf(thrown))
  const value = isReadable(thrown) ? unboxed(thrown) : thrown
  if (typeof value === 'string') return { ...NONE, message: value }
  if (!isReadable(value)) {
    const what = typeof value === 'object' && value !== null ? 'Proxy' : primitiveText(value)
    return { ...NONE, what }
  }
  if (isTaskError(value)) return viewStored(value)
  const lineage = lineageOf(value)
  return isShown(value, lineage) ? { ...NONE, what: labelOf(value), shown: value } : viewError(value, lineage)
}

/** What stands for a message that is blank. */
export const fallbackOf = ({ what, name, fields, isStored }: ErrorView): string => {
  if (what !== '') return `Not an error: ${what}`
  return isStored || fields === undefined ? UNKNOWN_ERROR : `${name} (no message)`
}

const isShown = (value: object, lineage: Lineage): boolean =>
  isArray(value) || isMap(value) || isSet(value) || isArgumentsObject(value) || opaqueText(value, lineage) !== undefined

/** Views an object that was stored as an error, of which only `message`, `code` and `details` count. */
export const viewStored = (stored: object): ErrorView => {
  const message = ownValue(stored, 'message')
  const details = ownValue(stored, 'details')
  const head = {
    ...NONE,
    message: typeof message === 'string' ? message : '',
    code: codeText(ownValue(stored, 'code')),
  }
  if (!isReadable(details) || isArray(details)) return head
  const name = ownValue(details, 'name')
  const errors = ownValue(details, 'errors')
  return {
    ...head,
    name: typeof name === 'string' ? name : '',
    stack: rawStack(details, lineageOf(details)),
    cause: causeOf(details),
    errors: isReadable(errors) && isArray(errors) ? errors : undefined,
    fields: details,
    isStored: true,
  }
}

/** What `toError` put into the error it made, as long as the error still says the same. */
const carriedBy = (value: object): object | undefined => {
  const carried = ownValue(value, TASK_ERROR)
  if (!isReadable(carried) || !isTaskError(carried)) return undefined
  return ownValue(carried, 'message') === ownValue(value, 'message') ? carried : undefined
}

const viewError = (value: object, lineage: Lineage): ErrorView => {
  const carried = carriedBy(value)
  if (carried !== undefined) return viewStored(carried)
  const isFault = isError(value, lineage)
  const name = nameOf(value, lineage) || (isFault ? classNameOf(lineage) || 'Error' : '')
  const errors = errorsOf(value, isFault)
  const message = messageOf(value, lineage, isFault)
  const code = codeOf(value, lineage, name)
  return {
    message: message === '' && errors !== undefined ? innerText(errors, messageText) : message,
    what: isFault ? '' : labelOf(value),
    code: code === '' && errors !== undefined ? innerText(errors, innerCode) : code,
    name,
    stack: rawStack(value, lineage, message),
    cause: causeOf(value, lineage),
    errors,
    fields: value,
    shown: undefined,
    isStored: false,
    isSuppressed: errors !== undefined && isFault && !hasOwn(value, 'errors'),
  }
}

export const isBlank = (message: string): boolean => {
  const first = message === '' ? 0 : charCodeAt(message, 0)
  // Most messages begin with a letter.
  if (first > 0x20 && first < 0x7f && first !== 0x5b) return false
  const text = trim(message)
  return text === '' || text === '[object Object]'
}

const messageOf = (value: object, lineage: Lineage, isFault: boolean): string => {
  const message = lookUp(value, 'message', lineage)
  const text = typeof message === 'string' && !isBlank(message) ? message : ''
  if (text === '' || startsWith(text, '[')) {
    const issues = issuesMessage(ownValue(value, 'issues'))
    if (issues !== '') return issues
  }
  return text === '' && !isFault ? heldMessage(value) : text
}

/** The message in `{ error: 'boom' }` and `{ error: { message: 'boom' } }`. */
const heldMessage = (value: object): string => {
  const held = ownValue(value, 'error') ?? ownValue(value, 'reason')
  const message = isReadable(held) ? ownValue(held, 'message') : held
  return typeof message === 'string' && !isBlank(message) ? message : ''
}

const FAULT_NAME = /^[A-Z][\w$]*(?:Error|Exception)$/

/** The error's name. A class that has not set one still has its own: `class PaymentError extends Error {}`. */
const nameOf = (value: object, lineage: Lineage): string => {
  const name = lookUp(value, 'name', lineage)
  if (typeof name !== 'string' || name === '') return ''
  if (name !== 'Error' || lineage.prototypes.length < 2 || hasOwn(value, 'name')) return name
  const className = classNameOf(lineage)
  // Node's own errors are of classes that it keeps to itself.
  const isTelling = exec(FAULT_NAME, className) !== null && className !== 'NodeError' && className !== 'SystemError'
  return isTelling ? className : name
}

const codeOf = (value: object, lineage: Lineage, name: string): string => {
  const code = lookUp(value, 'code', lineage)
  return code === undefined ? '' : codeText(isLegacyCode(value, lineage) ? name : code)
}

/** The number that a DOMException inherits a getter for says less than its name. */
const isLegacyCode = (value: object, lineage: Lineage): boolean =>
  lineage.prototypes.length > 1 &&
  (descendsFrom(lineage, DOMExceptionPrototype) || classNameOf(lineage) === 'DOMException') &&
  !hasOwn(value, 'code')

/** The cause of an error; a method of that name is none. */
export const causeOf = (value: object, lineage: Lineage = lineageOf(value)): unknown => {
  const cause = lookUp(value, 'cause', lineage)
  return cause === null || typeof cause === 'function' ? undefined : cause
}

const errorsOf = (value: object, isFault: boolean): object | undefined => {
  const errors = ownValue(value, 'errors')
  if (isReadable(errors) && (isArray(errors) || isSet(errors) || isMap(errors))) return errors
  if (!isFault || !hasOwn(value, 'error') || !hasOwn(value, 'suppressed')) return undefined
  return [ownValue(value, 'error'), ownValue(value, 'suppressed')]
}

type Read = (value: unknown) => string

const INNER_DEPTH = 5

/** What the first of some errors says, or the first of its own errors where it says nothing. */
const innerText = (errors: object, read: Read): string => {
  let list: object | undefined = errors
  for (let depth = 0; depth < INNER_DEPTH && list !== undefined; depth++) {
    const first: unknown = itemsOf(list, 2).items[0]
    const text = read(first)
    if (text !== '') return text
    list = isReadable(first) ? errorsOf(first, false) : undefined
  }
  return ''
}

const messageText: Read = (value) => {
  const message = isReadable(value) ? lookUp(value, 'message', lineageOf(value)) : value
  return typeof message === 'string' && !isBlank(message) ? message : ''
}

const innerCode: Read = (value) => {
  if (!isReadable(value)) return ''
  const lineage = lineageOf(value)
  return codeOf(value, lineage, nameOf(value, lineage))
}

import type { JsonValue, TaskError } from '../record.js'
import { chainOf, type Link } from './chain.js'
import { append, hasOwn, isArray, objectKeys, put } from './intrinsics.js'
import { CAUSES_LEFT_OUT, CIRCULAR_CAUSE, ERRORS_LEFT_OUT, isMark, MARKS, TRUNCATED } from './marks.js'
import { ownValue } from './properties.js'
import { CODE_LENGTH, isAncestor, isReadable, readText, takeNode, type Reading } from './reading.js'
import { readStack } from './stack.js'
import { itemsOf, ownFields } from './parts.js'
import { readField, readFields } from './values.js'
import { fallbackOf, isBlank, viewThrown, type ErrorView } from './views.js'

type Details = Record<string, JsonValue>

/** Reads an error with its causes, its errors and its own fields. */
export const readError = (value: unknown, reading: Reading): TaskError => readView(value, viewThrown(value), reading)

/** As `readError`, of a value whose view is known. */
export const readView = (value: unknown, view: ErrorView, reading: Reading): TaskError => {
  const { ancestors, trail } = reading
  reading.depth++
  const chain = chainOf(value, view, reading)
  // The heads of all come first: what the innermost cause says matters more than the fields of the outermost error.
  for (let link: Link | undefined = chain; link !== undefined; link = link.next)
    link.error = readHead(link.view, reading)
  for (let link: Link | undefined = chain; link !== undefined; link = link.next) {
    reading.ancestors = link.ancestors
    readDetails(link, reading)
    reading.trail = { key: 'cause', outer: reading.trail }
  }
  reading.trail = trail
  reading.ancestors = ancestors
  reading.depth--
  return chain.error!
}

const readHead = (view: ErrorView, reading: Reading): TaskError => {
  takeNode(reading)
  const { limits } = reading
  const message = readText(isBlank(view.message) ? fallbackOf(view) : view.message, limits.message, reading)
  const code = view.code === '' ? null : readText(view.code, CODE_LENGTH, reading)
  const name = view.name === '' ? undefined : readName(view.name, reading)
  const stack = view.stack === undefined ? undefined : readStack(view.stack, reading)
  return { message, code, details: detailsOf(name, stack) }
}

const readName = (name: string, reading: Reading): string =>
  name === 'Error' || name === 'TypeError' ? name : readText(name, reading.limits.name, reading)

const detailsOf = (name: string | undefined, stack: string | undefined): Details | null => {
  if (stack === undefined) return name === undefined ? null : { name }
  return name === undefined ? { stack } : { name, stack }
}

const readDetails = (link: Link, reading: Reading): void => {
  const { view, next, leftOut } = link
  const details = link.error!.details ?? {}
  if (next !== undefined) put(details, 'cause', next.error!)
  if (leftOut > 0) put(details, CAUSES_LEFT_OUT, leftOut)
  if (link.isCircular) put(details, CIRCULAR_CAUSE, true)
  if (view.isStored) keepMarks(view.fields!, details)
  if (view.errors !== undefined) readErrors(view.errors, details, reading)
  if (view.shown !== undefined) readField('value', view.shown, details, reading)
  if (view.fields !== undefined) readOwn(view.fields, view, details, reading)
  if (link.error!.details === null && objectKeys(details).length > 0) link.error!.details = details
}

/** What was left out before is still left out, and said in the same place. */
const keepMarks = (stored: object, details: Details): void => {
  for (let i = 0; i < MARKS.length; i++) {
    const mark = ownValue(stored, MARKS[i]!)
    if (isMark(MARKS[i]!, mark) && !hasOwn(details, MARKS[i]!)) put(details, MARKS[i]!, mark)
  }
}

const readOwn = (source: object, view: ErrorView, details: Details, reading: Reading): void => {
  const fields = ownFields(source, reading, (key, value) => fieldName(key, value, view))
  if (fields.keys.length > 0 || fields.left > 0) readFields(fields, details, reading)
  // Some validators hide their list from enumeration.
  const issues = ownValue(source, 'issues')
  if (isReadable(issues) && isArray(issues) && !hasOwn(details, 'issues')) readField('issues', issues, details, reading)
}

/** A field that has taken its place is left out; one that could not is kept beside it. */
const fieldName = (key: string, value: unknown, view: ErrorView): string | undefined => {
  const isTaken =
    key === 'message' || key === 'code'
      ? !view.isStored && (typeof value === 'string' || (key === 'code' && typeof value === 'number'))
      : key === 'name' || key === 'stack'
        ? typeof value === 'string'
        : (key === 'errors' && view.errors !== undefined) ||
          (key === 'cause' && (view.cause !== undefined || value === null)) ||
          (view.isSuppressed && (key === 'error' || key === 'suppressed')) ||
          (view.isStored && isMark(key, value))
  if (isTaken) return undefined
  return isReserved(key) ? `${key} (own)` : key
}

const isReserved = (key: string): boolean =>
  key === 'name' || key === 'message' || key === 'code' || key === 'stack' || key === 'cause' || key === 'errors'

const readErrors = (errors: object, details: Details, reading: Reading): void => {
  const { limits, trail } = reading
  const { items, length } = itemsOf(errors, limits.errors)
  if (reading.depth >= limits.depth) {
    if (length > 0) put(details, ERRORS_LEFT_OUT, length)
    return
  }
  const read: TaskError[] = []
  reading.trail = { key: 'errors', outer: trail }
  for (let i = 0; i < items.length && reading.nodes > 0; i++) {
    append(read, isAncestor(items[i], reading) ? leftOut('[Circular]') : readError(items[i], reading))
  }
  reading.trail = trail
  if (items.length > read.length) append(read, leftOut(TRUNCATED))
  else if (length > items.length) append(read, leftOut(`[truncated: ${length - items.length} more errors]`))
  put(details, 'errors', read)
}

const leftOut = (message: string): TaskError => ({ message, code: null, details: null })

import type { TaskError } from '../record.js'
import { NativeSet, setAdd, setHas } from './intrinsics.js'
import { ownValue } from './properties.js'
import { addAncestor, isAncestor, isReadable, type Ancestor, type Reading } from './reading.js'
import { isTaskError } from './kinds.js'
import { causeOf, viewThrown, type ErrorView } from './views.js'

/** An error of a chain of causes, and the one that caused it. A list of links needs nothing of `Array.prototype`. */
export interface Link {
  readonly view: ErrorView
  /** What leads to the error and the error itself: a field that leads back to one of them is seen to. */
  readonly ancestors: Ancestor | undefined
  /** What has been read of the error; its cause and its fields follow. */
  error: TaskError | undefined
  next: Link | undefined
  /** How many errors between this one and the next were left out. */
  leftOut: number
  /** Whether the cause of this error is an error before it. */
  isCircular: boolean
}

/** The chain of causes from `value` on: as many as there is room for, the innermost for the last. */
export const chainOf = (value: unknown, view: ErrorView, reading: Reading): Link => {
  const first = linkOf(value, view, reading)
  let last = first
  for (let left = reading.limits.causes - 1; left > 0 && last.view.cause !== undefined; left--) {
    if (isAncestor(last.view.cause, reading)) {
      last.isCircular = true
      break
    }
    const found =
      left > 1 ? { cause: last.view.cause, depth: 0, isCircular: false } : innermostOf(last.view.cause, reading)
    const link = linkOf(found.cause, viewThrown(found.cause), reading)
    link.isCircular = found.isCircular
    last.leftOut = found.depth
    last.next = link
    last = link
  }
  return first
}

const linkOf = (value: unknown, view: ErrorView, reading: Reading): Link => {
  // A value that is shown whole becomes an ancestor when it is read.
  if (view.shown === undefined) addAncestor(value, reading)
  return { view, ancestors: reading.ancestors, error: undefined, next: undefined, leftOut: 0, isCircular: false }
}

interface Innermost {
  readonly cause: unknown
  /** How many errors before it were passed over. */
  readonly depth: number
  readonly isCircular: boolean
}

const innermostOf = (first: unknown, reading: Reading): Innermost => {
  const seen = new NativeSet<unknown>()
  for (let ancestor = reading.ancestors; ancestor !== undefined; ancestor = ancestor.outer) setAdd(seen, ancestor.value)
  let cause = first
  for (let depth = 0; ; depth++) {
    setAdd(seen, cause)
    const next = nextCause(cause)
    const isCircular = isReadable(next) && setHas(seen, next)
    if (next === undefined || isCircular || reading.followed <= 0) return { cause, depth, isCircular }
    reading.followed--
    cause = next
  }
}

const nextCause = (value: unknown): unknown => {
  if (!isReadable(value)) return undefined
  const details = isTaskError(value) ? ownValue(value, 'details') : value
  return isReadable(details) ? causeOf(details) : undefined
}

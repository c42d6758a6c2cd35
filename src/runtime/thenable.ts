import { types } from 'node:util'
import { markHandled } from '../core/normalize/rejections.js'

type Fulfilled = (value: unknown) => void
type Rejected = (reason: unknown) => void
type Then = typeof Promise.prototype.then

// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with a receiver
const nativeThen = Promise.prototype.then
const MAX_ADOPTIONS = 1_000
const ENDLESS = 'A thenable resolved with itself, or with a chain of thenables that does not end'

/**
 * Calls back when the value settles, and gives false when it is nothing that settles. Of a native promise's callbacks exactly
 * one is called, once. A foreign thenable may call back twice, or throw after it has: every time is passed on, since it is
 * the caller's affair what a second settlement means. Nothing it does is thrown out of here or becomes an
 * `unhandledRejection`.
 */
export function whenSettled(value: unknown, onFulfilled: Fulfilled, onRejected: Rejected): boolean {
  return subscribe(value, onFulfilled, onRejected, 0)
}

function subscribe(value: unknown, onFulfilled: Fulfilled, onRejected: Rejected, adoptions: number): boolean {
  let then: Then | null
  try {
    then = thenOf(value)
  } catch (thrown) {
    onRejected(thrown)
    return true
  }
  if (then === null) return false
  subscribeBy(then, value as object, onFulfilled, onRejected, adoptions)
  return true
}

/** `then` has been read, once: it may be another one the next time. */
function subscribeBy(then: Then, value: object, onFulfilled: Fulfilled, onRejected: Rejected, adoptions: number): void {
  try {
    if (then === nativeThen) subscribeToNative(value as Promise<unknown>, onFulfilled, onRejected)
    else subscribeToForeign(value, then, onFulfilled, onRejected, adoptions)
  } catch (thrown) {
    onRejected(thrown)
  }
}

/** What a value settles by, or null. Throws what reading it throws. */
function thenOf(value: unknown): Then | null {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return null
  const then: unknown = (value as { then?: unknown }).then
  return typeof then === 'function' ? (then as Then) : null
}

/**
 * `then` asks a promise for its constructor, to make another of its kind, which a subclass may refuse. Ours needs no other of
 * its kind, so for that moment the promise has an own constructor that says nothing.
 */
function subscribeToNative(
  promise: Promise<unknown>,
  onFulfilled: Fulfilled,
  onRejected: Rejected | (() => void),
): void {
  const own = types.isPromise(promise) ? Object.getOwnPropertyDescriptor(promise, 'constructor') : undefined
  const isPlain = own === undefined && Object.getPrototypeOf(promise) === Promise.prototype
  const isFixed = own === undefined ? !Object.isExtensible(promise) : own.configurable !== true
  if (!types.isPromise(promise) || isPlain || isFixed) {
    void nativeThen.call(promise, onFulfilled, onRejected)
    return
  }
  void Object.defineProperty(promise, 'constructor', { value: undefined, configurable: true })
  void nativeThen.call(promise, onFulfilled, onRejected)
  if (own) void Object.defineProperty(promise, 'constructor', own)
  else Reflect.deleteProperty(promise, 'constructor')
}

function subscribeToForeign(
  thenable: object,
  then: Then,
  onFulfilled: Fulfilled,
  onRejected: Rejected,
  adoptions: number,
): void {
  let hasCalledBack = false
  /** What came while the first value, a thenable itself, had not settled yet: it comes after that. */
  let held: (() => void)[] | null = null
  const tell = (settlement: () => void): void => {
    if (held === null) settlement()
    else held.push(settlement)
  }
  const letGo = (): void => {
    const settlements = held ?? []
    held = null
    for (const settlement of settlements) settlement()
  }
  const adopt = (then: Then, value: object): void => {
    held = []
    const settled = (tell: (outcome: unknown) => void) => (outcome: unknown) => {
      tell(outcome)
      letGo()
    }
    // In a microtask of its own, so that a chain of thenables cannot exhaust the stack.
    queueMicrotask(() => {
      subscribeBy(then, value, settled(onFulfilled), settled(onRejected), adoptions + 1)
    })
  }
  const fulfil = (value: unknown): void => {
    // Only the first value is the outcome; a further one is told as it is, not followed.
    const isFirst = !hasCalledBack
    hasCalledBack = true
    tell(() => {
      if (!isFirst) {
        onFulfilled(value)
        return
      }
      let then: Then | null
      try {
        then = thenOf(value)
      } catch (thrown) {
        onRejected(thrown)
        return
      }
      if (then === null) onFulfilled(value)
      else if (value === thenable || adoptions === MAX_ADOPTIONS) onRejected(new TypeError(ENDLESS))
      else adopt(then, value as object)
    })
  }
  const reject = (reason: unknown): void => {
    hasCalledBack = true
    tell(() => {
      onRejected(reason)
    })
  }
  try {
    const returned: unknown = then.call(thenable as Promise<unknown>, fulfil, reject)
    // An async `then` that throws before it calls back rejects this promise and nothing else.
    if (types.isPromise(returned)) {
      subscribeToNative(returned, ignore, (reason: unknown) => {
        if (!hasCalledBack) onRejected(reason)
      })
    }
  } catch (thrown) {
    reject(thrown)
  }
}

/** Whether it is something that settles; what throws when it is asked counts as that. */
export function isThenable(value: unknown): boolean {
  try {
    return thenOf(value) !== null
  } catch {
    return true
  }
}

/** Takes the sting out of a rejected promise that was thrown, given as a reason, or is otherwise left to lie. */
export function silence(value: unknown): void {
  try {
    if (types.isPromise(value)) markHandled(value)
  } catch {
    // It can be neither asked nor changed: whoever made it so has to handle it.
  }
}

const ignore = (): void => undefined

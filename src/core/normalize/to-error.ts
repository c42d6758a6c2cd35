import type { JsonValue, TaskError } from '../record.js'
import {
  append,
  defineProperty,
  ErrorPrototype,
  isArray,
  NativeAggregateError,
  NativeError,
  objectKeys,
} from './intrinsics.js'
import { isTaskError } from './kinds.js'
import { TASK_ERROR } from './views.js'

/** The `Error` of a `TaskError` that was read before, and so is bounded. */
export const errorOf = (taskError: TaskError): Error => {
  const { message, code, details } = taskError
  const errors = details === null ? undefined : errorsIn(details)
  const error = errors === undefined ? new NativeError(message) : new NativeAggregateError(errors, message)
  const name = textIn(details, 'name')
  if (name !== undefined) define(error, 'name', name)
  // A stack of this very place would mislead.
  define(error, 'stack', textIn(details, 'stack') ?? `${name ?? 'Error'}: ${message}`)
  if (code !== null) define(error, 'code', code, 'enumerable')
  const cause = details?.['cause']
  if (isTaskError(cause)) define(error, 'cause', errorOf(cause))
  if (details !== null) defineFields(error, details)
  define(error, TASK_ERROR, taskError)
  return error
}

const errorsIn = (details: Record<string, JsonValue>): Error[] | undefined => {
  const list = details['errors']
  if (!isArray(list)) return undefined
  const errors: Error[] = []
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (isTaskError(item)) append(errors, errorOf(item))
  }
  return errors
}

const defineFields = (error: Error, details: Record<string, JsonValue>): void => {
  const keys = objectKeys(details)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    // Neither what was set above nor what errors inherit, such as toString, is to be shadowed.
    if (key !== 'stack' && key !== 'cause' && key !== 'errors' && !(key in ErrorPrototype)) {
      define(error, key, details[key], 'enumerable')
    }
  }
}

const textIn = (details: Record<string, JsonValue> | null, key: string): string | undefined => {
  const text = details?.[key]
  return typeof text === 'string' ? text : undefined
}

const define = (target: object, key: PropertyKey, value: unknown, shown?: 'enumerable'): void => {
  const enumerable = shown === 'enumerable'
  const descriptor = { __proto__: null, value, enumerable, writable: true, configurable: true }
  defineProperty(target, key, descriptor as PropertyDescriptor)
}

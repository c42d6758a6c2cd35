import type { TaskError } from '../record.js'
import {
  DOMExceptionPrototype,
  ErrorPrototype,
  hasOwn,
  isArray,
  isNativeError,
  isProxy,
  objectKeys,
} from './intrinsics.js'
import { descendsFrom, ownValue, type Lineage } from './properties.js'
import { isReadable } from './reading.js'

export const isError = (value: object, lineage: Lineage): boolean =>
  isNativeError(value) || descendsFrom(lineage, ErrorPrototype) || descendsFrom(lineage, DOMExceptionPrototype)

/** Whether a value is a `TaskError` and nothing else. */
export const isTaskError = (value: unknown): value is TaskError => {
  if (!isReadable(value) || !hasOwn(value, 'message') || !hasOwn(value, 'code') || !hasOwn(value, 'details'))
    return false
  const message = ownValue(value, 'message')
  const code = ownValue(value, 'code')
  const details = ownValue(value, 'details')
  return (
    typeof message === 'string' &&
    (code === null || typeof code === 'string') &&
    (details === null || (typeof details === 'object' && !isProxy(details) && !isArray(details))) &&
    objectKeys(value).length === 3
  )
}

import { getOwnPropertyDescriptor, isArray, slice } from './intrinsics.js'
import { ownValue } from './properties.js'
import { isReadable } from './reading.js'

const SHOWN_ISSUES = 3
const SHOWN_KEYS = 8
const TEXT_READ = 256

/**
 * One line for the issues of a failed validation, in place of a message that is all of them as JSON; empty where these
 * are no issues. As in `Expected string at items.0.name (and 9999 more issues)`.
 */
export const issuesMessage = (issues: unknown): string => {
  if (!isReadable(issues) || !isArray(issues)) return ''
  const length = Number(ownValue(issues, 'length'))
  let message = ''
  for (let i = 0; i < length && i < SHOWN_ISSUES; i++) {
    const text = issueText(itemOf(issues, i))
    if (text === '') return ''
    message += i === 0 ? text : `; ${text}`
  }
  const left = length - SHOWN_ISSUES
  return left > 0 ? `${message} (and ${left} more issues)` : message
}

const issueText = (issue: unknown): string => {
  if (!isReadable(issue)) return ''
  const message = ownValue(issue, 'message')
  if (typeof message !== 'string' || message === '') return ''
  const path = pathText(ownValue(issue, 'path'))
  // The path comes last: `password: Too short` would read as a password.
  return path === '' ? slice(message, 0, TEXT_READ) : `${slice(message, 0, TEXT_READ)} at ${path}`
}

const pathText = (path: unknown): string => {
  if (!isReadable(path) || !isArray(path)) return ''
  let text = ''
  for (let i = 0; i < SHOWN_KEYS; i++) {
    const item = itemOf(path, i)
    const key = isReadable(item) ? ownValue(item, 'key') : item
    if (typeof key !== 'string' && typeof key !== 'number') break
    text += i === 0 ? slice(`${key}`, 0, TEXT_READ) : `.${slice(`${key}`, 0, TEXT_READ)}`
  }
  return text
}

const itemOf = (list: object, index: number): unknown => getOwnPropertyDescriptor(list, `${index}`)?.value

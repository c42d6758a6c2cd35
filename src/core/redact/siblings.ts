import { exec, indexOf, slice } from '../normalize/intrinsics.js'
import { isParameterKey, isStatement } from './keys.js'

/** A name as it stands in lists of headers, variables and arguments; not a sentence. */
const LABEL = /^-{0,2}[A-Za-z][\w.-]{0,63}$/
const LABEL_KEY = /^(?:field|header|key|name|variable)$/
const STATEMENT_KEY = /^(?:query|sql|statement|text)$/
const STATEMENT_READ = 8192

const isLabel = (value: unknown, isSecretKey: (key: string) => boolean): boolean =>
  typeof value === 'string' && exec(LABEL, value) !== null && isSecretKey(value)

/**
 * Whether the item before says that this one is a secret: as in `['Authorization', 'Bearer x']`, in a flat list of
 * headers, and in `['--password', 'x']`.
 */
export const isPairedSecret = (
  label: unknown,
  value: unknown,
  index: number,
  hasPairs: boolean,
  isSecretKey: (key: string) => boolean,
): boolean => {
  if (index === 0 || value === null || value === undefined || typeof value === 'boolean') return false
  if (!isLabel(label, isSecretKey)) return false
  return indexOf(label, '-') === 0 || (hasPairs && index % 2 === 1)
}

/**
 * The key among `keys` that another one marks as secret: `value` in `{ name: 'Authorization', value: 'Bearer x' }`, and
 * `params` in `{ sql: 'update users set pin = $1', params: ['x'] }`.
 */
export const secretSibling = (
  keys: readonly string[],
  values: readonly unknown[],
  isSecretKey: (key: string) => boolean,
): string | undefined => {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    if (key === 'value' && someValue(keys, values, LABEL_KEY, (label) => isLabel(label, isSecretKey))) return key
    if (isParameterKey(key) && someValue(keys, values, STATEMENT_KEY, isStatementText)) return key
  }
  return undefined
}

const isStatementText = (value: unknown): boolean =>
  typeof value === 'string' && isStatement(slice(value, 0, STATEMENT_READ))

const someValue = (
  keys: readonly string[],
  values: readonly unknown[],
  pattern: RegExp,
  matches: (value: unknown) => boolean,
): boolean => {
  for (let i = 0; i < keys.length; i++) if (exec(pattern, keys[i]!) !== null && matches(values[i])) return true
  return false
}

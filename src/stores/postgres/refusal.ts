import { isTaskwardError, TaskStoreError } from '../../core/errors.js'

/** What the driver or the server said, as the store's own error. */
export function refusalOf(what: string, error: unknown): Error {
  if (isTaskwardError(error)) return error
  const options = mayTellSecrets(error) ? undefined : { cause: error }
  return new TaskStoreError('STORE_UNAVAILABLE', `${what}: ${reasonOf(error)}`, options)
}

/** The SQLSTATE, or Node's own code. */
export function codeOf(error: unknown): string | null {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (error instanceof TaskStoreError) return codeOf(cause)
  return typeof code === 'string' ? code : null
}

function reasonOf(error: unknown): string {
  // A name with several addresses fails with all their errors, and no message.
  const first: unknown = error instanceof AggregateError && error.message === '' ? error.errors[0] : error
  const message = first instanceof Error && first.message !== '' ? first.message : String(first)
  const code = codeOf(error)
  return code === null || message.includes(code) ? message : `${message} (${code})`
}

/** Node's complaint about a URL has the URL, password and all, in a field of its own. */
const mayTellSecrets = (error: unknown): boolean => typeof error === 'object' && error !== null && 'input' in error

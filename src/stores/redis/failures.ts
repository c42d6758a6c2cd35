import { TaskStoreError, isTaskStoreError } from '../../core/errors.js'

/** What to do about what Redis answers with, by the first word of the answer. */
const REMEDIES: Readonly<Record<string, string>> = {
  OOM: 'Redis has reached its maxmemory: give it more, or let the supervisor keep fewer tasks (retention)',
  MISCONF: 'Redis cannot write its snapshot and so takes no writes: look at its log, and at the room on its disk',
  READONLY: 'This is a replica: connect to the primary',
  LOADING: 'Redis is still reading its data after a start, and answers when it has',
  NOAUTH: 'Redis asks for a password: put it in the url or the client',
  WRONGPASS: 'Redis does not know this user and password',
  NOPERM: 'The user lacks permissions: it needs all keys under the prefix, the channel of the same name, and scripts',
  NOREPLICAS: 'Redis has too few replicas to take writes (min-replicas-to-write)',
  CLUSTERDOWN: 'The cluster does not serve the slot of the prefix now',
  MASTERDOWN: 'The replica has lost its primary',
  BUSY: 'Another script blocks the server',
  WRONGTYPE: 'Something else uses keys under this prefix: choose another one',
}

/** One error for whatever ioredis or Redis says. What was sent, which holds users' values, is not in it. */
export function failureOf(thrown: unknown, lastError?: unknown): TaskStoreError {
  if (isTaskStoreError(thrown)) return thrown
  // "Connection is closed." says less than the error that came before it.
  const reason =
    thrown instanceof Error && thrown.message.startsWith('Connection is closed') ? (lastError ?? thrown) : thrown
  const said = messageOf(reason)
  const remedy = REMEDIES[wordOf(reason) ?? '']
  const message = remedy === undefined ? `Redis: ${said}` : `${remedy}. Redis: ${said}`
  return new TaskStoreError('STORE_UNAVAILABLE', message, { cause: bare(reason, said) })
}

const WORDS = new RegExp(`\\b(?:NOSCRIPT|${Object.keys(REMEDIES).join('|')})\\b`)

/** The word by which Redis says what is wrong. Before version 7, what is wrong in a script comes after where it is. */
export function wordOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  const [first] = /^[A-Z]+/.exec(thrown.message) ?? []
  return first === 'ERR' ? WORDS.exec(thrown.message)?.[0] : first
}

/** Several addresses were tried, or what was thrown says nothing itself. */
function messageOf(reason: unknown): string {
  if (reason instanceof AggregateError && reason.errors.length > 0) return messageOf(reason.errors[0])
  const message = reason instanceof Error ? reason.message : String(reason)
  // Redis tells where in a script it was, which helps nobody.
  return message.replace(/ script: [0-9a-f]{40}.*$/s, '') || 'the connection failed'
}

/** Without the command and its arguments, which ioredis hangs on its errors. */
function bare(reason: unknown, message: string): Error {
  const code: unknown = reason instanceof Error ? Reflect.get(reason, 'code') : undefined
  return Object.assign(new Error(message), typeof code === 'string' && { code })
}

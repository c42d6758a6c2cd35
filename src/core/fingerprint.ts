import type { TaskError } from './record.js'
import { framesOf } from './fingerprint/frames.js'
import { foldMessage } from './fingerprint/message.js'
import { hash64 } from './fingerprint/hash.js'
import { isArray } from './normalize/intrinsics.js'
import { isTaskError } from './normalize/kinds.js'

/** So far causes are followed to the innermost, which tells more about a fault than what was wrapped around it. */
const MAX_CAUSES = 16

/**
 * A short hash, 16 hexadecimal digits, that is equal for the same fault and different for different ones. It is made of
 * the name, the code and the message of the error and of its innermost cause, and of the top frames of the user's own
 * code. Of messages, what differs from one occurrence to the next is folded: numbers, ids, addresses, times, paths,
 * quoted values. Of frames, only functions and files count: a line moves with every edit above it, and the fault would
 * be a new one after each deploy.
 */
export const fingerprint = (taskError: TaskError): string => {
  const innermost = innermostOf(taskError)
  const inner = innermost === taskError ? '' : headOf(innermost)
  return hash64(`${headOf(taskError)}\0${inner}\0${framesOf(stackOf(taskError) ?? stackOf(innermost) ?? '')}`)
}

const headOf = ({ message, code, details }: TaskError): string => {
  const name = details?.['name']
  return `${typeof name === 'string' ? name : ''}\0${code ?? ''}\0${foldMessage(message)}`
}

const stackOf = ({ details }: TaskError): string | undefined => {
  const stack = details?.['stack']
  return typeof stack === 'string' ? stack : undefined
}

const innermostOf = (taskError: TaskError): TaskError => {
  let innermost = taskError
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const inner = innerOf(innermost)
    if (inner === undefined) return innermost
    innermost = inner
  }
  return innermost
}

/** The cause, or the first of several errors. */
const innerOf = ({ details }: TaskError): TaskError | undefined => {
  if (details === null) return undefined
  const errors = details['errors']
  const inner = details['cause'] ?? (isArray(errors) ? errors[0] : undefined)
  return isTaskError(inner) ? inner : undefined
}

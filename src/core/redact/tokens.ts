import { exec, indexOf, slice, toLowerCase } from '../normalize/intrinsics.js'
import { replace } from '../normalize/replace.js'
import { REDACTED } from './scan.js'

/** A scheme of the Authorization header with its credentials. */
const SCHEME = /\b(bearer|basic|digest|token|negotiate|api[-_ ]?key)((?:[ \t]+|%20)["']?)([A-Za-z0-9._~+/=:-]{2,})/gi

/** What follows `Bearer` in a sentence. */
const WORD =
  /^(?:a|an|and|are|as|auth|authentication|authorization|be|but|by|can|challenge|could|credentials?|does|error|expected|expired|failed|for|format|from|had|has|header|in|invalid|is|issued|malformed|missing|must|not|of|on|or|realm|rejected|required|scheme|should|the|to|tokens?|type|validation|was|were|which|will|with)[.:]?$/i

/** A digit, an inner capital, or padding: signs of a credential where the word before may be an ordinary one. */
const OPAQUE = /\d|[a-z][A-Z]|[A-Z]{3}|=$/

/** Tokens that show by their form what they are. Each begins at the start of a word, so none is tried twice. */
const KNOWN =
  /(?:(?<![\w-])|(?<=\/bot))(?:eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,4}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|sk-[\w-]{20,}|[prs]k_(?:live|test)_\w{10,}|npm_\w{30,}|hf_\w{30,}|ya29\.[\w-]{20,}|whsec_[\w+/=]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|(?<=\/bot)\d{6,}:[\w-]{30,}|(?<=hooks\.slack\.com\/services\/)[\w/]{20,})/g

const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g

/** Redacts credentials behind a scheme, private keys, JSON Web Tokens, and tokens of well-known forms. */
export const redactTokens = (text: string): string => {
  const keyless = indexOf(text, '-----BEGIN ') < 0 ? text : replace(text, PRIVATE_KEY, hidden)
  return replace(replace(keyless, SCHEME, redactedScheme), KNOWN, hidden)
}

const hidden = (): string => REDACTED

const redactedScheme = (match: RegExpExecArray): string | undefined => {
  const value = match[3]!
  const isSecret = toLowerCase(match[1]!) === 'bearer' ? exec(WORD, value) === null : exec(OPAQUE, value) !== null
  return isSecret ? slice(match[0], 0, match[0].length - value.length) + REDACTED : undefined
}

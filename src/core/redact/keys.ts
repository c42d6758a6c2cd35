import { charCodeAt, exec, slice, toLowerCase } from '../normalize/intrinsics.js'

/**
 * Names that hold secrets in whatever spelling. Words that only look like them are left out: `passed`, `bypass`,
 * `maxTokens`, `secretary`. Each alternative is a fixed word, so a test takes time linear in the key.
 */
const SENSITIVE =
  /(?<!by|com|sur|tres)pass(?!ed|es|ing|enger|age|ive|ion|through|thru)|pwd|secret(?!ar)|token(?!i[sz]|s?[-_ ]?(?:count|limit|usage|used|budget|length|type|left|remaining|per|expir))|authori[sz]ation|cookie|credential|session(?!s?[-_ ]?(?:count|timeout|duration|length|limit))|(?:api|access|account|app|auth|client|consumer|encrypt(?:ion)?|decryption|hmac|license|master|private|secret|security|service|shared|sign(?:ing)?|ssh|storage|subscription)(?:[-_. +]|%[25][0df]){0,2}key|[cm]srf|xsrf|mnemonic|(?:seed|recovery)[-_ ]?(?:phrase|code)|card[-_ ]?num|amz[-_ ]signature/

/** Short names, sensitive only as a word of their own: `auth` is one in `proxyAuth`, not in `author`. */
const SENSITIVE_WORD = /(?:^|[^a-z])(?:auth|bearer|otp[a-z]*|[a-z]*otp|[a-z]*cv[cv]2?|jwt|pw|sid|sig|ssn)(?:$|[^a-z])/

const INNOCENT_COUNT = /tokens$/

/** Keys are read up to here; a longer one is a sentence, not a name. */
const KEY_READ = 256

/** Whether a value under this key is a secret. A number under a plural such as `maxTokens` is a count. */
export const isSensitiveKey = (key: string, value?: unknown): boolean => {
  const read = key.length > KEY_READ ? slice(key, 0, KEY_READ) : key
  const lower = toLowerCase(read)
  if (exec(SENSITIVE, lower) !== null) return !(typeof value === 'number' && exec(INNOCENT_COUNT, lower) !== null)
  return exec(SENSITIVE_WORD, lower) !== null || (lower !== read && exec(SENSITIVE_WORD, wordsOf(read)) !== null)
}

/** `proxyAuth` as `proxy_auth`, `userOTPCode` as `user_otp_code`. */
const wordsOf = (key: string): string => {
  let words = ''
  let wasLower = false
  for (let i = 0; i < key.length; i++) {
    const unit = charCodeAt(key, i)
    const isUpper = unit >= 65 && unit <= 90
    const next = i + 1 < key.length ? charCodeAt(key, i + 1) : 0
    if (isUpper && (wasLower || (i > 0 && next >= 97 && next <= 122))) words += '_'
    words += slice(key, i, i + 1)
    wasLower = !isUpper
  }
  return toLowerCase(words)
}

const PARAMETERS = /^(?:bindings|parameters|params|values)$/

/** Whether a name such as `params` may hold what a statement was run with. */
export const isParameterKey = (key: string): boolean => key.length <= 10 && exec(PARAMETERS, toLowerCase(key)) !== null

const STATEMENT = /\b(?:select|insert\s+into|update|delete\s+from|merge\s+into|call)\s/

/** Whether a text is a statement, in SQL or one that names a secret: what it was run with may be anything. */
export const isStatement = (text: string): boolean => {
  const lower = toLowerCase(text)
  return exec(STATEMENT, lower) !== null || exec(SENSITIVE, lower) !== null
}

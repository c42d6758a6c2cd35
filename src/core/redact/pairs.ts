import { charCodeAt, exec, slice, toLowerCase } from '../normalize/intrinsics.js'
import { isParameterKey, isStatement } from './keys.js'
import { isBlank, isQuote, type TextKey } from './scan.js'
import { readValue } from './value.js'

export type IsSecretKey = (key: string) => boolean

/** Where a value may begin: after `=`, `:` and what they are in a query, the `>` of an element, the comma of a pair of strings, or a flag's name. */
const SEPARATOR = /[=:>,]|%3[AaDd]|--[A-Za-z][\w-]*[ \t]+(?!-)/g

/** A name of an error, as in `TokenExpiredError: jwt expired`, is followed by a sentence. */
const FAULT = /(?:error|exception|failure|warning)$/i

/** `token is: x` and `otp code: x` speak of the word before. */
const COPULA = /^(?:is|was|value|given|provided|supplied|received|got|code|hash|key|string)$/i

const NAME_LENGTH = 64

/**
 * Redacts `key=value`, `key: value`, `"key":"value"`, `<key>value</key>`, `["key","value"]` and `--key value` where the
 * key is sensitive, at any depth of quoting. A value once read is skipped and a name is looked for in a fixed number of
 * characters, so the time is linear in the text.
 */
export const redactPairs = (text: string, isSecretKey: IsSecretKey): string => {
  let result = ''
  let from = 0
  let readUpTo = 0
  let isAfterStatement = false
  SEPARATOR.lastIndex = 0
  for (let match = exec(SEPARATOR, text); match !== null; match = exec(SEPARATOR, text)) {
    const separator = slice(match[0], 0, 1)
    const end = match.index + match[0].length
    const key = separator === '-' ? flagOf(match[0], match.index) : keyBefore(text, match.index, from)
    if (key === undefined || !isFormed(text, separator, key, match.index, end)) continue
    // `Failed query: update users set pin = $1`, then `params: 1234`: nothing there says what is what.
    const isParameters = isParameterKey(key.name)
    if (isParameters && !isAfterStatement) {
      isAfterStatement = isStatement(slice(text, readUpTo, key.start))
      readUpTo = key.start
    }
    const takesLine = isParameters && isAfterStatement
    if (!takesLine && !isQueryKey(text, key) && !isSecret(key, isSecretKey)) continue
    const value = readValue(text, end, key, separator, takesLine)
    // Each call sets the index anew: the pattern is shared, and a value may end beyond the next separator.
    SEPARATOR.lastIndex = value?.end ?? end
    if (value === undefined) continue
    result += slice(text, from, value.start) + value.replacement
    from = value.end
  }
  return from === 0 ? text : result + slice(text, from)
}

const isSecret = ({ name, phrase }: TextKey, isSecretKey: IsSecretKey): boolean => {
  if (exec(FAULT, name) !== null) return false
  if (isSecretKey(name)) return true
  if (phrase === '') return false
  const word = slice(phrase, 0, phrase.length - name.length - 1)
  return isSecretKey(word) ? exec(COPULA, name) !== null : isSecretKey(phrase)
}

/** `?key=` and `&key=` of a URL, where many services take their API key. */
const isQueryKey = (text: string, { name, start }: TextKey): boolean =>
  toLowerCase(name) === 'key' && (text[start - 1] === '?' || text[start - 1] === '&')

/** Whether an element's name stands in `<>`, and a pair's in quotes with another quote behind the comma. */
const isFormed = (text: string, separator: string, key: TextKey, at: number, end: number): boolean => {
  if (separator === '>') return key.start > 0 && key.start + key.name.length === at && text[key.start - 1] === '<'
  if (separator !== ',') return true
  const quote = key.quote
  let next = end
  while (text[next] === ' ') next++
  return quote !== '' && slice(text, next, next + quote.length) === quote
}

const flagOf = (match: string, at: number): TextKey => {
  let end = 2
  while (isNameUnit(charCodeAt(match, end))) end++
  return { name: slice(match, 2, end), phrase: '', quote: '', start: at + 2 }
}

const keyBefore = (text: string, at: number, floor: number): TextKey | undefined => {
  let end = at
  while (end > floor && end > at - 4 && isBlank(charCodeAt(text, end - 1))) end--
  const spaced = end
  while (end > floor && end > spaced - 8 && isCloser(charCodeAt(text, end - 1))) end--
  const start = nameStart(text, end, floor)
  if (start === end) return undefined
  const name = slice(text, start, end)
  const before = wordStart(text, start, floor)
  // `API key provided: x`
  const isKeyWord = toLowerCase(slice(text, before, start)) === 'key '
  const phrase = before < start ? slice(text, isKeyWord ? wordStart(text, before, floor) : before, end) : ''
  return { name, phrase, quote: quoteAt(text, end, spaced), start }
}

const nameStart = (text: string, end: number, floor: number): number => {
  let start = end
  while (start > floor && start > end - NAME_LENGTH && isNameUnit(charCodeAt(text, start - 1))) start--
  return start
}

/** Where the word before `start` begins, if there is one. */
const wordStart = (text: string, start: number, floor: number): number => {
  if (start - 1 <= floor || text[start - 1] !== ' ') return start
  const before = nameStart(text, start - 1, floor)
  return before < start - 1 ? before : start
}

/** The backslashes and the quote between `from` and `to`, as far as there is a quote. */
const quoteAt = (text: string, from: number, to: number): string => {
  let at = from
  while (at < to && text[at] === '\\') at++
  return at < to && isQuote(charCodeAt(text, at)) ? slice(text, from, at + 1) : ''
}

const isCloser = (unit: number): boolean => isQuote(unit) || unit === 0x5c || unit === 0x5d || unit === 0x29

/** Letters, digits, `_`, `$`, `.`, `-`, all beyond ASCII, and the `%2D` and `+` of a query. */
const isNameUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x41 && unit <= 0x5a) ||
  (unit >= 0x30 && unit <= 0x39) ||
  unit === 0x5f ||
  unit === 0x24 ||
  unit === 0x2e ||
  unit === 0x25 ||
  unit === 0x2b ||
  unit === 0x2d ||
  (unit > 0x7f && unit !== 0x2026)

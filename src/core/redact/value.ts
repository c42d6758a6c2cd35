import { charCodeAt, exec, indexOf, slice } from '../normalize/intrinsics.js'
import { isBlank, isQuote, REDACTED, type TextKey } from './scan.js'

interface TextValue {
  start: number
  end: number
  replacement: string
}

/** Headers and phrases go on to the end of their line. */
const TAKES_LINE = /authori[sz]ation|cookie|phrase|mnemonic/i

/** Says that there is no secret, which is worth knowing. */
const NOTHING = /(?:null|undefined|true|false|none)(?![\w$-])/y

/** `maxTokens: 4096` counts. */
const COUNTING = /tokens$/i
const COUNT = /\d{1,9}(?![\w.-])/y

/** A scheme, whose credentials are the next word. */
const SCHEME = /(?:bearer|basic|digest|token|negotiate|apikey)[ \t]+/iy

/** The value that begins after a separator; undefined where there is none, or nothing secret. */
export const readValue = (
  text: string,
  after: number,
  key: TextKey,
  separator: string,
  takesLine: boolean,
): TextValue | undefined => {
  const start = valueStart(text, after, key.quote !== '')
  if (start >= text.length) return undefined
  const quote = openingQuote(text, start)
  if (quote !== '') {
    const inner = start + quote.length
    const end = closingQuote(text, inner, quote)
    return end > inner ? { start: inner, end, replacement: REDACTED } : undefined
  }
  NOTHING.lastIndex = start
  COUNT.lastIndex = start
  if (!takesLine && exec(NOTHING, text) !== null) return undefined
  if (exec(COUNTING, key.name) !== null && exec(COUNT, text) !== null) return undefined
  const replacement = key.quote + REDACTED + key.quote
  const isLine = takesLine || (separator === ':' && exec(TAKES_LINE, key.name) !== null)
  const unit = charCodeAt(text, start)
  if (!takesLine && (unit === 0x5b || unit === 0x7b)) {
    const end = closingBracket(text, start)
    // `cookie: [a]=1; b=2` is a header all the same.
    if (!isLine || endOfWord(text, end) === end) return { start, end, replacement }
  }
  const end = isLine ? endOfLine(text, start, takesLine) : endOfWord(text, afterScheme(text, start))
  return end > start ? { start, end, replacement } : undefined
}

const valueStart = (text: string, after: number, isQuoted: boolean): number => {
  let at = after
  // `=>`, `==`, `:=`
  while (at < text.length && (text[at] === '=' || text[at] === '>')) at++
  while (at < text.length && isBlank(charCodeAt(text, at))) at++
  if (at >= text.length || !isLineEnd(charCodeAt(text, at))) return at
  // Only what is quoted goes on in the next line.
  let next = at
  while (next < text.length && (isBlank(charCodeAt(text, next)) || isLineEnd(charCodeAt(text, next)))) next++
  return isQuoted || openingQuote(text, next) !== '' ? next : at
}

const isLineEnd = (unit: number): boolean => unit === 0x0a || unit === 0x0d

const openingQuote = (text: string, start: number): string => {
  let at = start
  while (at < text.length && at < start + 16 && text[at] === '\\') at++
  return at < text.length && isQuote(charCodeAt(text, at)) ? slice(text, start, at + 1) : ''
}

/** Where the quote ends that was opened with `quote`, backslashes included; the end of the text if it was cut off. */
const closingQuote = (text: string, from: number, quote: string): number => {
  for (let at = indexOf(text, quote, from); at >= 0; at = indexOf(text, quote, at + 1)) {
    let backslashes = 0
    while (at - backslashes > from && text[at - backslashes - 1] === '\\') backslashes++
    if (quote.length > 1 ? backslashes === 0 : backslashes % 2 === 0) return at
  }
  return text.length
}

const closingBracket = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const unit = charCodeAt(text, at)
    if (unit === 0x5b || unit === 0x7b) depth++
    else if (unit === 0x5d || unit === 0x7d) {
      if (--depth === 0) return at + 1
    } else if (unit === 0x22 || unit === 0x27) at = closingQuote(text, at + 1, unit === 0x22 ? '"' : "'")
  }
  return text.length
}

const endOfLine = (text: string, start: number, keepsQuotes: boolean): number => {
  let at = start
  for (; at < text.length; at++) {
    const unit = charCodeAt(text, at)
    if (unit === 0x0a || unit === 0x0d) break
    if (isQuote(unit) && !keepsQuotes) {
      // The quotes around the line, unless a parameter's: `Digest username="ann", response="x"`.
      if (text[at - 1] !== '=') break
      at = closingQuote(text, at + 1, text[at]!)
      continue
    }
    if (unit === 0x5c && isEscape(charCodeAt(text, at + 1))) break
  }
  while (at > start && isBlank(charCodeAt(text, at - 1))) at--
  return at
}

const afterScheme = (text: string, start: number): number => {
  SCHEME.lastIndex = start
  const scheme = exec(SCHEME, text)
  return scheme === null ? start : start + scheme[0].length
}

const endOfWord = (text: string, start: number): number => {
  let at = start
  for (; at < text.length; at++) {
    const unit = charCodeAt(text, at)
    if (unit <= 0x20 || isQuote(unit) || isStop(unit)) break
    if (unit === 0x5c && isEscape(charCodeAt(text, at + 1))) break
  }
  return at
}

/** `\n`, `\r`, `\"` and so on within a text that was quoted. */
const isEscape = (unit: number): boolean =>
  unit === 0x6e || unit === 0x72 || unit === 0x74 || unit === 0x5c || isQuote(unit)

/** `& ) , ; < > ] }` */
const isStop = (unit: number): boolean =>
  unit === 0x26 ||
  unit === 0x29 ||
  unit === 0x2c ||
  unit === 0x3b ||
  unit === 0x3c ||
  unit === 0x3e ||
  unit === 0x5d ||
  unit === 0x7d

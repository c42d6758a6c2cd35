import type { Redactor } from '../redact.js'
import { charCodeAt, isWellFormed, max, min, slice, toWellFormed } from './intrinsics.js'
import { ownCopy } from './own-copy.js'
import { replaceText } from './replace.js'

/** How far past the limit a text is read, so that a secret is recognised before the cut goes through it. */
const LOOK_AHEAD = 1024
/** Room for the longest mark that a cut leaves. */
const MARK_ROOM = 26

/** Reads `text` for storing: copied, well-formed, free of NUL, redacted, and at most `limit` long with a mark if cut. */
export const storedText = (text: string, limit: number, redactor: Redactor): string => {
  const seen = text.length > limit + LOOK_AHEAD ? slice(text, 0, limit + LOOK_AHEAD) : text
  const redacted = redactor.redactText(cleanText(seen))
  const unseen = text.length - seen.length
  if (unseen === 0 && redacted.length <= limit) return ownCopy(redacted)
  return cutRedacted(redacted, limit, unseen, redactor)
}

/**
 * Cuts a text that is redacted already. The cut may leave half of a mark or of a `key=value` pair at the end, which
 * reads differently the next time; so the result is redacted until it stays as it is.
 */
export const cutRedacted = (text: string, limit: number, unseen: number, redactor: Redactor): string => {
  let cut = markedCut(text, limit, unseen)
  for (let round = 0; round < 4; round++) {
    const again = redactor.redactText(cut)
    if (again === cut) return ownCopy(cut)
    cut = again.length > limit ? markedCut(again, limit, 0) : again
  }
  return slice('[redacted]', 0, limit)
}

const markedCut = (text: string, limit: number, unseen: number): string => {
  const head = slice(text, 0, wholeEnd(text, max(0, limit - MARK_ROOM)))
  return `${head}… [+${text.length - head.length + unseen} chars]`
}

/** The largest end up to `end` that does not part a surrogate pair. */
export const wholeEnd = (text: string, end: number): number => {
  if (end <= 0 || end >= text.length) return end
  const before = charCodeAt(text, end - 1)
  return before >= 0xd800 && before <= 0xdbff ? end - 1 : end
}

/** NUL and lone surrogates, which databases refuse, become visible stand-ins. */
export const cleanText = (text: string): string =>
  replaceText(isWellFormed(text) ? text : toWellFormed(text), '\0', '\u2400')

/** The bytes of `text` as UTF-8 JSON without its quotes. It takes well-formed text. */
export const jsonTextBytes = (text: string): number => {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = charCodeAt(text, i)
    if (unit < 0x20) bytes += unit === 8 || unit === 9 || unit === 10 || unit === 12 || unit === 13 ? 2 : 6
    else if (unit < 0x80) bytes += unit === 0x22 || unit === 0x5c ? 2 : 1
    else if (unit < 0x800) bytes += 2
    // Each half of a pair counts two of its four bytes.
    else bytes += unit >= 0xd800 && unit <= 0xdfff ? 2 : 3
  }
  return bytes
}

/** The longest start of `text` that takes at most `maxBytes` as JSON. */
export const textOfBytes = (text: string, maxBytes: number): string => {
  let end = min(text.length, maxBytes)
  while (end > 0 && jsonTextBytes(slice(text, 0, end)) > maxBytes) end = wholeEnd(text, end >> 1)
  return slice(text, 0, wholeEnd(text, end))
}

import { exec, indexOf, slice } from './intrinsics.js'

/**
 * `text.replace(pattern, by)` out of reach of a patched prototype, for a pattern with the flag `g`. Where `by` gives
 * undefined, the match stays.
 */
export const replace = (text: string, pattern: RegExp, by: (match: RegExpExecArray) => string | undefined): string => {
  let result = ''
  let from = 0
  pattern.lastIndex = 0
  for (let match = exec(pattern, text); match !== null; match = exec(pattern, text)) {
    const replacement = by(match)
    if (replacement === undefined) continue
    result += slice(text, from, match.index) + replacement
    from = match.index + match[0].length
  }
  return from === 0 ? text : result + slice(text, from)
}

/** `text.replaceAll(part, by)`. */
export const replaceText = (text: string, part: string, by: string): string => {
  let result = ''
  let from = 0
  for (let at = indexOf(text, part); at >= 0; at = indexOf(text, part, from)) {
    result += slice(text, from, at) + by
    from = at + part.length
  }
  return from === 0 ? text : result + slice(text, from)
}

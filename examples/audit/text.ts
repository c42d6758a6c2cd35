/**
 * Text for a terminal. Names of packages and messages of errors come from outside: a control character in one could move the
 * cursor and forge output, so everything printed goes through `clean`.
 */

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Shows control, format and lone surrogate characters as escapes: none of them reaches the terminal. */
export const clean = (text: string): string =>
  text.replace(UNSAFE, (character) => SHORT[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`)

/** The same for JSON, which stays valid and means what it meant. */
export const cleanJson = (json: string): string =>
  json.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )

const graphemes = new Intl.Segmenter()
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u

const widthOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : /^\p{M}+$/u.test(grapheme) ? 0 : 1)

/** How many columns of a terminal a text without control characters takes. */
export const displayWidth = (text: string): number =>
  isPlain(text)
    ? text.length
    : Array.from(graphemes.segment(text), ({ segment }) => widthOf(segment)).reduce((sum, width) => sum + width, 0)

/** Cuts a text to at most so many columns. */
export function fit(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment)
    if (width >= columns) break
    kept += segment
  }
  return columns < 1 ? '' : `${kept}…`
}

/** The same, but cuts from the start: the end of a path tells more than its beginning. */
export function fitEnd(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  const segments = Array.from(graphemes.segment(text), ({ segment }) => segment)
  let width = 1
  let from = segments.length
  while (from > 0 && width + widthOf(segments[from - 1]!) <= columns) {
    from -= 1
    width += widthOf(segments[from]!)
  }
  return columns < 1 ? '' : `…${segments.slice(from).join('')}`
}

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
export const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - displayWidth(text))) + text

/** Breaks a text between words into lines of at most so many columns. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(last) + 1 + displayWidth(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(fit(word, columns))
  }
  return lines
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

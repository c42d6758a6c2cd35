import { codePointAt, slice } from './normalize/intrinsics.js'
import { replace } from './normalize/replace.js'
import { wholeEnd } from './normalize/text.js'
import type { TaskError } from './record.js'

/**
 * What could forge a line of a log or hide in one: line ends and control characters, and with their escape character
 * all ANSI sequences; marks that turn the direction of writing; invisible characters; halves of pairs. The joiners that
 * Persian and emoji are written with, and the visible signs among the format characters, are safe.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u0600-\u0605\u06dd\u070f\u08e2\u200c\u200d])\p{Cf}/gu

const LINE_LENGTH = 2000

/**
 * Gives `text` as it can stand in one line of a log: what is unsafe there is written as an escape that can be seen, such
 * as `\n`, `\x1b` or `\u202e`. Text of any language stays as it is. It is cut at `maxLength` characters.
 */
export const logText = (text: string, maxLength: number = LINE_LENGTH): string => {
  const read = text.length > maxLength ? `${slice(text, 0, wholeEnd(text, maxLength))}…` : text
  return replace(read, UNSAFE, (match) => escaped(match[0]))
}

/** One line for an error: `PaymentError [E_DECLINED]: card declined`. */
export const logTextOfError = ({ message, code, details }: TaskError): string => {
  const name = details?.['name']
  return logText(`${typeof name === 'string' ? name : 'Error'}${code === null ? '' : ` [${code}]`}: ${message}`)
}

const escaped = (character: string): string => {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  const point = codePointAt(character, 0) ?? 0
  const digits = hex(point)
  if (point < 0x100) return `\\x${slice(`0${digits}`, -2)}`
  return point < 0x10000 ? `\\u${slice(`000${digits}`, -4)}` : `\\u{${digits}}`
}

const DIGITS = '0123456789abcdef'

const hex = (point: number): string => {
  let text = DIGITS[point & 15]!
  for (let rest = point >>> 4; rest > 0; rest >>>= 4) text = DIGITS[rest & 15]! + text
  return text
}

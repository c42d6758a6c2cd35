import { exec, isFiniteNumber, slice, trim } from './intrinsics.js'
import { CODE_LENGTH } from './reading.js'
import { ownCopy } from './own-copy.js'
import { replace } from './replace.js'
import { wholeEnd } from './text.js'

const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]+/gu

/** An error's own code as printable text; empty where it has none. */
export const codeText = (code: unknown): string => {
  if (typeof code === 'number') return isFiniteNumber(code) ? `${code}` : ''
  if (typeof code !== 'string' || code === '') return ''
  return exec(PRINTABLE, code) === null ? printable(code) : ownCopy(code)
}

const printable = (code: string): string => {
  const clean = trim(replace(slice(code, 0, CODE_LENGTH * 4), UNPRINTABLE, () => ' '))
  return ownCopy(trim(slice(clean, 0, wholeEnd(clean, CODE_LENGTH))))
}

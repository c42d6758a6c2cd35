import { charCodeAt, imul } from '../normalize/intrinsics.js'

/**
 * A 64-bit hash as 16 hexadecimal digits: two lanes of 32 bits, each mixed with both halves of its product so that a
 * change of any character reaches every digit. For telling apart, not for keeping secret.
 */
export const hash64 = (text: string): string => {
  let high = 0x9e3779b9
  let low = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const unit = charCodeAt(text, i)
    high = imul(high ^ unit, 0x01000193)
    low = imul(low ^ unit, 0x5bd1e995)
    low ^= high >>> 15
  }
  high = finish(high ^ (low >>> 16))
  low = finish(low ^ imul(high, 0x27d4eb2f))
  return hex8(high) + hex8(low)
}

const finish = (lane: number): number => {
  let mixed = lane
  mixed = imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

const DIGITS = '0123456789abcdef'

const hex8 = (lane: number): string => {
  let text = ''
  for (let shift = 28; shift >= 0; shift -= 4) text += DIGITS[(lane >>> shift) & 15]!
  return text
}

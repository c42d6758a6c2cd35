import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_UUID_SEQUENCE, uuidv7 } from '../../src/core/uuid.js'

const instants = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const sequences = fc.integer({ min: 0, max: MAX_UUID_SEQUENCE })
const bytes = fc.uint8Array({ minLength: 24, maxLength: 24 })

describe('uuidv7', () => {
  it('gives the example of RFC 9562', () => {
    const random = Uint8Array.from([0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    expect(uuidv7(0x017f22e279b0, 0xcc3, random, 0)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })

  it('always has the shape of version 7, variant 10', () => {
    fc.assert(
      fc.property(instants, sequences, bytes, fc.nat(16), (at, sequence, random, offset) => {
        expect(uuidv7(at, sequence, random, offset)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        )
      }),
    )
  })

  it('carries time, sequence and the random bytes that were meant', () => {
    fc.assert(
      fc.property(instants, sequences, bytes, fc.nat(16), (at, sequence, random, offset) => {
        const digits = uuidv7(at, sequence, random, offset).replaceAll('-', '')
        expect(parseInt(digits.slice(0, 12), 16)).toBe(at)
        expect(parseInt(digits.slice(13, 16), 16)).toBe(sequence)
        const used = [...Buffer.from(digits.slice(16), 'hex')]
        expect(used.slice(1)).toEqual([...random.slice(offset + 1, offset + 8)])
        expect(used[0]! & 0x3f).toBe(random[offset]! & 0x3f)
      }),
    )
  })

  it('sorts as text by time, then by sequence', () => {
    fc.assert(
      fc.property(instants, sequences, instants, sequences, bytes, bytes, (atA, seqA, atB, seqB, a, b) => {
        fc.pre(atA !== atB || seqA !== seqB)
        const isBefore = atA < atB || (atA === atB && seqA < seqB)
        expect(uuidv7(atA, seqA, a, 0) < uuidv7(atB, seqB, b, 0)).toBe(isBefore)
      }),
    )
  })
})

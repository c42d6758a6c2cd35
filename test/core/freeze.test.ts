import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deepFreeze } from '../../src/core/freeze.js'

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen))

describe('deepFreeze', () => {
  it('freezes plain values through and through, and changes nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = structuredClone(value)
        expect(deepFreeze(value)).toBe(value)
        expect(value).toEqual(copy)
        expect(isDeeplyFrozen(value)).toBe(true)
      }),
    )
  })

  it('goes no further where something is frozen already', () => {
    const inner = { open: true }
    deepFreeze({ frozen: Object.freeze({ inner }) })
    expect(Object.isFrozen(inner)).toBe(false)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFaultAt } from '../../src/core/json-fault.js'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('jsonFaultAt', () => {
  it.each<[string, number]>([
    ['', 0],
    ['  ', 2],
    ['abc', 0],
    ['{', 1],
    ['{a: 1}', 1],
    ['{"a" 1}', 5],
    ['{"a": 1,}', 8],
    ['[1, 2', 5],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{"a": [1}', 8],
    ['{} x', 3],
    ['"open', 5],
    ['"a\nb"', 2],
    ['"a\\x"', 2],
    ["{'a': 1}", 1],
    ['{"a": 01}', 7],
    ['{"a": Infinity}', 6],
    [']', 0],
    ['//', 0],
  ])('finds it in %j at %i', (text, at) => {
    expect(isJson(text)).toBe(false)
    expect(jsonFaultAt(text)).toBe(at)
  })

  it('finds no fault before one that was put in, and none later than it can be', () => {
    const property = fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('#', '\u0001', '}}', '"', ',,'),
      (json, seed, fault) => {
        const at = seed % (json.length + 1)
        const text = json.slice(0, at) + fault + json.slice(at)
        fc.pre(!isJson(text))
        const found = jsonFaultAt(text)
        expect(found).toBeGreaterThanOrEqual(0)
        expect(found).toBeLessThanOrEqual(text.length)
        // What stands before it is a beginning of JSON, which another text goes on from.
        expect(found).toBeGreaterThanOrEqual(Math.min(at, text.length) - tokenBefore(json, at))
      },
    )
    fc.assert(property)
  })

  it('takes a text that is deep or long', () => {
    const depth = 500_000
    expect(jsonFaultAt('['.repeat(depth))).toBe(depth)
    expect(jsonFaultAt(`"${'x'.repeat(1_000_000)}`)).toBe(1_000_001)
    expect(jsonFaultAt(`"${'\\n'.repeat(500_000)}`)).toBe(1_000_001)
  })
})

/** A number or a word is looked at whole, so a fault within it may be found where it begins. */
const tokenBefore = (json: string, at: number): number => /[-+.\w]*$/.exec(json.slice(0, at))![0].length + 1

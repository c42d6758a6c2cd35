import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeValue, storableText } from '../../src/core/text.js'
import { hostileValues } from './support/hostile-values.js'

const anyText = fc.string({ unit: 'binary' })
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => units.map((unit) => String.fromCharCode(unit)).join(''))

describe('storableText', () => {
  it('has neither NUL nor lone surrogates left, and the length it had', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, anyUnits), (text) => {
        const storable = storableText(text)
        expect(storable).not.toMatch(/\0|\p{Surrogate}/u)
        expect(storable).toHaveLength(text.length)
        expect(Buffer.from(storable, 'utf8').toString('utf8')).toBe(storable)
      }),
    )
  })

  it('leaves alone what can be stored, pairs included', () => {
    expect(storableText('grüße \u{1F600} \n')).toBe('grüße \u{1F600} \n')
  })

  it('shows what it has replaced', () => {
    expect(storableText('a\0b\uD800c\uDC00')).toBe('a\u2400b\uFFFDc\uFFFD')
  })
})

describe('describeValue', () => {
  it.each([
    ['text', '"text"'],
    ['a\n"b', '"a\\n\\"b"'],
    ['x'.repeat(80), `"${'x'.repeat(80)}"`],
    ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
  ])('quotes %j, and cuts it', (value, expected) => {
    expect(describeValue(value)).toBe(expected)
  })

  it('says in a few words what anything else is', () => {
    const values = [1.5, NaN, true, null, undefined, 10n ** 1_000n, Symbol('a'.repeat(1_000)), () => 1, [1]]
    expect(values.map(describeValue)).toEqual([
      ...['1.5', 'NaN', 'true', 'null', 'undefined'],
      ...['a bigint', 'a symbol', 'a function', 'an object'],
    ])
  })

  it.each(hostileValues())('runs no code of %s', (_, value) => {
    expect(describeValue(value)).toMatch(/^an? (object|function)$/)
  })
})

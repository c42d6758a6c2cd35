import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCopy } from '../../src/core/json.js'
import { createRedactor } from '../../src/core/redact.js'

describe('jsonCopy', () => {
  it('copies any JSON value whole, secrets aside', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value)
        fc.pre(
          createRedactor().redactValue(value as never) === value &&
            !/__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/.test(json),
        )
        expect(jsonCopy(value, 100_000)).toEqual({ value: JSON.parse(json), isWhole: true })
      }),
    )
  })

  it('reads dates, holes and what holds nothing as JSON.stringify does', () => {
    expect(jsonCopy({ at: new Date(0), none: undefined, fn: () => 1, list: [undefined, 1] }, 1000)).toEqual({
      value: { at: '1970-01-01T00:00:00.000Z', list: [null, 1] },
      isWhole: true,
    })
    expect(jsonCopy(undefined, 1000)).toEqual({ value: null, isWhole: true })
  })

  it('redacts and is whole still', () => {
    expect(jsonCopy({ token: 'x', text: 'password=y' }, 1000)).toEqual({
      value: { token: '[redacted]', text: 'password=[redacted]' },
      isWhole: true,
    })
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  it.each([
    ['a bigint', 1n],
    ['NaN', { a: NaN }],
    ['a Map', new Map()],
    ['a circle', circle],
    [
      'an accessor',
      {
        get a() {
          throw new Error('run')
        },
      },
    ],
    ['a proxy', new Proxy({}, {})],
    ['bytes', new Uint8Array(3)],
    ['a symbol', [Symbol('s')]],
    ['NUL', 'a\0'],
    ['too much', 'x'.repeat(1000)],
    ['too many', Array.from({ length: 1000 }, () => 0)],
    ['too deep', JSON.parse(`${'['.repeat(400)}${']'.repeat(400)}`)],
  ])('gives null for %s', (_, value) => {
    expect(jsonCopy(value, 1000)).toEqual({ value: null, isWhole: false })
  })
})

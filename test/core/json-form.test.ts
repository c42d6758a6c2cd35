import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonForm } from '../../src/core/json-form.js'

const MAX = 1_000
const UNREADABLE = 'it is a circle, or throws when it is read as JSON'

const unfit = (fault: string | RegExp) => ({ value: null, fault: expect.stringMatching(fault) as string })

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

describe('jsonForm', () => {
  it('is what JSON.stringify makes of any JSON value that is small enough', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.nat(200), (value, maxBytes) => {
        const json = JSON.stringify(value)
        fc.pre(!/__proto__|\\u0000|\\ud[89a-f]/.test(json))
        const fits = Buffer.byteLength(json) <= maxBytes
        const form = jsonForm(value, maxBytes)
        if (fits) expect(form).toEqual({ value: JSON.parse(json), fault: null })
        else expect(form).toEqual(unfit(/bytes as JSON/))
      }),
    )
  })

  it('never throws, and is JSON, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          const form = jsonForm(value, MAX)
          expect(JSON.parse(JSON.stringify(form))).toEqual(form)
        },
      ),
    )
  })

  it('reads what holds nothing, dates and toJSON as JSON does', () => {
    class Account {
      password = 'hush'
      toJSON(): object {
        return { id: 7 }
      }
    }
    const given = {
      at: new Date(0),
      none: undefined,
      fn: () => 1,
      symbol: Symbol('s'),
      list: [undefined],
      new: new Account(),
    }
    const form = { at: '1970-01-01T00:00:00.000Z', list: [null], new: { id: 7 } }
    expect(jsonForm(given, MAX)).toEqual({ value: form, fault: null })
    expect(jsonForm(undefined, MAX)).toEqual({ value: null, fault: null })
  })

  it('is text that every store takes, in keys too', () => {
    expect(jsonForm({ 'a\0': ['b\0', '\ud800'] }, MAX).value).toEqual({ 'a␀': ['b␀', '\ufffd'] })
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  it.each<[string, unknown, string]>([
    ['a bigint', { total: 1n }, 'a bigint is not JSON'],
    ['NaN', { a: [NaN] }, 'NaN is not JSON'],
    ['Infinity', -Infinity, '-Infinity is not JSON'],
    ['a function', () => 1, 'a function is not JSON'],
    ['a function in a list', [() => 1], 'a function is not JSON'],
    ['a symbol', Symbol('s'), 'a symbol is not JSON'],
    ['a Map', { of: new Map([[1, 2]]) }, '[object Map] is not JSON'],
    ['a Set', new Set([1]), '[object Set] is not JSON'],
    ['an Error', new Error('no'), '[object Error] is not JSON'],
    ['bytes', new Uint8Array(3), '[object Uint8Array] is not JSON'],
    ['a promise', { of: Promise.resolve(1) }, '[object Promise] is not JSON'],
    ['a circle', circle, UNREADABLE],
    ['what is too deep', nested(65), 'it is deeper than 64 levels'],
    ['what is far too deep', nested(100_000), 'it is deeper than 64 levels'],
    ['a hostile key', JSON.parse('{"__proto__":1}'), "a key named '__proto__' cannot be kept"],
    ['a text that is too long', 'x'.repeat(MAX), 'it takes more than 1000 bytes as JSON'],
    ['wide text', '\u20ac'.repeat(MAX / 2), 'it takes more than 1000 bytes as JSON'],
    ['too many items', new Array(10_000_000).fill(0), 'it takes more than 1000 bytes as JSON'],
    ['too many holes', new Array(2 ** 32 - 1), 'it takes more than 1000 bytes as JSON'],
    ['what throws', { get a() { throw new Error('mine') } }, UNREADABLE],
    ['a revoked proxy', revoked(), UNREADABLE],
  ])('is none for %s, and says why', (_, value, fault) => {
    expect(jsonForm(value, MAX)).toEqual({ value: null, fault })
  }) // prettier-ignore

  it('takes 64 levels', () => {
    expect(jsonForm(nested(64), MAX)).toEqual({ value: nested(64), fault: null })
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

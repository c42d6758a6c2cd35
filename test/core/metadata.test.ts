import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError } from '../../src/core/errors.js'
import { copyMetadata, NO_METADATA } from '../../src/core/metadata.js'
import { hostileValues, revoked } from './support/hostile-values.js'

const copy = (given: unknown) => copyMetadata('spawn().metadata', given)

const thrownBy = (call: () => unknown): unknown => {
  try {
    call()
  } catch (thrown) {
    return thrown
  }
  return 'nothing thrown'
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) })

describe('copyMetadata', () => {
  it('gives a frozen copy of any JSON, which survives JSON unchanged', () => {
    const unit = 'grapheme-ascii'
    const json = fc.dictionary(fc.string({ unit }), fc.jsonValue({ stringUnit: unit }))
    fc.assert(
      fc.property(json, (given) => {
        fc.pre(!JSON.stringify(given).includes('__proto__'))
        const before = structuredClone(given)
        const taken = copy(given)
        expect(JSON.parse(JSON.stringify(taken))).toEqual(JSON.parse(JSON.stringify(before)))
        expect(given).toEqual(before)
        expect(Object.isFrozen(taken)).toBe(true)
        for (const inner of Object.values(taken)) expect(Object.isFrozen(inner)).toBe(true)
        expect(Object.isFrozen(given)).toBe(false)
      }),
    )
  })

  it('does not change with what it was copied from', () => {
    const given = { list: [1, { deep: true }] }
    const taken = copy(given)
    given.list.push(2)
    Object.assign(given.list[1]!, { deep: false })
    expect(taken).toEqual({ list: [1, { deep: true }] })
  })

  it('leaves out keys that are undefined, as JSON does', () => {
    expect(copy({ kept: null, gone: undefined })).toEqual({ kept: null })
    expect(copy({})).toEqual(NO_METADATA)
  })

  it('makes keys and text storable', () => {
    expect(copy({ 'a\0': 'b\uD800' })).toEqual({ 'a\u2400': 'b\uFFFD' })
  })

  it('takes plain data without a prototype, and of another realm', () => {
    for (const prototype of [null, Object.create(null) as object]) {
      expect(copy(Object.assign(Object.create(prototype) as object, { a: 1 }))).toEqual({ a: 1 })
    }
  })

  class Order {
    readonly number = 1
  }

  it.each<[given: unknown, where: string, what: string]>([
    [null, '', 'an object, got null'],
    ['text', '', 'an object, got "text"'],
    [[1], '', 'an object, got an object'],
    [{ a: NaN }, '.a', 'a finite number, got NaN'],
    [{ a: [1, -Infinity] }, '.a[1]', 'a finite number, got -Infinity'],
    [{ a: { b: () => 1 } }, '.a.b', 'a JSON value, got a function'],
    [{ a: Symbol('x') }, '.a', 'a JSON value, got a symbol'],
    [{ a: [undefined] }, '.a[0]', 'a JSON value, got undefined'],
    [{ a: new Date(0) }, '.a', 'plain data, got an object'],
    [{ a: new Map() }, '.a', 'plain data, got an object'],
    [{ a: new Order() }, '.a', 'plain data, got an object'],
  ])('refuses %o, and says where it offends', (given, where, what) => {
    expect(thrownBy(() => copy(given))).toMatchObject({
      code: 'OPTION_INVALID',
      path: `spawn().metadata${where}`,
      message: `spawn().metadata${where}: expected ${what}`,
    })
  })

  it('refuses a bigint', () => {
    expect(() => copy({ a: 1n })).toThrow('spawn().metadata.a: expected a JSON value, got a bigint')
  })

  it('refuses a key that would change the prototype of the copy', () => {
    expect(() => copy(JSON.parse('{"a":{"__proto__":{"admin":true}}}'))).toThrow('metadata.a.__proto__: is no key')
  })

  it('refuses holes, which no JSON has', () => {
    expect(isTaskOptionError(thrownBy(() => copy({ a: new Array<number>(2) })))).toBe(true)
  })

  it.each([
    ['at 16 KiB', { a: 'x'.repeat(16 * 1024 - 8) }],
    ['at 16 KiB of two-byte letters', { a: 'ü'.repeat((16 * 1024 - 8) / 2) }],
    ['64 levels deep', nested(64)],
    ['of as many values as fit', { a: Array.from({ length: 8_188 }, () => 1) }],
  ])('takes what is %s', (_, given) => {
    expect(copy(given)).toEqual(given)
  })

  it.each([
    ['a byte more', { a: 'x'.repeat(16 * 1024 - 7) }, '16384 bytes'],
    ['two-byte letters that fit only as units', { a: 'ü'.repeat(9_000) }, '16384 bytes'],
    ['more levels', nested(65), 'at most 64 levels'],
    ['more values', { a: Array.from({ length: 8_190 }, () => 1) }, '16384 bytes'],
    ['keys alone', { ['k'.repeat(17_000)]: 1 }, '16384 bytes'],
    ['an array without end', { a: new Array(2 ** 32 - 1) }, '16384 bytes'],
  ])('refuses %s', (_, given, what) => {
    expect(() => copy(given)).toThrow(what)
  })

  it('refuses what contains itself, and says so in time', () => {
    const loop: Record<string, unknown> = {}
    loop['loop'] = loop
    const tree: unknown[] = []
    tree.push(tree, tree)
    const started = performance.now()
    expect(() => copy(loop)).toThrow('levels')
    expect(isTaskOptionError(thrownBy(() => copy({ tree })))).toBe(true)
    expect(performance.now() - started).toBeLessThan(500)
  })

  it.each(hostileValues())('says that %s is misuse, wherever it stands', (_, value) => {
    for (const given of [value, { inner: value }, { list: [value] }]) {
      expect(isTaskOptionError(thrownBy(() => copy(given)))).toBe(true)
    }
  })

  it.each([
    ['an error', () => new Error('mine')],
    ['undefined', () => undefined],
    ['a revoked proxy', () => revoked({})],
  ])('says that a getter which throws %s is misuse', (_, make) => {
    const given = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw make()
      },
    })
    expect(isTaskOptionError(thrownBy(() => copy(given)))).toBe(true)
  })

  it('runs no method of an array', () => {
    const smuggled = Object.assign([1], { map: () => [new Date()] })
    expect(copy({ smuggled })).toEqual({ smuggled: [1] })
    class Species extends Array<number> {
      static override get [Symbol.species](): ArrayConstructor {
        return function () {
          return [new Date(), new Date()]
        } as unknown as ArrayConstructor
      }
    }
    const plain = copy({ list: Species.of(1, 2) })['list']
    expect(JSON.parse(JSON.stringify(plain))).toEqual([1, 2])
    expect(Object.getPrototypeOf(plain)).toBe(Array.prototype)
  })
})

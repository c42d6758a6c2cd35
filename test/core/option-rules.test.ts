import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError } from '../../src/core/errors.js'
import * as rules from '../../src/core/option-rules.js'
import { hostileValues, revoked } from './support/hostile-values.js'

const accepted = (rule: rules.Rule, values: readonly unknown[]): unknown[] => values.filter((v) => rule.accepts(v))

const NUMBERS = [-Infinity, -1, -0.5, 0, 0.5, 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, Infinity, NaN, '1', 1n, null, true]

describe('the rules of numbers', () => {
  it.each([
    ['time', rules.timeRule, [0, 1, 2 ** 31, 2 ** 53 - 1, Infinity]],
    ['cap', rules.capRule, [1, 2 ** 31, 2 ** 53 - 1, Infinity]],
    ['count', rules.countRule, [0, 1, 2 ** 31, 2 ** 53 - 1, Infinity]],
    ['limit', rules.limitRule, [1, 2 ** 31, 2 ** 53 - 1]],
    ['instant', rules.instantRule, NUMBERS.slice(1, 9)],
    ['priority', rules.priorityRule, NUMBERS.slice(1, 9)],
  ])('%s', (_, rule, expected) => {
    expect(accepted(rule, NUMBERS)).toEqual(expected)
  })
})

describe('the rules of other values', () => {
  it('take what they say', () => {
    const nothing = (): void => undefined
    const values = [true, false, 0, '', 'a', 'b', nothing, {}, { go: nothing }, { go: 1 }, [], null]
    expect(accepted(rules.booleanRule, values)).toEqual([true, false])
    expect(accepted(rules.functionRule, values)).toEqual([nothing])
    expect(accepted(rules.textRule, values)).toEqual(['', 'a', 'b'])
    expect(accepted(rules.oneOf('a', 'c'), values)).toEqual(['a'])
    expect(accepted(rules.objectWith('go'), values)).toEqual([{ go: nothing }])
    expect(rules.oneOf('a', 'c').expected).toBe("one of 'a', 'c'")
    expect(rules.objectWith('go', 'stop').expected).toBe('an object with go(), stop()')
  })

  it('take a name of 1 to 256 bytes that every store takes', () => {
    const good = ['a', ' ', 'x'.repeat(256), 'ü'.repeat(128), '\u{1F600}'.repeat(64)]
    const bad = ['', 'x'.repeat(257), 'ü'.repeat(129), '\u{1F600}'.repeat(65), 'a\0', '\uD800', '\uDC00\uD800', 1]
    expect(accepted(rules.nameRule, [...good, ...bad])).toEqual(good)
  })
})

describe('checkOptions', () => {
  const RULES: rules.Rules = {
    timeout: rules.timeRule,
    name: rules.nameRule,
    retry: rules.optionsWithin({ delay: rules.timeRule }),
  }
  const check = (given: unknown) => rules.checkOptions('spawn()', given, RULES)

  it('gives a plain copy without what is undefined', () => {
    expect(check(undefined)).toEqual({})
    const given = { timeout: 1, name: undefined, retry: { delay: 2 } }
    const options = check(given)
    expect(options).toEqual({ timeout: 1, retry: { delay: 2 } })
    expect(Object.keys(options)).not.toContain('name')
    expect(options['retry']).not.toBe(given.retry)
  })

  it('takes what is inherited too, as from a class with defaults', () => {
    expect(check(Object.create({ timeout: 7 }))).toEqual({ timeout: 7 })
  })

  it('reads each option once', () => {
    let reads = 0
    const given = Object.defineProperty({}, 'timeout', { enumerable: true, get: () => ++reads })
    expect(check(given)).toEqual({ timeout: 1 })
    expect(reads).toBe(1)
  })

  it.each([
    [{ timeout: '5' }, 'spawn().timeout', 'expected whole milliseconds from 0, or Infinity, got "5"'],
    [{ timeout: null }, 'spawn().timeout', 'expected whole milliseconds from 0, or Infinity, got null'],
    [{ timout: 5 }, 'spawn().timout', `unknown option "timout"; did you mean 'timeout'?`],
    [{ colour: 5 }, 'spawn().colour', 'unknown option "colour"; known: timeout, name, retry'],
    [{ toString: 1 }, 'spawn().toString', 'unknown option "toString"; known: timeout, name, retry'],
    [JSON.parse('{"__proto__":1}'), 'spawn().__proto__', 'unknown option "__proto__"; known: timeout, name, retry'],
    [{ retry: 3 }, 'spawn().retry', 'expected an object, got 3'],
    [{ retry: { delay: -1 } }, 'spawn().retry.delay', 'expected whole milliseconds from 0, or Infinity, got -1'],
    [{ retry: { dealy: 1 } }, 'spawn().retry.dealy', 'unknown option "dealy"; did you mean \'delay\'?'],
    [5, 'spawn()', 'expected an object of options, got 5'],
    [null, 'spawn()', 'expected an object of options, got null'],
    [() => 1, 'spawn()', 'expected an object of options, got a function'],
  ])('says what is wrong with %o', (given, path, message) => {
    let thrown: unknown
    try {
      check(given)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'OPTION_INVALID', path, message: `${path}: ${message}` })
  })

  it('cuts a key that is too long to be shown', () => {
    let message = ''
    try {
      check({ ['k'.repeat(100_000)]: 1 })
    } catch (error) {
      ;({ message } = error as Error)
    }
    expect(message.length).toBeGreaterThan(100)
    expect(message.length).toBeLessThan(500)
  })

  it.each(hostileValues())('says that %s is misuse, as options and as a value', (_, value) => {
    for (const given of [value, { timeout: value }, { name: value }, { retry: value }]) {
      let thrown: unknown
      try {
        check(given)
      } catch (error) {
        thrown = error
      }
      expect(isTaskOptionError(thrown)).toBe(true)
    }
  })

  it.each([
    ['an array', []],
    ['a map', new Map([['timeout', 1]])],
    ['a date', new Date(0)],
  ])('does not take %s for options', (_, given) => {
    expect(() => check(given)).toThrow('expected an object of options')
  })
})

describe('checkValue', () => {
  it('takes a check that throws for a no', () => {
    expect(() => rules.checkValue('store', revoked({}), rules.objectWith('open'))).toThrow(
      'store: expected an object with open(), got an object',
    )
  })
})

describe('utf8Bytes', () => {
  it('agrees with Buffer about all well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(rules.utf8Bytes(text)).toBe(Buffer.byteLength(text))
      }),
    )
  })

  it.each(['', 'a', '\x7f', '\x80', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'])(
    'agrees with Buffer about %j',
    (text) => {
      expect(rules.utf8Bytes(text)).toBe(Buffer.byteLength(text))
    },
  )
})

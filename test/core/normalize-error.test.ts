import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { normalizeError, toError } from '../../src/core/normalize-error.js'
import { createRedactor } from '../../src/core/redact.js'
import { withPatched, type Patch } from '../support/patched.js'

const MEGA = 1024 * 1024
const withFields = (fields: object) => Object.assign(new Error('boom'), fields)
const detailsOf = (thrown: unknown) => normalizeError(thrown).details ?? {}

describe('normalizeError', () => {
  it.each([
    ['boom', 'boom'],
    ['', 'Unknown error'],
    ['  \n', 'Unknown error'],
    ['[object Object]', 'Unknown error'],
    ['a\0b\ud800', 'a\u2400b\ufffd'],
    ['login failed: password=hunter2', 'login failed: password=[redacted]'],
  ])('gives for the string %j nothing but the message %j', (thrown, message) => {
    expect(normalizeError(thrown)).toEqual({ message, code: null, details: null })
  })

  it.each([
    [undefined, 'Not an error: undefined'],
    [null, 'Not an error: null'],
    [NaN, 'Not an error: NaN'],
    [42n, 'Not an error: 42n'],
    [Symbol('s'), 'Not an error: Symbol(s)'],
    [{}, 'Not an error: object'],
    [function fail() {}, 'Not an error: function fail'],
    [new Proxy({}, {}), 'Not an error: Proxy'],
  ])('says what %s is that is no error', (thrown, message) => {
    expect(normalizeError(thrown)).toEqual({ message, code: null, details: null })
  })

  it('gives name, stack, causes and own fields of an error', () => {
    class PaymentError extends Error {
      override name = 'PaymentError'
      code = 'E_DECLINED'
      order = { id: 7, at: new Date(0) }
    }
    const error = normalizeError(new PaymentError('declined', { cause: new TypeError('no card') }))
    expect(error).toEqual({
      message: 'declined',
      code: 'E_DECLINED',
      details: {
        name: 'PaymentError',
        stack: expect.stringMatching(/^\w*Error: declined\n {4}at /) as string,
        cause: {
          message: 'no card',
          code: null,
          details: { name: 'TypeError', stack: expect.stringMatching(/^TypeError: no card\n {4}at /) as string },
        },
        order: { id: 7, at: '1970-01-01T00:00:00.000Z' },
      },
    })
  })

  it('takes the name of the class where an error has not set its own', () => {
    class QuotaError extends Error {}
    expect(detailsOf(new QuotaError('boom'))['name']).toBe('QuotaError')
    expect(detailsOf(new (class q extends Error {})('boom'))['name']).toBe('Error')
  })

  it.each([
    [{ code: 'E_X' }, 'E_X'],
    [{ code: 11000 }, '11000'],
    [{ code: 0 }, '0'],
    [{ code: '' }, null],
    [{ code: NaN }, null],
    [{ code: {} }, null],
    [{ code: true }, null],
    [{ code: 'A\r\nB\u001b' }, 'A B'],
    [{ code: 'ОШИБКА' }, 'ОШИБКА'],
    [{ code: 'x'.repeat(500) }, 'x'.repeat(128)],
    [{ code: ' ' }, null],
  ])('reads the code of %j as %j', (fields, code) => {
    expect(normalizeError(withFields(fields)).code).toBe(code)
  })

  it('gives the name of a DOMException, not its number', () => {
    expect(normalizeError(new DOMException('late', 'TimeoutError'))).toMatchObject({
      message: 'late',
      code: 'TimeoutError',
    })
  })

  it('gives an aggregate the message and code of its first error where it has none', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' })
    const error = normalizeError(new AggregateError([new AggregateError([refused]), new Error('other')]))
    expect(error).toMatchObject({ message: refused.message, code: 'ECONNREFUSED' })
    expect(normalizeError(new AggregateError([refused], 'all failed'))).toMatchObject({
      message: 'all failed',
      code: 'ECONNREFUSED',
      details: { errors: [{ message: refused.message, code: 'ECONNREFUSED' }] },
    })
  })

  it('keeps the outer causes of a long chain and the innermost', () => {
    let thrown = new Error('innermost')
    for (let i = 99; i > 0; i--) thrown = new Error(`link ${i}`, { cause: thrown })
    const messages: string[] = []
    let left: unknown
    for (let error = normalizeError(thrown) as ReturnType<typeof normalizeError> | undefined; error;) {
      messages.push(error.message)
      left ??= error.details?.['[causes left out]']
      error = error.details?.['cause'] as unknown as typeof error
    }
    expect(messages).toEqual(['link 1', 'link 2', 'link 3', 'link 4', 'link 5', 'innermost'])
    expect(left).toBe(94)
  })

  it('cuts a chain of causes that comes back to its beginning', () => {
    const outer = new Error('outer')
    outer.cause = new Error('inner', { cause: outer })
    const { cause } = detailsOf(outer)
    expect(cause).toMatchObject({ message: 'inner', details: { '[circular cause]': true } })
    expect(cause).not.toHaveProperty('details.cause')
  })

  it('marks all that it leaves out', () => {
    const details = detailsOf(
      withFields({
        text: 'x'.repeat(5000),
        list: Array.from({ length: 100 }, (_, i) => i),
        keys: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])),
        deep: { a: { b: { c: { d: { e: { f: {} } } } } } },
        errors: Array.from({ length: 100 }, (_, i) => new Error(`no ${i}`)),
      }),
    )
    expect(details['text']).toMatch(/x… \[\+\d+ chars\]$/)
    expect((details['list'] as unknown[]).at(-1)).toBe('[truncated: 81 more items]')
    expect(details['keys']).toHaveProperty(['[truncated]'], '61 more keys')
    expect(JSON.stringify(details['deep'])).toContain('"[object]"')
    expect((details['errors'] as unknown[]).at(-1)).toMatchObject({ message: '[truncated: 91 more errors]' })
  })

  it('keeps message, code, first frames and innermost cause of an error cut down to 1 KiB', () => {
    const innermost = new Error('disk full')
    const thrown = Object.assign(
      new Error(`upload failed ${'x'.repeat(9000)}`, { cause: new Error('m', { cause: innermost }) }),
      {
        code: 'E_UPLOAD',
        body: 'y'.repeat(9000),
      },
    )
    const error = normalizeError(thrown, { maxBytes: 1024 })
    expect(Buffer.byteLength(JSON.stringify(error))).toBeLessThanOrEqual(1024)
    expect(error).toMatchObject({
      message: expect.stringMatching(/^upload failed x+… \[\+/) as string,
      code: 'E_UPLOAD',
    })
    expect(error.details?.['stack']).toContain('\n    at ')
    expect(error.details?.['cause']).toMatchObject({ message: 'disk full' })
    expect(error.details?.['[truncated]']).toBe('cut down to 1024 bytes')
  })

  it('never lets a field of the error shadow what it says of the error', () => {
    const error = normalizeError(
      Object.assign(new Error('boom'), { message: { a: 1 }, name: 7, code: { b: 2 }, errors: 'none', stack: { c: 3 } }),
    )
    expect(error.message).toBe('Error (no message)')
    expect(error.code).toBeNull()
    expect(error.details).toMatchObject({
      name: 'Error',
      'name (own)': 7,
      'code (own)': { b: 2 },
    })
  })

  it('takes the home directory out of stacks where it is told which', () => {
    const error = withFields({
      stack: 'Error: boom\n    at f (/home/ann/app/x.js:1:2)\n    at g (file:///home/ann/app/y.js:3:4)',
    })
    expect(detailsOf(error)['stack']).toContain('/home/ann')
    expect(normalizeError(error, { home: '/home/ann' }).details?.['stack']).toBe(
      'Error: boom\n    at f (~/app/x.js:1:2)\n    at g (file://~/app/y.js:3:4)',
    )
  })

  it('redacts what it is asked to besides the defaults', () => {
    const thrown = withFields({ card: { number: '4111', kind: 'visa' }, ssn: '078-05', tenantKey: 'k' })
    const redact = ['card.number', 'ssn', /^tenant/]
    const expected = { card: { number: '[redacted]', kind: 'visa' }, ssn: '[redacted]', tenantKey: '[redacted]' }
    expect(normalizeError(thrown, { redact }).details).toMatchObject(expected)
    expect(normalizeError(thrown, { redact: createRedactor(redact) }).details).toMatchObject(expected)
  })

  const long = 's3cr3tS3CR3T'.repeat(25)
  it.each([
    `postgres://ann:${long}@db`,
    `https://${long}@db`,
    `ghp_${long}`,
    `eyJ${long}.${long}.${long}`.slice(0, 500),
    `Bearer ${long}`,
    `password="${long}"`,
  ])('leaves nothing of a secret that is cut, as in %j', (secret) => {
    for (let length = 3900; length < 4100; length += 3) {
      const { message } = normalizeError(`${'x'.repeat(length - 1)} ${secret} ${'y'.repeat(5000)}`)
      expect(message).not.toMatch(/s3c/i)
    }
  })

  it('pins no larger text', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = used()
    const kept = Array.from({ length: 10 }, (_, i) => {
      const huge = `${i}`.repeat(5 * MEGA)
      return [
        normalizeError(huge),
        normalizeError(huge.slice(3, 300)),
        normalizeError(withFields({ code: huge.slice(1, 90), [huge.slice(2, 80)]: huge.slice(5, 500) })),
      ]
    })
    expect(used() - before).toBeLessThan(5 * MEGA)
    expect(kept).toHaveLength(10)
  })
})

describe('normalizeError in a program that has changed the language', () => {
  const thrown = () =>
    withFields({
      stack: 'Error: boom\n    at f (/x.js:1:1)',
      code: 'E_X',
      list: [1, { a: new Date(0) }],
      map: new Map([['k', 'v']]),
      token: 't',
      text: 'Bearer abc123def',
    })

  it('gives the same', () => {
    const value = thrown()
    const expected = normalizeError(value)
    const wrong = () => {
      throw new Error('patched')
    }
    const methods: [object, PropertyKey[]][] = [
      [Array.prototype, ['push', 'map', 'join', 'slice', 'forEach', 'indexOf', 'includes', Symbol.iterator]],
      [
        String.prototype,
        ['slice', 'replace', 'indexOf', 'toLowerCase', 'charCodeAt', 'trim', 'startsWith', 'toString'],
      ],
      [RegExp.prototype, ['exec', 'test', Symbol.replace, Symbol.match]],
      [Object, ['keys', 'entries', 'defineProperty', 'hasOwn', 'getPrototypeOf', 'getOwnPropertyDescriptor']],
      [Object.prototype, ['toString', 'hasOwnProperty', 'valueOf']],
      [Reflect, ['ownKeys', 'apply', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'defineProperty']],
      [Map.prototype, ['entries', 'get', 'forEach', Symbol.iterator]],
      [Date.prototype, ['toISOString', 'getTime', 'toJSON']],
      [JSON, ['stringify', 'parse']],
      [Math, ['min', 'max', 'imul']],
      [Function.prototype, ['call', 'apply', 'bind']],
    ]
    const patches = methods.flatMap(([target, keys]) => keys.map((key): Patch => [target, key, wrong]))
    expect(withPatched(patches, () => normalizeError(value))).toEqual(expected)
  })

  it('is not led astray by what every object inherits', () => {
    const value = thrown()
    const expected = normalizeError(value)
    const plain = new Error('plain')
    const patches: Patch[] = [
      [Object.prototype, 'code', 'E_INHERITED'],
      [Object.prototype, 'cause', new Error('inherited')],
      [Object.prototype, 'details', { inherited: true }],
    ]
    const given = withPatched(patches, () => ({ full: normalizeError(value), plain: normalizeError(plain) }))
    expect(given.full).toEqual(expected)
    expect(given.plain).toMatchObject({ message: 'plain', code: null })
    expect(given.plain.details).not.toHaveProperty('cause.message')
  })

  it('leaves the stack out rather than call an Error.prepareStackTrace that came later', () => {
    let calls = 0
    const format = () => String(calls++)
    const error = withPatched([[Error, 'prepareStackTrace', format]], () => normalizeError(new Error('boom')))
    expect(error).toEqual({ message: 'boom', code: null, details: { name: 'Error' } })
    expect(calls).toBe(0)
  })

  it.each([0, Infinity, -1, NaN])('is sound with an Error.stackTraceLimit of %s', (limit) => {
    const deeper = (depth: number): Error => (depth === 0 ? new Error('boom') : deeper(depth - 1))
    const error = withPatched([[Error, 'stackTraceLimit', limit]], () => normalizeError(deeper(2000)))
    expect(error.message).toBe('boom')
    expect(JSON.stringify(error).length).toBeLessThan(16_000)
  })

  it('reads fields whose names an inherited property forbids to assign', () => {
    const value = Object.assign(new Error('boom'), { toString: 1, valueOf: 2 })
    const before = Object.getOwnPropertyDescriptors(Object.prototype)
    Object.defineProperty(Object.prototype, 'valueOf', { writable: false })
    try {
      expect(normalizeError(value).details).toMatchObject({ toString: 1, valueOf: 2 })
    } finally {
      Object.defineProperty(Object.prototype, 'valueOf', before.valueOf)
    }
  })
})

describe('toError', () => {
  const taskError = {
    message: 'boom',
    code: 'E_X',
    details: {
      name: 'PaymentError',
      stack: 'PaymentError: boom\n    at pay (/app/pay.js:1:2)',
      cause: { message: 'why', code: null, details: { name: 'TypeError' } },
      status: 402,
    },
  }

  it('gives an Error with name, message, code, stack, cause and fields', () => {
    const error = toError(taskError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'PaymentError',
      message: 'boom',
      code: 'E_X',
      status: 402,
      stack: taskError.details.stack,
    })
    expect(error.cause).toBeInstanceOf(Error)
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'why' })
    expect(String(error)).toBe('PaymentError: boom')
  })

  it('gives an AggregateError where there are several', () => {
    const error = toError({
      message: 'all failed',
      code: null,
      details: { errors: [{ message: 'one', code: null, details: null }] },
    })
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors[0]).toMatchObject({ message: 'one' })
  })

  it('is read back as the same, also as the cause of another', () => {
    expect(normalizeError(toError(taskError))).toEqual(taskError)
    expect(detailsOf(new Error('outer', { cause: toError(taskError) }))['cause']).toEqual(taskError)
  })

  it('is read as it stands when its message was changed', () => {
    const error = toError(taskError)
    error.message = 'changed'
    expect(normalizeError(error)).toMatchObject({ message: 'changed', code: 'E_X', details: { status: 402 } })
  })

  it('lets no field break the error', () => {
    const error = toError({ message: 'boom', code: null, details: { toString: 'x', constructor: 'y', message: 'z' } })
    expect(String(error)).toBe('Error: boom')
  })
})

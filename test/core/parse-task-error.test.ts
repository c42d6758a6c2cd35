import { describe, expect, it } from 'vitest'
import { normalizeError, parseTaskError } from '../../src/core/normalize-error.js'

const exact = {
  message: 'boom',
  code: 'E_X',
  details: {
    name: 'TypeError',
    stack: 'TypeError: boom\n    at f (/a.js:1:1)',
    cause: { message: 'why', code: null, details: null },
    n: 1,
  },
}

describe('parseTaskError', () => {
  it('gives an exact one back as it was', () => {
    expect(parseTaskError(exact)).toEqual(exact)
    expect(parseTaskError({ message: 'boom', code: null, details: null })).toEqual({
      message: 'boom',
      code: null,
      details: null,
    })
  })

  it('reads the JSON of one', () => {
    expect(parseTaskError(JSON.stringify(exact))).toEqual(exact)
    expect(parseTaskError(JSON.stringify({ message: 'boom' }))).toEqual({ message: 'boom', code: null, details: null })
  })

  it.each([
    ['boom', 'boom'],
    ['', 'Unknown error'],
    [' ', 'Unknown error'],
    ['{"message":"bo', '{"message":"bo'],
    ['{"reason":"boom"}', '{"reason":"boom"}'],
    ['[1]', '[1]'],
    ['"boom"', '"boom"'],
    [null, 'Unknown error'],
    [undefined, 'Unknown error'],
    [{}, 'Unknown error'],
    [[], 'Unknown error'],
    [['boom'], 'Unknown error'],
    [{ error: 'boom' }, 'Unknown error'],
    [{ message: '' }, 'Unknown error'],
    [{ message: 42 }, 'Unknown error'],
    [{ message: '[object Object]' }, 'Unknown error'],
    [404, '404'],
    [Symbol('s'), 'Unknown error'],
    [new Proxy({}, {}), 'Unknown error'],
  ])('reads %j as the message %j alone', (stored, message) => {
    expect(parseTaskError(stored)).toEqual({ message, code: null, details: null })
  })

  it('drops what an object has besides', () => {
    expect(parseTaskError({ message: 'boom', code: 7, stack: 's', name: 'n', extra: 1 })).toEqual({
      message: 'boom',
      code: '7',
      details: null,
    })
  })

  it.each([['text'], [[1]], [42], [null], [undefined]])('reads details of %j as none', (details) => {
    expect(parseTaskError({ message: 'boom', code: null, details }).details).toBeNull()
  })

  it('gives the parts of details their shape', () => {
    const details = {
      name: 3,
      stack: 4,
      cause: 'why',
      errors: ['one', { message: 'two' }, null],
      message: 'shadow',
      field: true,
    }
    expect(parseTaskError({ message: 'boom', code: null, details }).details).toEqual({
      cause: { message: 'why', code: null, details: null },
      errors: [
        { message: 'one', code: null, details: null },
        { message: 'two', code: null, details: null },
        { message: 'Not an error: null', code: null, details: null },
      ],
      'name (own)': 3,
      'message (own)': 'shadow',
      field: true,
    })
  })

  it('redacts and bounds what an older version stored', () => {
    const error = parseTaskError({
      message: `token=abc ${'x'.repeat(90_000)}`,
      code: null,
      details: { password: 'hunter2', big: Array(9000).fill('y'.repeat(90)) },
    })
    expect(error.message).toMatch(/^token=\[redacted\] x/)
    expect(error.details).toMatchObject({ password: '[redacted]' })
    expect(Buffer.byteLength(JSON.stringify(error))).toBeLessThanOrEqual(32_768)
  })

  it('reads an Error as it was thrown', () => {
    const error = new TypeError('boom')
    expect(parseTaskError(error)).toEqual(normalizeError(error))
  })

  it('reads causes nested 10,000 deep', () => {
    let stored: unknown = { message: 'innermost', code: null, details: null }
    for (let i = 0; i < 10_000; i++) stored = { message: `m${i}`, code: null, details: { cause: stored } }
    const error = parseTaskError(stored)
    expect(JSON.stringify(error)).toContain('innermost')
    expect(parseTaskError(error)).toEqual(error)
  })
})

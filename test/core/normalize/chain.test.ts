import { describe, expect, it } from 'vitest'
import { normalizeError, parseTaskError } from '../../../src/core/normalize-error.js'
import type { TaskError } from '../../../src/core/record.js'

const detailsOf = (thrown: unknown) => normalizeError(thrown).details ?? {}

const chained = (length: number, last: unknown): unknown => {
  let inner = last
  for (let i = length; i > 0; i--) inner = new Error(`link ${i}`, { cause: inner })
  return inner
}

describe('a chain of causes', () => {
  it('shows a cause that is no error whole', () => {
    expect(detailsOf(new Error('boom', { cause: ['a', new Map([['b', 1]])] }))['cause']).toEqual({
      message: 'Not an error: Array(2)',
      code: null,
      details: { value: ['a', { b: 1 }] },
    })
  })

  it('keeps a primitive as its innermost cause', () => {
    expect(JSON.stringify(normalizeError(chained(30, 'disk full')))).toContain('{"message":"disk full","code":null')
    expect(JSON.stringify(normalizeError(chained(30, 0)))).toContain('Not an error: 0')
  })

  it('ends where it comes back to an error that was left out', () => {
    const last = new Error('last')
    const tail = chained(20, last)
    last.cause = tail
    const json = JSON.stringify(normalizeError(chained(3, tail)))
    expect(json).toContain('"message":"last"')
    expect(json).toContain('"[circular cause]":true')
  })

  it('does not call an error circular that is met twice beside each other', () => {
    const root = new Error('root')
    const inner = new Error('inner', { cause: root })
    const { cause, errors } = detailsOf(Object.assign(new Error('outer', { cause: inner }), { errors: [inner] }))
    expect(cause).toMatchObject({ message: 'inner', details: { cause: { message: 'root' } } })
    expect(errors).toEqual([cause])
  })

  it('follows long chains so far in all, however many errors share them', () => {
    let asked = 0
    class Link extends Error {
      readonly #cause: unknown
      constructor(cause: unknown) {
        super('link')
        this.#cause = cause
      }
      override get cause() {
        asked++
        return this.#cause
      }
    }
    let long: unknown = 'innermost'
    for (let i = 0; i < 60_000; i++) long = new Link(long)
    const errors = Array.from({ length: 10 }, () => new Error('one', { cause: long }))
    expect(detailsOf(new AggregateError(errors))['errors']).toHaveProperty('0.message', 'one')
    expect(asked).toBeGreaterThan(60_000)
    expect(asked).toBeLessThan(250_000)
  }, 60_000)

  it('is stored with what was left out in the same place', () => {
    const thrown = Object.assign(chained(20, new Error('innermost')) as Error, {
      errors: [chained(20, 'x')],
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`field${i}`, i])),
    })
    const json = JSON.stringify(normalizeError(thrown))
    expect(json.split('[causes left out]')).toHaveLength(3)
    expect(JSON.stringify(parseTaskError(json))).toBe(json)
  })
})

describe('the errors of an aggregate', () => {
  const one = new Error('one')
  it.each([
    ['an array', [one, 'two']],
    ['a Set', new Set([one, 'two'])],
    [
      'a Map',
      new Map<string, unknown>([
        ['a', one],
        ['b', 'two'],
      ]),
    ],
  ])('are read from %s', (_, errors) => {
    const error = normalizeError(Object.assign(new Error(''), { errors }))
    expect(error.message).toBe('one')
    expect(error.details?.['errors']).toMatchObject([{ message: 'one' }, { message: 'two', code: null, details: null }])
  })

  it('keep their names where they stand under names', () => {
    const thrown = Object.assign(new Error('invalid'), { errors: { email: new Error('bad email'), age: 'too young' } })
    expect(detailsOf(thrown)['errors (own)']).toMatchObject({ email: { message: 'bad email' }, age: 'too young' })
  })

  it('are counted where they are nested too deep to be read', () => {
    let errors: Error[] = [new Error('leaf')]
    for (let level = 9; level > 0; level--) errors = [new AggregateError(errors, `level ${level}`)]
    let details = detailsOf(errors[0])
    for (let level = 2; level <= 6; level++) {
      const inner = (details['errors'] as unknown as TaskError[])[0]!
      expect(inner.message).toBe(`level ${level}`)
      details = inner.details!
    }
    expect(details).not.toHaveProperty('errors')
    expect(details['[errors left out]']).toBe(1)
  })

  it('are cut where one of them is the error itself', () => {
    const error = new AggregateError([], 'boom')
    error.errors = [error, one]
    expect(detailsOf(error)['errors']).toMatchObject([
      { message: '[Circular]', code: null, details: null },
      { message: 'one' },
    ])
  })
})

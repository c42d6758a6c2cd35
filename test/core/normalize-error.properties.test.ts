import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { normalizeError, parseTaskError, toError } from '../../src/core/normalize-error.js'
import { createRedactor } from '../../src/core/redact.js'
import { fingerprint } from '../../src/core/fingerprint.js'
import { build, textWithSecret, thrownValue } from '../support/thrown-values.js'

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** What every store can hold: well-formed text without NUL, and no key that reaches a prototype. */
const unsafeParts = (value: unknown): string[] => {
  if (typeof value === 'string') return value.includes('\0') || !isWellFormed(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? [String(value)] : []
  return Object.entries(value).flatMap(([key, field]) => [
    ...unsafeParts(key),
    ...(['__proto__', 'constructor', 'prototype'].includes(key) ? [key] : []),
    ...unsafeParts(field),
  ])
}
const isWellFormed = (text: string) => !/\p{Cs}/u.test(text)

const storedValue = fc.oneof(
  fc.oneof(fc.jsonValue(), fc.json()).map((value) => () => value),
  thrownValue().map((plan) => () => build(plan)),
)

// The machine that runs the tests may be busy with others.
vi.setConfig({ testTimeout: 60_000 })

const runs = { numRuns: 1000 }

describe('normalizeError', () => {
  it('gives a TaskError that JSON and every store can hold, for any value', () => {
    fc.assert(
      fc.property(thrownValue(), (plan) => {
        const error = normalizeError(build(plan))
        expect(Object.keys(error)).toEqual(['message', 'code', 'details'])
        expect(error.message).not.toBe('')
        expect(error.message).not.toBe('[object Object]')
        expect(error.code === null || (error.code.length >= 1 && error.code.length <= 128)).toBe(true)
        expect(stored(error)).toEqual(error)
        expect(unsafeParts(error)).toEqual([])
      }),
      runs,
    )
  })

  it.each([256, 512, 1024, 4096, 32_768])('gives at most %i bytes when asked to', (maxBytes) => {
    fc.assert(
      fc.property(thrownValue(), (plan) => {
        const error = normalizeError(build(plan), { maxBytes })
        expect(bytesOf(error)).toBeLessThanOrEqual(maxBytes)
        expect(parseTaskError(stored(error), { maxBytes })).toEqual(error)
        expect(normalizeError(toError(error), { maxBytes })).toEqual(error)
      }),
      { numRuns: 300 },
    )
  })

  it('gives the same for what it gave: from a store, thrown again, or made an Error again', () => {
    fc.assert(
      fc.property(thrownValue(), (plan) => {
        const error = normalizeError(build(plan))
        expect(parseTaskError(stored(error))).toEqual(error)
        expect(JSON.stringify(parseTaskError(JSON.stringify(error)))).toBe(JSON.stringify(error))
        expect(normalizeError(error)).toEqual(error)
        expect(normalizeError(toError(error))).toEqual(error)
      }),
      runs,
    )
  })

  it('keeps no planted secret, wherever it was planted', () => {
    fc.assert(
      fc.property(
        fc
          .stringMatching(/^[A-Za-z][A-Za-z0-9]{2}\d[A-Za-z0-9]{12,24}$/)
          .chain((secret) => fc.tuple(fc.constant(secret), thrownValue(textWithSecret(secret)))),
        ([secret, plan]) => {
          expect(JSON.stringify(normalizeError(build(plan)))).not.toContain(secret)
        },
      ),
      runs,
    )
  })

  it('redacts a text once and for all', () => {
    const redactor = createRedactor()
    fc.assert(
      fc.property(textWithSecret('s3cr3tS3cr3t'), (text) => {
        const once = redactor.redactText(text)
        expect(redactor.redactText(once)).toBe(once)
      }),
      runs,
    )
  })
})

describe('parseTaskError', () => {
  it('reads any value as a TaskError, and what it read as the same', () => {
    fc.assert(
      fc.property(storedValue, (read) => {
        const error = parseTaskError(read())
        expect(error.message).not.toBe('')
        expect(unsafeParts(error)).toEqual([])
        expect(bytesOf(error)).toBeLessThanOrEqual(32_768)
        expect(parseTaskError(stored(error))).toEqual(error)
      }),
      runs,
    )
  })

  it('reads a TaskError whose JSON was cut off as text', () => {
    fc.assert(
      fc.property(thrownValue(), fc.nat(), (plan, length) => {
        const json = JSON.stringify(normalizeError(build(plan)))
        const error = parseTaskError(json.slice(0, length % json.length))
        expect(error.message).not.toBe('')
        expect(error.details).toBeNull()
      }),
      runs,
    )
  })
})

describe('fingerprint', () => {
  it('gives 16 hexadecimal digits for any error', () => {
    fc.assert(
      fc.property(thrownValue(), (plan) => {
        expect(fingerprint(normalizeError(build(plan)))).toMatch(/^[0-9a-f]{16}$/)
      }),
      runs,
    )
  })
})

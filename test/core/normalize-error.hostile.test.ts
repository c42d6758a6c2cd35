import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/core/fingerprint.js'
import { logTextOfError } from '../../src/core/log-text.js'
import { normalizeError, parseTaskError, toError } from '../../src/core/normalize-error.js'
import { HOSTILE_VALUES } from '../support/hostile-values.js'

// The machine that runs the tests may be busy with others; a value that is walked in full takes minutes.
const SLACK = 10

describe('normalizeError', () => {
  it('is tried with at least 96 values', () => {
    expect(HOSTILE_VALUES.length).toBeGreaterThanOrEqual(96)
    expect(new Set(HOSTILE_VALUES.map(({ name }) => name)).size).toBe(HOSTILE_VALUES.length)
  })

  it.each(HOSTILE_VALUES)(
    'reads $name',
    async ({ make, harm, isLarge, message, code, contains = [], lacks = [] }) => {
      const unhandled: unknown[] = []
      const note = (reason: unknown) => void unhandled.push(reason)
      process.on('unhandledRejection', note)
      try {
        const value = make()
        const start = performance.now()
        const error = normalizeError(value)
        const took = performance.now() - start

        expect(harm?.()).toBeUndefined()
        expect(took).toBeLessThan((isLarge ? 1000 : 100) * SLACK)
        const json = JSON.stringify(error)
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(32_768)
        expect(JSON.parse(json)).toEqual(error)
        expect(json).not.toMatch(/\\u0000|\\ud[89a-f]|"(?:__proto__|constructor|prototype)":/)
        expect(error.message).not.toBe('')
        expect(error.message).not.toBe('[object Object]')
        if (message !== undefined) expect(error.message).toContain(message)
        if (code !== undefined) expect(error.code).toBe(code)
        expect(error.code ?? 'none').toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u)
        for (const part of contains) expect(json).toContain(part)
        for (const part of lacks) expect(json).not.toContain(part)

        expect(parseTaskError(JSON.parse(json))).toEqual(error)
        expect(normalizeError(toError(error))).toEqual(error)
        expect(fingerprint(error)).toMatch(/^[0-9a-f]{16}$/)
        expect(logTextOfError(error)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        await setImmediate()
        expect(unhandled).toEqual([])
      } finally {
        process.off('unhandledRejection', note)
      }
    },
    60_000,
  )
})

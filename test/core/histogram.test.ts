import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/core/histogram.js'

const filled = (durations: readonly number[]): Histogram => {
  const histogram = new Histogram()
  for (const duration of durations) histogram.add(duration)
  return histogram
}

const exactly = (durations: readonly number[], quantile: number): number => {
  const sorted = durations.map(Math.floor).sort((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!
}

const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
] as const

describe('Histogram', () => {
  it('is all zeros before the first duration', () => {
    expect(new Histogram().percentiles()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 })
  })

  it('is exact below 64 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 63 }), { minLength: 1 }), (durations) => {
        const found = filled(durations).percentiles()
        for (const [name, quantile] of QUANTILES) expect(found[name]).toBe(exactly(durations, quantile))
      }),
    )
  })

  it('is within 1.6 % of a sorted array above', () => {
    // Also one value only, since a middle that lies beyond all that was measured would hide among many.
    const duration = fc.oneof(
      fc.double({ min: 0, max: 2 ** 32 - 1, noNaN: true }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 5, max: 31 }).chain((power) => fc.constantFrom(2 ** power - 1, 2 ** power, 2 ** power + 1)),
    )
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), (durations) => {
        const found = filled(durations).percentiles()
        for (const [name, quantile] of QUANTILES) {
          const expected = exactly(durations, quantile)
          expect(Math.abs(found[name] - expected)).toBeLessThanOrEqual(expected * 0.016)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('knows count and maximum exactly, and no percentile passes the maximum', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(5_000), fc.nat(2 ** 40)), { minLength: 1 }), (durations) => {
        const found = filled(durations).percentiles()
        expect(found).toMatchObject({ count: durations.length, max: Math.max(...durations) })
        expect(found.p50).toBeLessThanOrEqual(found.p90)
        expect(found.p90).toBeLessThanOrEqual(found.p99)
        expect(found.p99).toBeLessThanOrEqual(found.max)
      }),
    )
  })

  it.each([-1, -Infinity, NaN, -0.5])('takes %d, which no clock gives, for nothing', (duration) => {
    expect(filled([duration]).percentiles()).toEqual({ count: 1, p50: 0, p90: 0, p99: 0, max: 0 })
  })

  it('counts above 49 days in one bucket, with the maximum exact', () => {
    const found = filled([2 ** 32, 2 ** 33, 2 ** 50]).percentiles()
    expect(found).toMatchObject({ count: 3, max: 2 ** 50 })
    expect(found.p50).toBe(found.p99)
  })

  it('takes no space before its first use, and the same however many it counts', () => {
    const made: number[] = []
    const original = globalThis.Uint32Array
    // The only store a histogram has is its array; a second one would be growth.
    globalThis.Uint32Array = class extends original {
      constructor(length: number) {
        super(length)
        made.push(length)
      }
    } as unknown as typeof Uint32Array
    try {
      const histogram = new Histogram()
      expect(made).toEqual([])
      for (let i = 0; i < 100_000; i++) histogram.add(i * 17)
      expect(made).toHaveLength(1)
      expect(made[0]! * 4).toBeLessThan(4_096)
    } finally {
      globalThis.Uint32Array = original
    }
  })
})

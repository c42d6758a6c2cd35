import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RETRY_DEFAULTS, retryDelay, type RetryPolicy } from '../../src/core/retry.js'

const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  attempts: fc.constant(5),
  backoff: fc.constantFrom('constant', 'linear', 'exponential'),
  delay: fc.oneof(fc.nat(10_000), fc.constant(Number.MAX_SAFE_INTEGER)),
  maxDelay: fc.oneof(fc.nat(100_000), fc.constant(Infinity)),
  jitter: fc.constantFrom('full', 'equal', 'none'),
  when: fc.constant(null),
})
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

const policy = (own: Partial<RetryPolicy>): RetryPolicy => ({ ...RETRY_DEFAULTS, jitter: 'none', ...own })
const pauses = (own: Partial<RetryPolicy>, chance = 0): number[] =>
  [1, 2, 3, 4].map((failures) => retryDelay(policy(own), failures, chance))

describe('retryDelay', () => {
  it.each([
    ['constant', [100, 100, 100, 100]],
    ['linear', [100, 200, 300, 400]],
    ['exponential', [100, 200, 400, 800]],
  ] as const)('grows as %s says', (backoff, expected) => {
    expect(pauses({ backoff })).toEqual(expected)
  })

  it('is a number that JSON has, also where the pause has no end', () => {
    for (const backoff of ['constant', 'linear', 'exponential'] as const) {
      for (const jitter of ['full', 'equal', 'none'] as const) {
        for (const chance of [0, 0.999]) {
          const pause = retryDelay({ backoff, delay: Infinity, maxDelay: Infinity, jitter }, 2, chance)
          expect(pause).toSatisfy(Number.isSafeInteger)
        }
      }
    }
  })

  it('never exceeds maxDelay', () => {
    expect(pauses({ maxDelay: 250 })).toEqual([100, 200, 250, 250])
    expect(pauses({ maxDelay: 0 })).toEqual([0, 0, 0, 0])
  })

  it.each([
    ['full', 0, [0, 0, 0, 0]],
    ['full', 0.5, [50, 100, 200, 400]],
    ['equal', 0, [50, 100, 200, 400]],
    ['equal', 0.5, [75, 150, 300, 600]],
    ['none', 0.5, [100, 200, 400, 800]],
  ] as const)('leaves to chance what jitter %s says, at %d', (jitter, chance, expected) => {
    expect(pauses({ jitter }, chance)).toEqual(expected)
  })

  it('is a whole number from 0 to maxDelay, however many attempts have failed, and more of them never shorten it', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 5_000 }), chances, (any, failures, chance) => {
        const pauseMs = retryDelay(any, failures, chance)
        // Without an end to it a pause may outgrow all numbers.
        expect(Number.isInteger(pauseMs) || (pauseMs === Infinity && any.maxDelay === Infinity)).toBe(true)
        expect(pauseMs).toBeGreaterThanOrEqual(0)
        expect(pauseMs).toBeLessThanOrEqual(any.maxDelay)
        expect(retryDelay(any, failures + 1, chance)).toBeGreaterThanOrEqual(pauseMs)
      }),
    )
  })
})

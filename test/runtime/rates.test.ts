import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Rate } from '../../src/runtime/rates.js'

const rateOf = (instants: readonly number[]): Rate => {
  const rate = new Rate()
  for (const at of instants) rate.add(at)
  return rate
}

describe('Rate', () => {
  it('agrees with a list of all instants, over the seconds of the last minute', () => {
    const gaps = fc.array(fc.oneof(fc.nat(3_000), fc.nat(90_000), fc.double({ min: 0, max: 999, noNaN: true })))
    fc.assert(
      fc.property(fc.nat(1e9), gaps, fc.nat(70_000), (startedMono, all, rest) => {
        let now = startedMono
        const instants = all.map((gap) => (now += gap))
        now += rest
        const counted = instants.filter((at) => Math.floor(at / 1_000) > Math.floor(now / 1_000) - 60).length
        const seconds = Math.min(60, Math.max(1, (now - startedMono) / 1_000))
        expect(rateOf(instants).perSecond(now, startedMono)).toBeCloseTo(counted / seconds, 2)
      }),
    )
  })

  it('averages over the time since the start while that is less than a minute', () => {
    const instants = Array.from({ length: 100 }, (_, index) => index * 100)
    expect(rateOf(instants).perSecond(10_000, 0)).toBe(10)
    expect(rateOf([0, 1, 2]).perSecond(2, 0)).toBe(3)
  })

  it('forgets what is more than a minute ago', () => {
    const rate = rateOf([0, 500, 30_000])
    expect(rate.perSecond(59_999, 0)).toBeCloseTo(3 / 60, 2)
    expect(rate.perSecond(60_000, 0)).toBeCloseTo(1 / 60, 2)
    expect(rate.perSecond(1e12, 0)).toBe(0)
    rate.add(1e12 + 1)
    expect(rate.perSecond(1e12 + 1, 0)).toBeCloseTo(1 / 60, 2)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admit, OVERFLOW_POLICIES, type Load } from '../../src/core/admission.js'

const loads: fc.Arbitrary<Load> = fc.record({
  spokenFor: fc.nat(5),
  waiting: fc.nat(5),
  queueLimit: fc.oneof(fc.nat(5), fc.constant(Infinity)),
  onOverflow: fc.constantFrom(...OVERFLOW_POLICIES),
})

describe('admit', () => {
  it.each([
    ['waits behind those who are about to start', { spokenFor: 1, waiting: 1, queueLimit: 1 }, 'wait'],
    ['waits while the queue has room', { spokenFor: 0, waiting: 1, queueLimit: 2 }, 'wait'],
    ['is turned away when the queue is full', { spokenFor: 0, waiting: 2, queueLimit: 2 }, 'reject'],
    ['is turned away when there is no queue', { spokenFor: 0, waiting: 0, queueLimit: 0 }, 'reject'],
    ['does not count who waits for a slot that is free', { spokenFor: 2, waiting: 3, queueLimit: 2 }, 'wait'],
    ['never overflows without a limit', { spokenFor: 0, waiting: 1e9, queueLimit: Infinity }, 'wait'],
  ] as const)('a newcomer %s', (_, load, expected) => {
    expect(admit({ ...load, onOverflow: 'reject' })).toBe(expected)
  })

  it.each([
    ['drop-newest', 2, 'drop'],
    ['drop-oldest', 2, 'displace'],
    ['drop-oldest', 0, 'drop'],
  ] as const)('with %s and %i waiting in a full queue answers %s', (onOverflow, waiting, expected) => {
    expect(admit({ spokenFor: 0, waiting, queueLimit: waiting, onOverflow })).toBe(expected)
  })

  it('lets wait exactly as many as cannot start and fit', () => {
    fc.assert(
      fc.property(loads, (load) => {
        const answer = admit(load)
        if (answer === 'wait') expect(load.waiting + 1 - load.spokenFor).toBeLessThanOrEqual(load.queueLimit)
        if (answer === 'displace') expect(load.waiting).toBeGreaterThan(0)
        if (['displace', 'drop', 'reject'].includes(answer)) {
          expect(load.waiting + 1 - load.spokenFor).toBeGreaterThan(load.queueLimit)
          expect(answer === 'reject').toBe(load.onOverflow === 'reject')
        }
      }),
    )
  })
})

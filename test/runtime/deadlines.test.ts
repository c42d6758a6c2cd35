import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { Deadlines, type Deadline } from '../../src/runtime/deadlines.js'
import { manualClock, type ManualClock } from '../../src/testing/index.js'

const entry = (order: number): Deadline => ({ order, dueAt: NaN, heapIndex: -1 })

const setUp = (onDue?: (entry: Deadline, deadlines: Deadlines<Deadline>, clock: ManualClock) => void) => {
  const clock = manualClock()
  const fired: [order: number, at: number][] = []
  const deadlines: Deadlines<Deadline> = new Deadlines<Deadline>(clock, (due) => {
    fired.push([due.order, clock.monotonic()])
    onDue?.(due, deadlines, clock)
  })
  return {
    clock,
    deadlines,
    fired,
    set: (due: Deadline, delay: number) => deadlines.set(due, clock.monotonic() + delay),
  }
}

type Step = { set: number; delay: number } | { clear: number } | { advance: number }
const delay = fc.oneof(fc.nat(20), fc.constant(Infinity))
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ set: fc.nat(7), delay }),
  fc.record({ clear: fc.nat(7) }),
  fc.record({ advance: fc.nat(12) }),
)

describe('Deadlines', () => {
  it('fires each exactly once at its time, in order, through any setting and clearing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, deadlines, fired, set } = setUp()
        const entries = Array.from({ length: 8 }, (_, order) => entry(order))
        const due = new Map<number, number>()
        const expected: [number, number][] = []
        for (const taken of [...steps, { advance: 100 }, { advance: 0 }]) {
          if ('set' in taken) {
            set(entries[taken.set]!, taken.delay)
            due.delete(taken.set)
            if (taken.delay !== Infinity) due.set(taken.set, clock.monotonic() + taken.delay)
          } else if ('clear' in taken) {
            deadlines.clear(entries[taken.clear]!)
            due.delete(taken.clear)
          } else {
            const before = clock.monotonic()
            clock.advance(taken.advance)
            const now = clock.monotonic()
            const reached = [...due].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1] || a[0] - b[0])
            for (const [order, at] of reached) {
              expected.push([order, Math.max(at, before)])
              due.delete(order)
            }
          }
          expect(clock.timers).toBeLessThanOrEqual(1)
        }
        expect(fired).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('takes one timer of the clock for any number', () => {
    const { clock, fired, set } = setUp()
    for (let order = 0; order < 10_000; order++) set(entry(order), 10_000 - order)
    expect(clock.timers).toBe(1)
    clock.advance(10_000)
    expect(fired).toHaveLength(10_000)
    expect(clock.timers).toBe(0)
  })

  it('replaces a deadline, with one that is sooner, later or none', () => {
    const { clock, fired, set } = setUp()
    const [sooner, later, none] = [entry(0), entry(1), entry(2)]
    for (const due of [sooner, later, none]) set(due, 10)
    set(sooner, 5)
    set(later, 20)
    set(none, Infinity)
    expect(none.dueAt).toBeNaN()
    clock.advance(100)
    expect(fired).toEqual([
      [0, 5],
      [1, 20],
    ])
  })

  it('lets one set for 0 ms within a fire wait for the next turn', () => {
    const again = setUp((due, deadlines, { monotonic }) => deadlines.set(due, monotonic()))
    again.set(entry(0), 5)
    again.clock.advance(5)
    expect(again.fired).toEqual([[0, 5]])
    again.clock.advance(0)
    again.clock.advance(0)
    expect(again.fired).toHaveLength(3)
  })

  it.each([
    ['clears', (deadlines: Deadlines<Deadline>, other: Deadline) => deadlines.clear(other), []],
    ['puts off', (deadlines: Deadlines<Deadline>, other: Deadline) => deadlines.set(other, 15), [[1, 15]]],
    ['takes back, for none,', (deadlines: Deadlines<Deadline>, other: Deadline) => deadlines.set(other, Infinity), []],
  ] as const)('heeds a call that %s another of the same instant', (_, change, rest) => {
    const others = [entry(1)] as const
    const { clock, fired, set } = setUp((due, deadlines) => {
      if (due.order === 0) change(deadlines, others[0])
    })
    set(entry(0), 10)
    set(others[0], 10)
    clock.advance(50)
    expect(fired).toEqual([[0, 10], ...rest])
  })

  it('arms again when its timer comes early, as a machine’s may', () => {
    let now = 0
    const armed: { delayMs: number; callback: () => void }[] = []
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      setTimer: (delayMs, callback) => {
        armed.push({ delayMs, callback })
        return () => undefined
      },
    }
    const fired: number[] = []
    const deadlines = new Deadlines<Deadline>(clock, () => fired.push(now))
    deadlines.set(entry(0), 10)
    now = 9.6
    armed[0]!.callback()
    expect(fired).toEqual([])
    expect(armed[1]!.delayMs).toBeCloseTo(0.4)
    now = 10
    armed[1]!.callback()
    expect(fired).toEqual([10])
  })

  it('gives its timer back at rest, but not while something is due', () => {
    const { clock, deadlines, set, fired } = setUp()
    const due = entry(0)
    set(due, 10)
    deadlines.rest()
    expect(clock.timers).toBe(1)
    deadlines.clear(due)
    expect(clock.timers).toBe(1)
    deadlines.rest()
    expect(clock.timers).toBe(0)
    set(due, 10)
    clock.advance(10)
    expect(fired).toEqual([[0, 10]])
  })
})

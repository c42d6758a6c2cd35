import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateWindow } from '../../src/core/rate-window.js'

const OPEN = -Infinity

/** Asks after each step, and starts where it may. Gives when it has, and when it was told to wait, and until when. */
function play(window: RateWindow, steps: readonly number[]) {
  const starts: number[] = []
  const refusals: { at: number; until: number }[] = []
  let now = 0
  for (const step of steps) {
    now += step
    const until = window.opensAt(now)
    if (until === OPEN) {
      window.take(now)
      starts.push(now)
    } else refusals.push({ at: now, until })
  }
  return { starts, refusals }
}

const limits = fc.integer({ min: 1, max: 5 })
const intervals = fc.integer({ min: 0, max: 50 })
// Many at once, and pauses shorter and longer than an interval.
const paces = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(5), fc.nat(120)), { maxLength: 200 })

describe('RateWindow', () => {
  it('never lets more than its limit start in any window of its interval', () => {
    fc.assert(
      fc.property(limits, intervals, paces, (limit, interval, steps) => {
        const { starts } = play(new RateWindow(limit, interval), steps)
        for (const from of starts) {
          const inWindow = starts.filter((at) => at >= from && at < from + interval)
          expect(inWindow.length).toBeLessThanOrEqual(limit)
        }
      }),
    )
  })

  it('refuses nobody without need, and says to the millisecond until when', () => {
    fc.assert(
      fc.property(limits, intervals, paces, (limit, interval, steps) => {
        const { starts, refusals } = play(new RateWindow(limit, interval), steps)
        for (const { at, until } of refusals) {
          const young = starts.filter((start) => start <= at && start > at - interval)
          expect(young.length).toBe(limit)
          expect(until).toBe(young[0]! + interval)
          expect(until).toBeGreaterThan(at)
        }
      }),
    )
  })

  it('opens exactly when it has said that it would', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 50 }), paces, (limit, interval, steps) => {
        const window = new RateWindow(limit, interval)
        let now = 0
        for (const step of steps) {
          const until = window.opensAt((now += step))
          if (until !== OPEN) {
            expect(window.opensAt(until - 1 > now ? until - 1 : now)).toBe(until)
            now = until
            expect(window.opensAt(now)).toBe(OPEN)
          }
          window.take(now)
        }
      }),
    )
  })

  it('holds for instants that are no whole milliseconds', () => {
    fc.assert(
      fc.property(limits, fc.array(fc.double({ min: 0, max: 7, noNaN: true }), { maxLength: 100 }), (limit, steps) => {
        const { starts } = play(new RateWindow(limit, 10), steps)
        starts.forEach((at, index) => {
          const before = starts[index - limit]
          if (before !== undefined) expect(before + 10).toBeLessThanOrEqual(at)
        })
      }),
    )
  })

  it('changes nothing by being asked', () => {
    fc.assert(
      fc.property(limits, intervals, paces, fc.array(fc.nat(2)), (limit, interval, steps, questions) => {
        const quiet = new RateWindow(limit, interval)
        const asked = new RateWindow(limit, interval)
        let now = 0
        steps.forEach((step, index) => {
          for (let count = questions[index] ?? 0; count > 0; count--) asked.opensAt(now + (step * count) / 3)
          now += step
          const until = quiet.opensAt(now)
          expect(asked.opensAt(now)).toBe(until)
          if (until !== OPEN) return
          quiet.take(now)
          asked.take(now)
        })
      }),
    )
  })

  it.each([
    ['an interval of 0 holds up nobody', 1, 0, [0, 0, 0, 5]],
    ['no limit holds up nobody', Infinity, 1_000, [0, 0, 0, 5]],
  ] as const)('%s', (_, limit, interval, steps) => {
    expect(play(new RateWindow(limit, interval), steps).refusals).toEqual([])
  })

  it('with an interval without end opens never again', () => {
    const window = new RateWindow(2, Infinity)
    expect(play(window, [0, 1, 1e12])).toEqual({ starts: [0, 1], refusals: [{ at: 1e12 + 1, until: Infinity }] })
  })

  it('counts a start that is exactly one interval old as out of the window', () => {
    const { starts, refusals } = play(new RateWindow(1, 100), [0, 99, 1])
    expect([starts, refusals]).toEqual([[0, 100], [{ at: 99, until: 100 }]])
  })

  it('counts one that was taken although it was closed', () => {
    const window = new RateWindow(1, 10)
    window.take(0)
    window.take(5)
    expect([window.opensAt(10), window.opensAt(15)]).toEqual([15, OPEN])
  })
})

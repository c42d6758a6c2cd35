import { describe, expect, it } from 'vitest'
import { manualClock } from 'taskward/testing'

describe('manualClock', () => {
  it('never goes back, also when a callback moves it', () => {
    const clock = manualClock()
    const seen: number[] = []
    clock.setTimer(5, () => {
      clock.advance(100)
      seen.push(clock.monotonic())
    })
    clock.advance(10)
    seen.push(clock.monotonic())
    expect(seen).toEqual([105, Math.max(105, clock.monotonic())])
    expect(clock.now() - 1_700_000_000_000).toBe(clock.monotonic())
  })
})

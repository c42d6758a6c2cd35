import { describe, expect, it } from 'vitest'
import { Monitor } from '../../src/runtime/monitor.js'
import { manualClock } from '../../src/testing/index.js'

const setUp = (intervalMs: number, onTick?: (monitor: Monitor) => void) => {
  const clock = manualClock()
  const ticks: number[] = []
  const monitor: Monitor = new Monitor(clock, intervalMs, () => {
    ticks.push(clock.monotonic())
    onTick?.(monitor)
  })
  return { clock, monitor, ticks }
}

describe('Monitor', () => {
  it('calls back every so often between start and stop', () => {
    const { clock, monitor, ticks } = setUp(10)
    clock.advance(50)
    monitor.start()
    clock.advance(35)
    monitor.stop()
    clock.advance(50)
    expect(ticks).toEqual([60, 70, 80])
    expect(clock.timers).toBe(0)
  })

  it('takes one timer however often it is started, and can be started again', () => {
    const { clock, monitor, ticks } = setUp(10)
    monitor.start()
    clock.advance(5)
    monitor.start()
    expect(clock.timers).toBe(1)
    clock.advance(5)
    monitor.stop()
    monitor.stop()
    monitor.start()
    clock.advance(10)
    expect(ticks).toEqual([10, 20])
  })

  it('runs on with one timer when its own tick stops and starts it', () => {
    const { clock, monitor, ticks } = setUp(10, (own) => {
      own.stop()
      own.start()
    })
    monitor.start()
    clock.advance(30)
    expect(ticks).toEqual([10, 20, 30])
    monitor.stop()
    expect(clock.timers).toBe(0)
  })

  it('ticks, and lets time pass, with an interval of 0', () => {
    const { clock, monitor, ticks } = setUp(0)
    monitor.start()
    clock.advance(3)
    expect(ticks).toEqual([1, 2, 3])
  })

  it('takes no timer for an interval without end', () => {
    const { clock, monitor } = setUp(Infinity)
    monitor.start()
    expect(clock.timers).toBe(0)
  })

  it('is stopped for good by its own tick', () => {
    const { clock, monitor, ticks } = setUp(10, (own) => own.stop())
    monitor.start()
    clock.advance(50)
    expect(ticks).toEqual([10])
    expect(clock.timers).toBe(0)
  })
})

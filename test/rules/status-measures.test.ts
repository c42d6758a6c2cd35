import { describe, expect, it } from 'vitest'
import { clocked, hold, never, turns } from './support.js'

const NONE = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 }
const fails = (): Promise<never> => Promise.reject(new Error('no'))

describe('the names', () => {
  it('have their own counts and percentiles, be they __proto__ or constructor', async () => {
    const { clock, supervisor } = clocked()
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'plain']) {
      await supervisor.spawn(() => clock.advance(7), { name }).settled
      await supervisor.spawn(fails, { name }).settled
      supervisor.spawn(never, { name }).cancel()
      hold(supervisor, { name })
    }
    const { names } = supervisor.status()
    expect(Object.keys(names).sort()).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'plain'])
    for (const name of Object.keys(names)) {
      expect(Object.getOwnPropertyDescriptor(names, name)?.value).toEqual({
        pending: 0,
        running: 1,
        completed: 1,
        failed: 1,
        cancelled: 1,
        runMs: { count: 3, p50: 0, p90: 7, p99: 7, max: 7 },
      })
    }
    expect(JSON.parse(JSON.stringify(names))).toEqual(names)
  })

  it('are at most 200, and the rest share (other)', async () => {
    const { supervisor } = clocked({ concurrency: Infinity })
    for (let i = 0; i < 300; i++) supervisor.spawn(() => i, { name: `n${String(i)}` })
    hold(supervisor, { name: 'one more' })
    supervisor.spawn(() => 1, { name: 'n0' })
    await turns()
    const { names } = supervisor.status()
    const { '(other)': other, ...own } = names
    expect(Object.keys(own)).toHaveLength(200)
    expect(other).toMatchObject({ completed: 100, running: 1 })
    expect(own['n0']).toMatchObject({ completed: 2 })
  })

  it('count a pending task that never runs as what it ends as', () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    hold(supervisor, { name: 'a' })
    const waiting = hold(supervisor, { name: 'b' })
    hold(supervisor, { name: 'c' })
    expect(supervisor.status().names).toMatchObject({ a: { running: 1 }, b: { pending: 1 }, c: { failed: 1 } })
    waiting.handle.cancel()
    expect(supervisor.status().names['b']).toMatchObject({ pending: 0, cancelled: 1, runMs: NONE })
  })
})

describe('the measures', () => {
  it('average over the last minute, or over the time since the start where that is less', async () => {
    const { clock, supervisor } = clocked()
    clock.advance(10_000)
    for (let i = 0; i < 30; i++) supervisor.spawn(i < 10 ? fails : () => i)
    await turns()
    expect(supervisor.status().perSecond).toEqual({ spawned: 3, completed: 2, failed: 1 })
    clock.advance(20_000)
    expect(supervisor.status().perSecond).toEqual({ spawned: 1, completed: 0.667, failed: 0.333 })
    clock.advance(38_000)
    expect(supervisor.status().perSecond.spawned).toBe(0.5)
    clock.advance(2_001)
    expect(supervisor.status().perSecond).toEqual({ spawned: 0, completed: 0, failed: 0 })
  })

  it('tell waiting and running times by the monotonic clock, whatever the wall clock does', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1, timeout: Infinity })
    const durations = Array.from({ length: 100 }, (_, i) => i + 1)
    const held = durations.map(() => hold(supervisor))
    for (const [i, { resolve }] of held.entries()) {
      clock.setWallClock(1_000_000 * ((i * 7) % 5))
      clock.advance(1)
      resolve()
      await turns(1)
    }
    const { runMs, waitMs } = supervisor.status()
    expect(runMs).toEqual({ count: 100, p50: 1, p90: 1, p99: 1, max: 1 })
    expect(waitMs).toMatchObject({ count: 100, p50: 49, max: 99 })
    for (const [share, value] of [
      [90, waitMs.p90],
      [99, waitMs.p99],
    ] as const)
      expect(Math.abs(value - (share - 1)) / share).toBeLessThan(0.02)
  })

  it('have no waiting time of what never started, and run times of what failed or was cancelled', async () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    const running = hold(supervisor)
    hold(supervisor).handle.cancel()
    clock.advance(5)
    running.handle.cancel()
    expect(supervisor.status()).toMatchObject({ waitMs: { count: 1 }, runMs: { count: 1, max: 5 } })
    await turns()
  })
})

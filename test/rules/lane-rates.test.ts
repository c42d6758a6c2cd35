import { describe, expect, it } from 'vitest'
import type { SpawnOptions } from 'taskward'
import { laneOf, mail } from './lane-support.js'
import { hold, turns } from './support.js'

const at = (...times: number[]) => times

describe("a lane's rate", () => {
  it('lets its limit start in each window, each of the rest to the millisecond', async () => {
    const { started, spawn, pass } = mail({ rate: { limit: 2, interval: 100 } })
    for (let count = 0; count < 7; count++) spawn(String(count))
    await pass(1_000)
    expect(started).toEqual(at(0, 0, 100, 100, 200, 200, 300).map((time, index) => [String(index), time]))
  })

  it('is a window that slides: it does not begin anew with a fixed period', async () => {
    const { started, spawn, pass } = mail({ rate: { limit: 2, interval: 100 } })
    await pass(90)
    spawn('a')
    await pass(80)
    for (const name of ['b', 'c', 'd']) spawn(name)
    await pass(500)
    expect(started.map(([, time]) => time)).toEqual(at(90, 170, 190, 270))
  })

  it('saves nothing up: after a long rest there are as many as the limit, not more', async () => {
    const { started, spawn, pass } = mail({ rate: { limit: 2, interval: 100 } })
    await pass(10_000, 1_000)
    for (let count = 0; count < 3; count++) spawn(String(count))
    await pass(200)
    expect(started.map(([, time]) => time)).toEqual(at(10_000, 10_000, 10_100))
  })

  it('holds no slot while somebody waits for it', () => {
    const { supervisor, spawn } = mail({ rate: { limit: 1, interval: 100 } }, { concurrency: 1 })
    spawn('a')
    spawn('b')
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 1, state: 'rate-limited' })
    expect(supervisor.spawn(() => 1).status).toBe('completed')
  })

  it.each<[string, (cancel: () => void, clock: { advance(ms: number): void }) => void, SpawnOptions]>([
    ['cancelled', (cancel) => cancel(), {}],
    ['timed out in the queue', (_, clock) => clock.advance(50), { queueTimeout: 50 }],
    ['past its deadline', (_, clock) => clock.advance(50), { deadline: 1_700_000_000_050 }],
  ])('gives no token to who was %s while waiting for it (rule 9)', async (_, act, own) => {
    const { clock, started, spawn, pass } = mail({ rate: { limit: 1, interval: 100 } })
    spawn('a')
    const gone = spawn('gone', own)
    spawn('b')
    act(() => gone.cancel(), clock)
    expect([gone.attempt, ['failed', 'cancelled'].includes(gone.status)]).toEqual([0, true])
    await pass(500)
    expect(started).toEqual([
      ['a', 0],
      ['b', 100],
    ])
  })

  it('counts each attempt; who waits for his retry has neither slot nor place', async () => {
    const { clock, supervisor, started, spawn, pass } = mail(
      { concurrency: 1, rate: { limit: 2, interval: 1_000 } },
      { concurrency: 1 },
    )
    const starts: number[] = []
    const retried = supervisor.spawn(
      ({ attempt }) => {
        starts.push(clock.monotonic())
        if (attempt < 3) throw new Error('not yet')
      },
      { lane: 'mail', retry: { attempts: 3, delay: 100, backoff: 'constant', jitter: 'none' } },
    )
    expect([retried.status, laneOf(supervisor)]).toMatchObject(['pending', { running: 0, waiting: 0, state: 'open' }])
    spawn('between')
    expect(started).toEqual([['between', 0]])
    await pass(100)
    expect(laneOf(supervisor)).toMatchObject({ running: 0, waiting: 1, state: 'rate-limited' })
    await pass(2_000)
    expect([starts, retried.status]).toEqual([at(0, 1_000, 1_100), 'completed'])
  })

  it('goes on by itself after a pause, and after slots were short, until nobody waits', async () => {
    const { supervisor, started, spawn, pass } = mail({ rate: { limit: 1, interval: 100 } }, { concurrency: 1 })
    supervisor.pause()
    for (let count = 0; count < 4; count++) spawn(String(count))
    await pass(350)
    expect(started).toEqual([])
    supervisor.resume()
    await pass(60)
    expect(started.map(([, time]) => time)).toEqual(at(350))
    const held = hold(supervisor)
    await pass(200)
    expect(started).toHaveLength(1)
    held.resolve()
    await turns()
    await pass(500)
    expect(started.map(([, time]) => time)).toEqual(at(350, 610, 710, 810))
  })

  it('leaves no timer behind once nobody waits for it', async () => {
    const { clock, supervisor, spawn } = mail({ rate: { limit: 1, interval: 60_000 } })
    spawn('a')
    await supervisor.onIdle()
    const { timers } = clock
    const waiting = spawn('b')
    expect(clock.timers).toBeGreaterThan(timers)
    waiting.cancel()
    await supervisor.onIdle()
    expect(clock.timers).toBe(timers)
  })

  it('with an interval without end allows so many for ever', async () => {
    const { clock, supervisor, started, spawn } = mail({ rate: { limit: 2, interval: Infinity } })
    for (let count = 0; count < 3; count++) spawn(String(count), { queueTimeout: 10_000 })
    clock.advance(9_999)
    expect([started.length, laneOf(supervisor).state]).toEqual([2, 'rate-limited'])
    clock.advance(1)
    await turns()
    expect(supervisor.status()).toMatchObject({ totals: { completed: 2, failed: 1 }, queue: { waiting: 0 } })
  })

  it.each([
    ['an interval of 0', { limit: 1, interval: 0 }],
    ['no limit', { limit: Infinity, interval: 1_000 }],
  ])('with %s holds up nobody', (_, rate) => {
    const { supervisor, started, spawn } = mail({ rate })
    for (let count = 0; count < 100; count++) spawn(String(count))
    expect([started.length, laneOf(supervisor).state]).toEqual([100, 'open'])
  })

  it('does not keep close from ending in its time, nor a drain from waiting for it', async () => {
    const { clock, supervisor, started, spawn, pass } = mail({ rate: { limit: 1, interval: 100 } })
    for (let count = 0; count < 4; count++) spawn(String(count))
    const closed = supervisor.close({ timeout: 250, grace: 0 })
    await pass(300)
    clock.advance(1)
    expect(await closed).toMatchObject({ completed: 2, cancelled: 1 })
    expect(started.map(([, time]) => time)).toEqual(at(0, 100, 200))
  })

  it('looks at time that does not run back, whatever the wall clock does', async () => {
    const { clock, started, spawn, pass } = mail({ rate: { limit: 1, interval: 100 } })
    spawn('a')
    clock.setWallClock(0)
    spawn('b')
    await pass(90)
    clock.setWallClock(4e12)
    expect(started).toHaveLength(1)
    await pass(10)
    expect(started).toHaveLength(2)
  })
})

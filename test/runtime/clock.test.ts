import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTurn, ProcessHold, systemClock } from '../../src/runtime/clock.js'
import { runChild } from './support/child.js'

const MAX_MS = 2 ** 31 - 1

describe('the system clock', () => {
  afterEach(() => void vi.useRealTimers())

  it('tells the time of the machine', () => {
    vi.useFakeTimers({ now: 1_234, toFake: ['Date', 'performance'] })
    const started = systemClock.monotonic()
    vi.advanceTimersByTime(50)
    expect(systemClock.now()).toBe(1_284)
    expect(systemClock.monotonic() - started).toBe(50)
  })

  it.each([MAX_MS - 1, MAX_MS, MAX_MS + 1, 3 * MAX_MS, 5 * MAX_MS + 17])(
    'waits %i ms, no more and no less',
    (delay) => {
      vi.useFakeTimers()
      const steps = vi.spyOn(globalThis, 'setTimeout')
      let calls = 0
      systemClock.setTimer(delay, () => calls++)
      vi.advanceTimersByTime(delay - 1)
      expect(calls).toBe(0)
      vi.advanceTimersByTime(1)
      expect(calls).toBe(1)
      for (const [, stepMs] of steps.mock.calls) expect(stepMs).toBeLessThanOrEqual(MAX_MS)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it.each([0, MAX_MS - 5, MAX_MS + 5])('cancels a timer after %i ms of ten times as long', (after) => {
    vi.useFakeTimers()
    let calls = 0
    const cancel = systemClock.setTimer(10 * MAX_MS, () => calls++)
    vi.advanceTimersByTime(after)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(20 * MAX_MS)
    cancel()
    expect(calls).toBe(0)
  })

  it('does not call back early for a fraction of a millisecond, nor at once for a past one', () => {
    vi.useFakeTimers()
    const calls: string[] = []
    systemClock.setTimer(1.2, () => calls.push('fraction'))
    systemClock.setTimer(-5, () => calls.push('past'))
    expect(calls).toEqual([])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual(['past'])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual(['past', 'fraction'])
  })
})

describe('nextTurn', () => {
  it('waits for all promise reactions of the turn, however long their chain', async () => {
    const seen: string[] = []
    const turn = new Promise<void>((resolve) => {
      nextTurn(() => {
        seen.push('turn')
        resolve()
      })
    })
    let chain = Promise.resolve()
    for (let link = 0; link < 100; link++) chain = chain.then(() => undefined)
    void chain.then(() => seen.push('chain'))
    await turn
    expect(seen).toEqual(['chain', 'turn'])
  })
})

describe('the process', () => {
  const script = (body: string): string =>
    `import { ProcessHold, systemClock } from 'src/runtime/clock.ts'; process.on('exit', () => console.log('end')); ${body}`

  it('is not kept alive by a timer, short or chained', () => {
    const started = performance.now()
    const body = `systemClock.setTimer(60_000, () => console.log('fired')); systemClock.setTimer(2 ** 40, () => 0)`
    expect(runChild(script(body))).toMatchObject({ status: 0, stdout: 'end' })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('is kept alive by a hold until it is released, however often either is called', () => {
    const body = `const hold = new ProcessHold(); hold.hold(); hold.hold()
      setTimeout(() => { console.log('held'); hold.release(); hold.release() }, 20).unref()`
    expect(runChild(script(body))).toMatchObject({ status: 0, stdout: 'held\nend' })
  })
})

describe('ProcessHold', () => {
  const held = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

  it('takes one timer, gives it back, and can be taken again', () => {
    const before = held()
    const hold = new ProcessHold()
    hold.hold()
    hold.hold()
    expect(held()).toBe(before + 1)
    hold.release()
    expect(held()).toBe(before)
    hold.hold()
    expect(held()).toBe(before + 1)
    hold.release()
    expect(held()).toBe(before)
  })
})

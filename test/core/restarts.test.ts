import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MOST_REMEMBERED, RestartHistory, type AfterEnd, type RestartPolicy } from '../../src/core/restarts.js'
import { RETRY_DEFAULTS } from '../../src/core/retry.js'

const policy = (own: Partial<RestartPolicy> = {}): RestartPolicy => ({
  restart: 'permanent',
  maxRestarts: 3,
  within: 1_000,
  backoff: { ...RETRY_DEFAULTS, jitter: 'none' },
  ...own,
})

const kindOf = (history: RestartHistory, nowMono: number, hasFailed = true): AfterEnd['kind'] =>
  history.afterEnd(nowMono, hasFailed, 0).kind

describe('RestartHistory', () => {
  it.each([
    ['permanent', 'restart', 'restart'],
    ['transient', 'restart', 'end'],
    ['temporary', 'end', 'end'],
  ] as const)('has a %s service follow a failure by: %s, a normal end by: %s', (restart, failure, success) => {
    const history = new RestartHistory(policy({ restart }))
    expect([kindOf(history, 0, true), kindOf(history, 0, false)]).toEqual([failure, success])
  })

  it('has a normal end that needs a restart count as a failure does', () => {
    const history = new RestartHistory(policy({ maxRestarts: 1 }))
    history.add(0)
    expect(kindOf(history, 0, false)).toBe('over the limit')
  })

  it('gives up at one more than maxRestarts within the window, and not for one that has left it', () => {
    const history = new RestartHistory(policy())
    for (const startMono of [0, 500, 999]) history.add(startMono)
    expect(kindOf(history, 999)).toBe('over the limit')
    expect(kindOf(history, 1_000)).toBe('restart')
  })

  it.each([
    [{ maxRestarts: 0 }, 'over the limit'],
    [{ maxRestarts: Infinity }, 'restart'],
    [{ within: 0 }, 'restart'],
    [{ within: Infinity }, 'over the limit'],
  ] as const)('takes the ends of the ranges: %o', (own, expected) => {
    const history = new RestartHistory(policy(own))
    if (!('maxRestarts' in own && own.maxRestarts === 0)) for (const startMono of [7, 8, 9]) history.add(startMono)
    expect(kindOf(history, 'within' in own && own.within === Infinity ? 1e9 : 9)).toBe(expected)
  })

  it('lets the pause grow with the restarts in the window alone', () => {
    const history = new RestartHistory(policy())
    const delays: number[] = []
    for (const nowMono of [0, 500, 900, 5_000]) {
      const next = history.afterEnd(nowMono, true, 0)
      if (next.kind === 'restart') delays.push(next.delayMs)
      history.add(nowMono)
    }
    expect(delays).toEqual([100, 200, 400, 100])
  })

  it('remembers no more than it needs where there is no limit', () => {
    const backoff = { ...RETRY_DEFAULTS, backoff: 'linear', delay: 1, maxDelay: Infinity, jitter: 'none' } as const
    const history = new RestartHistory(policy({ maxRestarts: Infinity, within: Infinity, backoff }))
    for (let startMono = 0; startMono < 5_000; startMono++) history.add(startMono)
    expect(history.afterEnd(5_000, true, 0)).toEqual({ kind: 'restart', delayMs: MOST_REMEMBERED + 1 })
  })

  it('never lets more than maxRestarts restarts begin in any window, and never gives up below that', () => {
    const runs = fc.array(fc.nat(400), { maxLength: 60 })
    fc.assert(
      fc.property(runs, fc.nat(5), fc.integer({ min: 1, max: 1_500 }), fc.nat(300), (lengths, most, within, delay) => {
        const backoff = { ...RETRY_DEFAULTS, delay } as const
        const history = new RestartHistory(policy({ maxRestarts: most, within, backoff }))
        const starts: number[] = []
        let nowMono = 0
        for (const lengthMs of lengths) {
          nowMono += lengthMs
          const recent = starts.filter((startMono) => nowMono - startMono < within).length
          const next = history.afterEnd(nowMono, true, 0.5)
          expect(next.kind).toBe(recent < most ? 'restart' : 'over the limit')
          if (next.kind !== 'restart') return
          nowMono += next.delayMs
          history.add(nowMono)
          starts.push(nowMono)
          expect(starts.filter((startMono) => nowMono - startMono < within).length).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})

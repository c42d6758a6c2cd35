import { describe, expect, it } from 'vitest'
import { HOOK_LIMIT_MS, Hooks } from '../../src/runtime/hooks.js'
import { manualClock } from '../../src/testing/index.js'
import { nextTurn } from './support/turns.js'

const setUp = () => {
  const clock = manualClock()
  const failures: [where: string, thrown: unknown, level: number][] = []
  const hooks = new Hooks(clock, (...failure) => failures.push(failure))
  return { clock, hooks, failures }
}

const never = new Promise<void>(() => undefined)
const gaveUp = (where: string, level = 0): unknown => [
  where,
  expect.objectContaining({ message: 'gave no answer within 5000 ms and was given up' }),
  level,
]

describe('Hooks', () => {
  it('reports what a hook throws, at once', () => {
    const { hooks, failures } = setUp()
    hooks.call('onError', () => {
      throw 'thrown'
    })
    expect(failures).toEqual([['onError', 'thrown', 0]])
  })

  it('reports what a hook rejects with, with the level of the call', async () => {
    const { hooks, failures, clock } = setUp()
    hooks.call('logger.error', () => Promise.reject('rejected'), 1)
    await nextTurn()
    clock.advance(HOOK_LIMIT_MS)
    expect(failures).toEqual([['logger.error', 'rejected', 1]])
  })

  it('says nothing of a hook that returns or fulfils, whatever it returns', async () => {
    const { hooks, failures, clock } = setUp()
    for (const answer of [undefined, null, 0, 'text', {}, { then: 1 }, Promise.resolve(1)]) {
      hooks.call('hook', () => answer)
    }
    await nextTurn()
    clock.advance(HOOK_LIMIT_MS)
    expect(failures).toEqual([])
  })

  it('gives up a hook that hangs, each at its own time', () => {
    const { hooks, failures, clock } = setUp()
    hooks.call('first', () => never)
    clock.advance(1_000)
    hooks.call('second', () => never, 1)
    clock.advance(3_999)
    expect(failures).toEqual([])
    clock.advance(1)
    expect(failures).toEqual([gaveUp('first')])
    clock.advance(1_000)
    expect(failures).toEqual([gaveUp('first'), gaveUp('second', 1)])
  })

  it('reports a hook once, though it rejects after it was given up', async () => {
    const { hooks, failures, clock } = setUp()
    let reject!: (reason: unknown) => void
    hooks.call('slow', () => new Promise((_, refuse) => (reject = refuse)))
    clock.advance(HOOK_LIMIT_MS)
    reject('late')
    await nextTurn()
    expect(failures).toEqual([gaveUp('slow')])
  })

  it('reports a thenable once, though it rejects twice, at once and later', async () => {
    const { hooks, failures, clock } = setUp()
    const thenable = {
      then(_: unknown, reject: (reason: unknown) => void) {
        reject('first')
        queueMicrotask(() => reject('second'))
      },
    }
    hooks.call('hook', () => thenable)
    await nextTurn()
    clock.advance(HOOK_LIMIT_MS)
    expect(failures).toEqual([['hook', 'first', 0]])
  })

  it('lets a hook that brings about its own call exhaust no stack', async () => {
    const { hooks, failures } = setUp()
    let calls = 0
    let depth = 0
    let deepest = 0
    const again = (): void => {
      deepest = Math.max(deepest, ++depth)
      if (++calls < 20_000) hooks.call('hook', again)
      depth--
    }
    hooks.call('hook', again)
    await nextTurn()
    expect([calls, failures]).toEqual([20_000, []])
    expect(deepest).toBeLessThan(100)
  })

  it('takes one timer for any number, and gives it back with the last', async () => {
    const { hooks, clock } = setUp()
    for (let hook = 0; hook < 1_000; hook++) hooks.call('hook', () => Promise.resolve())
    expect(clock.timers).toBe(1)
    await nextTurn()
    expect(clock.timers).toBe(0)
  })
})

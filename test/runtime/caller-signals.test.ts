import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError } from '../../src/core/errors.js'
import { linkCaller, onCallerAbort } from '../../src/runtime/caller-signals.js'

const listenersOn = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('onCallerAbort', () => {
  it('hangs one listener on a signal, however many share it, and takes it off with the last', () => {
    const { signal } = new AbortController()
    const unlinks = Array.from({ length: 10_000 }, () => onCallerAbort(signal, () => undefined))
    expect(listenersOn(signal)).toBe(1)
    for (const unlink of unlinks.slice(1)) unlink()
    expect(listenersOn(signal)).toBe(1)
    unlinks[0]!()
    expect(listenersOn(signal)).toBe(0)
  })

  it('calls each back once with the reason, in the order they came, and leaves no listener', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    for (const name of ['a', 'b', 'c']) onCallerAbort(controller.signal, (reason) => told.push([name, reason]))
    controller.abort('enough')
    expect(told).toEqual([
      ['a', 'enough'],
      ['b', 'enough'],
      ['c', 'enough'],
    ])
    controller.signal.dispatchEvent(new Event('abort'))
    expect(told).toHaveLength(3)
    expect(listenersOn(controller.signal)).toBe(0)
  })

  it('does not tell who has left, be it during the abort', () => {
    const controller = new AbortController()
    const told: string[] = []
    onCallerAbort(controller.signal, () => {
      told.push('first')
      leave()
      leave()
    })
    const leave = onCallerAbort(controller.signal, () => told.push('second'))
    onCallerAbort(controller.signal, () => told.push('third'))
    controller.abort()
    expect(told).toEqual(['first', 'third'])
  })

  it('works again on a signal that all had left', () => {
    const controller = new AbortController()
    onCallerAbort(controller.signal, () => undefined)()
    let told = 0
    onCallerAbort(controller.signal, () => told++)
    controller.abort()
    expect(told).toBe(1)
  })

  it('keeps signals apart', () => {
    const [one, other] = [new AbortController(), new AbortController()]
    const told: string[] = []
    onCallerAbort(one.signal, () => told.push('one'))
    onCallerAbort(other.signal, () => told.push('other'))
    other.abort()
    expect(told).toEqual(['other'])
  })

  it('tells exactly those who stay, through any coming and going', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (moves) => {
        const controller = new AbortController()
        const staying = new Map<number, () => void>()
        const told: number[] = []
        moves.forEach((leaver, index) => {
          const key = leaver === null ? undefined : [...staying.keys()][leaver % staying.size]
          if (key === undefined)
            staying.set(
              index,
              onCallerAbort(controller.signal, () => told.push(index)),
            )
          else {
            staying.get(key)!()
            staying.delete(key)
          }
          expect(listenersOn(controller.signal)).toBe(staying.size > 0 ? 1 : 0)
        })
        controller.abort()
        expect(told).toEqual([...staying.keys()])
      }),
    )
  })
})

describe('linkCaller', () => {
  it('links to a signal until it is told to leave', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const { hasAborted, unlink } = linkCaller(controller.signal, (reason) => told.push(reason))
    linkCaller(controller.signal, (reason) => told.push(reason))
    expect(hasAborted).toBe(false)
    unlink!()
    controller.abort('enough')
    expect(told).toEqual(['enough'])
  })

  it('says so where the signal has aborted already, and leaves no listener', () => {
    const signal = AbortSignal.abort('before')
    const link = linkCaller(signal, () => expect.unreachable())
    expect(link).toEqual({ hasAborted: true, reason: 'before', unlink: null })
    expect(listenersOn(signal)).toBe(0)
  })

  it.each<[string, object]>([
    ['whose aborted throws', { get aborted() { throw new Error('mine') } }],
    ['whose reason throws', { aborted: true, get reason() { throw new Error('mine') } }],
    ['that takes no listener', { aborted: false, addEventListener() { throw new Error('mine') } }],
  ])('says that a signal %s is misuse', (_, signal) => {
    let thrown: unknown
    try {
      linkCaller(signal as AbortSignal, () => undefined)
    } catch (error) {
      thrown = error
    }
    expect(isTaskOptionError(thrown)).toBe(true)
  }) // prettier-ignore

  it('lets a signal that gives no listener back trouble nobody', () => {
    const signal = {
      aborted: false,
      addEventListener: () => undefined,
      removeEventListener() {
        throw new Error('mine')
      },
    }
    const { unlink } = linkCaller(signal as unknown as AbortSignal, () => undefined)
    expect(unlink).not.toThrow()
  })
})

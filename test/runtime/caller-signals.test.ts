import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError } from '../../src/core/errors.js'
import { joinSignal, linkCaller, type SignalMember, type SignalSweep } from '../../src/runtime/caller-signals.js'

/** Hears each of its tasks being cancelled. */
const hearing = (told: unknown[]): SignalSweep<unknown> => ({
  cancel: (tasks, reason) => {
    for (const task of tasks) told.push([task, reason])
  },
})

const member = (sweep: SignalSweep<unknown>, ...tasks: unknown[]): SignalMember => ({ sweep, tasks: () => tasks })

const nobody = member(hearing([]))

const listenersOn = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('joinSignal', () => {
  it('hangs one listener on a signal, however many share it, and takes it off with the last', () => {
    const { signal } = new AbortController()
    const unlinks = Array.from({ length: 10_000 }, () => joinSignal(signal, nobody))
    expect(listenersOn(signal)).toBe(1)
    for (const unlink of unlinks.slice(1)) unlink()
    expect(listenersOn(signal)).toBe(1)
    unlinks[0]!()
    expect(listenersOn(signal)).toBe(0)
  })

  it('cancels the tasks of each once with the reason, and leaves no listener', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const sweep = hearing(told)
    for (const name of ['a', 'b', 'c']) joinSignal(controller.signal, member(sweep, name))
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

  it('gives a sweep the tasks of all its members at once, each of them once, and tells the members after', () => {
    const controller = new AbortController()
    const heard: unknown[] = []
    const sweep = (name: string): SignalSweep<unknown> => ({ cancel: (tasks) => heard.push([name, ...tasks]) })
    const [one, other] = [sweep('one'), sweep('other')]
    joinSignal(controller.signal, { ...member(one, 'a', 'b'), onAbort: (reason) => heard.push(reason) })
    joinSignal(controller.signal, member(other, 'c'))
    joinSignal(controller.signal, member(one, 'b', 'd'))
    controller.abort('enough')
    expect(heard).toEqual([['one', 'a', 'b', 'd'], ['other', 'c'], 'enough'])
  })

  it('bears that members leave and come while they are cancelled', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const leave = joinSignal(controller.signal, {
      tasks: () => ['a'],
      sweep: {
        cancel: () => {
          told.push('a')
          leave()
          joinSignal(controller.signal, member(hearing(told), 'too late'))()
        },
      },
    })
    controller.abort()
    expect(told).toEqual(['a'])
    expect(listenersOn(controller.signal)).toBe(0)
  })

  it('works again on a signal that all had left', () => {
    const controller = new AbortController()
    joinSignal(controller.signal, nobody)()
    const told: unknown[] = []
    joinSignal(controller.signal, member(hearing(told), 'a'))
    controller.abort('enough')
    expect(told).toEqual([['a', 'enough']])
  })

  it('keeps signals apart', () => {
    const [one, other] = [new AbortController(), new AbortController()]
    const told: unknown[] = []
    joinSignal(one.signal, member(hearing(told), 'one'))
    joinSignal(other.signal, member(hearing(told), 'other'))
    other.abort('enough')
    expect(told).toEqual([['other', 'enough']])
  })

  it('tells exactly those who stay, through any coming and going', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (moves) => {
        const controller = new AbortController()
        const staying = new Map<number, () => void>()
        const told: unknown[] = []
        const sweep = hearing(told)
        moves.forEach((leaver, index) => {
          const key = leaver === null ? undefined : [...staying.keys()][leaver % staying.size]
          if (key === undefined) staying.set(index, joinSignal(controller.signal, member(sweep, index)))
          else {
            staying.get(key)!()
            staying.delete(key)
          }
          expect(listenersOn(controller.signal)).toBe(staying.size > 0 ? 1 : 0)
        })
        controller.abort('enough')
        expect(told).toEqual([...staying.keys()].map((index) => [index, 'enough']))
      }),
    )
  })
})

describe('linkCaller', () => {
  it('links to a signal until it is told to leave', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const { hasAborted, unlink } = linkCaller(controller.signal, member(hearing(told), 'gone'))
    linkCaller(controller.signal, member(hearing(told), 'there'))
    expect(hasAborted).toBe(false)
    unlink!()
    controller.abort('enough')
    expect(told).toEqual([['there', 'enough']])
  })

  it('says so where the signal has aborted already, and leaves no listener', () => {
    const signal = AbortSignal.abort('before')
    const link = linkCaller(signal, { ...nobody, tasks: () => expect.unreachable() })
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
      linkCaller(signal as AbortSignal, nobody)
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
    const { unlink } = linkCaller(signal as unknown as AbortSignal, nobody)
    expect(unlink).not.toThrow()
  })
})

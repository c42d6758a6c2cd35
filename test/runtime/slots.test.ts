import fc from 'fast-check'
import PQueue from 'p-queue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Slots } from '../../src/runtime/slots.js'
import { nextTurn, turns } from './support/turns.js'

/** The real queue of the slots made next, to look at its own counts. */
function spyOnQueue(): () => PQueue {
  const setter = vi.spyOn(PQueue.prototype, 'on')
  return () => setter.mock.contexts.at(-1) as PQueue
}

const nothing = (): void => undefined

describe('Slots', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('grants at once as many as the limit, and no more', () => {
    const slots = new Slots(3, nothing)
    expect([1, 2, 3, 4].map(() => slots.acquire())).toEqual([true, true, true, false])
    expect([slots.held, slots.free]).toEqual([3, 0])
    slots.release()
    expect([slots.held, slots.free, slots.acquire(), slots.acquire()]).toEqual([2, 1, true, false])
  })

  it('says that a slot given back twice is a bug', () => {
    const slots = new Slots(1, nothing)
    slots.acquire()
    slots.release()
    expect(() => slots.release()).toThrow('BUG: a slot was given back twice')
  })

  it('costs one job a slot, not one a task, in a burst within a turn', () => {
    const add = vi.spyOn(PQueue.prototype, 'add')
    const slots = new Slots(2, nothing)
    for (let task = 0; task < 100; task++) {
      slots.acquire()
      slots.acquire()
      slots.release()
      slots.release()
    }
    expect(add).toHaveBeenCalledTimes(2)
  })

  it('retires what is parked at the end of the turn, so that nothing is left at rest', async () => {
    const queue = spyOnQueue()
    const slots = new Slots(5, nothing)
    for (let slot = 0; slot < 5; slot++) slots.acquire()
    expect(queue().pending).toBe(5)
    for (let slot = 0; slot < 5; slot++) slots.release()
    expect(queue().pending).toBe(5)
    await turns(2)
    expect([queue().pending, queue().size, slots.held, slots.free]).toEqual([0, 0, 0, 5])
  })

  it('keeps the jobs of slots that are held while others retire', async () => {
    const queue = spyOnQueue()
    const slots = new Slots(3, nothing)
    for (let slot = 0; slot < 3; slot++) slots.acquire()
    slots.release()
    await turns(2)
    expect([queue().pending, slots.held, slots.free]).toEqual([2, 2, 1])
  })

  it('tells when a slot has become free outside of a release', async () => {
    let frees = 0
    const slots = new Slots(1, () => frees++)
    slots.acquire()
    slots.release()
    expect(frees).toBe(0)
    await turns(2)
    expect(frees).toBeGreaterThan(0)
    expect(slots.acquire()).toBe(true)
  })

  it('grants nothing until what is held fits a lowered limit, and more at once when it is raised', async () => {
    const slots = new Slots(3, nothing)
    for (let slot = 0; slot < 3; slot++) slots.acquire()
    slots.limit = 1
    expect([slots.limit, slots.free]).toEqual([1, 0])
    slots.release()
    slots.release()
    expect(slots.acquire()).toBe(false)
    await turns(2)
    expect(slots.acquire()).toBe(false)
    slots.release()
    await turns(2)
    expect([slots.acquire(), slots.acquire()]).toEqual([true, false])
    slots.limit = 4
    expect([slots.free, slots.acquire(), slots.acquire(), slots.acquire(), slots.acquire()]).toEqual([
      ...[3, true, true, true],
      false,
    ])
  })

  it('has all its slots again when the limit is lowered and raised within a turn', () => {
    const slots = new Slots(3, nothing)
    for (let slot = 0; slot < 3; slot++) slots.acquire()
    slots.release()
    slots.limit = 2
    expect([slots.free, slots.acquire()]).toEqual([0, false])
    slots.limit = 3
    expect([slots.free, slots.acquire()]).toEqual([1, true])
  })

  it('keeps what is parked for the rest of the turn when the limit is set to fit it', () => {
    const slots = new Slots(3, nothing)
    for (let slot = 0; slot < 3; slot++) slots.acquire()
    for (let slot = 0; slot < 3; slot++) slots.release()
    slots.limit = 2
    expect([slots.free, slots.acquire(), slots.acquire(), slots.acquire()]).toEqual([2, true, true, false])
  })

  it('knows no limit', () => {
    const slots = new Slots(Infinity, nothing)
    for (let slot = 0; slot < 1_000; slot++) expect(slots.acquire()).toBe(true)
    expect([slots.held, slots.free]).toEqual([1_000, Infinity])
  })

  it('never has more held than the limit allows, keeps its word on what is free, and rests at zero', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('acquire' as const) },
      { weight: 3, arbitrary: fc.constant('release' as const) },
      { weight: 2, arbitrary: fc.constantFrom('turn' as const, 'microtask' as const) },
      { weight: 1, arbitrary: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(Infinity)) },
    )
    const queue = spyOnQueue()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const slots = new Slots(3, nothing)
        const own = queue()
        let held = 0
        for (const taken of steps) {
          const { free, limit } = slots
          if (taken === 'acquire') {
            const isGranted = slots.acquire()
            expect(isGranted).toBe(free > 0)
            if (isGranted) expect(++held).toBeLessThanOrEqual(limit)
          } else if (taken === 'release') {
            if (held > 0) {
              slots.release()
              held--
            }
          } else if (taken === 'turn') await nextTurn()
          else if (taken === 'microtask') await Promise.resolve()
          else slots.limit = taken
          expect(slots.held).toBe(held)
          expect(slots.free).toBeLessThanOrEqual(Math.max(0, slots.limit - held))
        }
        await turns(2)
        expect(own.pending).toBe(held)
        expect(slots.free).toBe(Math.max(0, slots.limit - held))
        for (; held > 0; held--) slots.release()
        await turns(2)
        expect([own.pending, own.size]).toEqual([0, 0])
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaitingQueue, type Waiter } from '../../src/runtime/queue.js'

interface Item extends Waiter {
  priority: number
  readonly label: number
}
const item = (label: number, priority = 0): Item => ({ label, priority, ticket: null })

type Step = { add: number } | { remove: number } | { move: number; to: number } | 'take'
const priority = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(-0, 0.5, 1e308, -1e308, 5e-324))
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: priority }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ move: fc.nat(), to: priority }) },
    { weight: 2, arbitrary: fc.constant('take' as const) },
  ),
  { maxLength: 100 },
)

describe('WaitingQueue', () => {
  it('agrees with a sorted list through adding, taking, removing and re-prioritising', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const queue = new WaitingQueue<Item>()
        let model: Item[] = []
        const insert = (added: Item): void => {
          queue.add(added)
          const behind = model.findIndex((other) => other.priority < added.priority)
          model.splice(behind === -1 ? model.length : behind, 0, added)
        }
        const leave = (gone: Item): void => {
          expect(queue.remove(gone)).toBe(true)
          expect(queue.remove(gone)).toBe(false)
          model = model.filter((other) => other !== gone)
        }
        taken.forEach((step, label) => {
          if (step === 'take') {
            const first = model.shift()
            expect(queue.take()).toBe(first)
            expect(first?.ticket ?? null).toBeNull()
          } else if ('add' in step) insert(item(label, step.add))
          else if (model.length > 0) {
            const chosen = model[('remove' in step ? step.remove : step.move) % model.length]!
            leave(chosen)
            if ('to' in step) {
              chosen.priority = step.to
              insert(chosen)
            }
          }
          expect(queue.size).toBe(model.length)
          const lowest = Math.min(...model.map((waiting) => waiting.priority))
          expect(queue.leastUrgent).toBe(model.find((waiting) => waiting.priority === lowest))
        })
        for (const expected of model) expect(queue.take()).toBe(expected)
        expect(queue.take()).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('gives nothing when empty, and takes out nobody who does not wait', () => {
    const queue = new WaitingQueue<Item>()
    expect([queue.take(), queue.leastUrgent, queue.size]).toEqual([undefined, undefined, 0])
    expect(queue.remove(item(0))).toBe(false)
  })

  it('removes from the middle of a hundred thousand in no time that grows with them', () => {
    const queue = new WaitingQueue<Item>()
    const items = Array.from({ length: 100_000 }, (_, label) => item(label, label % 3))
    for (const added of items) queue.add(added)
    const started = performance.now()
    for (const gone of items) queue.remove(gone)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(queue.size).toBe(0)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IndexedHeap, type HeapEntry } from '../../src/core/indexed-heap.js'

interface Item extends HeapEntry {
  readonly key: number
  readonly order: number
}

const before = (a: Item, b: Item): boolean => a.key < b.key || (a.key === b.key && a.order < b.order)
const item = (key: number, order = 0): Item => ({ key, order, heapIndex: -1 })

type Step = { add: number } | { removeAt: number } | 'take'
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.integer({ min: -5, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ removeAt: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant('take' as const) },
  ),
  { maxLength: 120 },
)

describe('IndexedHeap', () => {
  it('agrees with a sorted array through any adding and removing', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const heap = new IndexedHeap<Item>(before)
        let sorted: Item[] = []
        taken.forEach((step, order) => {
          if (step !== 'take' && 'add' in step) {
            const added = item(step.add, order)
            heap.add(added)
            sorted = [...sorted, added].sort((a, b) => (before(a, b) ? -1 : 1))
          } else {
            const gone = step === 'take' ? heap.first : sorted[step.removeAt % sorted.length]
            if (gone === undefined) return
            heap.remove(gone)
            expect(gone.heapIndex).toBe(-1)
            sorted = sorted.filter((kept) => kept !== gone)
          }
          expect(heap.first).toBe(sorted[0])
          expect(heap.size).toBe(sorted.length)
          expect(new Set(sorted.map(({ heapIndex }) => heapIndex)).size).toBe(sorted.length)
        })
        for (const expected of sorted) {
          expect(heap.first).toBe(expected)
          heap.remove(expected)
        }
        expect(heap.first).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('does nothing when told to remove what is in no heap', () => {
    const heap = new IndexedHeap<Item>(before)
    const kept = item(1)
    heap.add(kept)
    heap.remove(item(0))
    expect(heap.first).toBe(kept)
    heap.remove(kept)
    heap.remove(kept)
    expect(heap.size).toBe(0)
  })

  it('compares O(log n) times to add and to remove from the middle', () => {
    let compared = 0
    const heap = new IndexedHeap<Item>((a, b) => (compared++, before(a, b)))
    const items = Array.from({ length: 4_096 }, (_, index) => item((index * 2_654_435_761) % 4_096, index))
    for (const added of items) heap.add(added)
    compared = 0
    for (const removed of items) heap.remove(removed)
    expect(compared / items.length).toBeLessThan(4 * Math.log2(items.length))
  })
})

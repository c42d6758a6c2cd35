import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkedList, type ListEntry } from '../../src/core/linked-list.js'

interface Item extends ListEntry<Item> {
  readonly label: number
}

const item = (label: number): Item => ({ label, list: null, previous: null, next: null })

const listOf = (items: readonly Item[]): LinkedList<Item> => {
  const list = new LinkedList<Item>()
  for (const added of items) list.add(added)
  return list
}

describe('LinkedList', () => {
  it('agrees with an array through any adding and removing', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (moves) => {
        const list = new LinkedList<Item>()
        let kept: Item[] = []
        moves.forEach((removeAt, label) => {
          const gone = removeAt === null ? undefined : kept[removeAt % kept.length]
          if (gone === undefined) {
            const added = item(label)
            list.add(added)
            kept.push(added)
          } else {
            list.remove(gone)
            expect(gone).toMatchObject({ list: null, previous: null, next: null })
            kept = kept.filter((other) => other !== gone)
          }
          expect([...list]).toEqual(kept)
          expect(list.size).toBe(kept.length)
          expect(list.first).toBe(kept[0] ?? null)
        })
      }),
    )
  })

  it('lets an entry move to another list, and says which it is in', () => {
    const moved = item(1)
    const from = listOf([item(0), moved, item(2)])
    const to = listOf([item(3)])
    expect(moved.list).toBe(from)
    from.remove(moved)
    to.add(moved)
    expect(moved.list).toBe(to)
    expect([...from].map(({ label }) => label)).toEqual([0, 2])
    expect([...to].map(({ label }) => label)).toEqual([3, 1])
  })

  it('goes on after the entry just given was removed', () => {
    const list = listOf([item(0), item(1), item(2)])
    const seen: number[] = []
    for (const entry of list) {
      seen.push(entry.label)
      list.remove(entry)
    }
    expect(seen).toEqual([0, 1, 2])
    expect(list.size).toBe(0)
  })

  it('takes an entry again at its end', () => {
    const items = [item(0), item(1)] as const
    const list = listOf(items)
    list.remove(items[0])
    list.add(items[0])
    expect([...list].map(({ label }) => label)).toEqual([1, 0])
  })
})

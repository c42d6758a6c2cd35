import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as query from '../../src/core/query.js'
import type { TaskErrorRecord, TaskRecord } from '../../src/core/record.js'

interface Item {
  at: number
  id: string
}
const same = (item: Item): query.Position => item
const order = fc.constantFrom('newest' as const, 'oldest' as const)
const limit = fc.integer({ min: 1, max: 12 })
// Few instants, so that many share one; ids with colons and line breaks, as a caller may give them.
const items = fc.uniqueArray(
  fc.record({
    at: fc.integer({ min: -3, max: 3 }),
    id: fc.string({ minLength: 1, unit: fc.constantFrom(':', '\n', 'a', '1', 'ü') }),
  }),
  { selector: ({ id }) => id, maxLength: 60 },
)

function pagesOf(all: readonly Item[], size: number, direction: 'newest' | 'oldest'): query.Page<Item>[] {
  const pages: query.Page<Item>[] = []
  let cursor: string | undefined
  do {
    const page = query.cutPage([...all], same, { cursor, limit: size, order: direction })
    pages.push(page)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && pages.length <= all.length)
  return pages
}

describe('cutPage', () => {
  it('gives every item exactly once, in order, whatever the limit', () => {
    fc.assert(
      fc.property(items, limit, order, (all, size, direction) => {
        const pages = pagesOf(all, size, direction)
        const sorted = [...all].sort((a, b) => query.comparePositions(a, b, direction))
        expect(pages.flatMap((page) => page.items)).toEqual(sorted)
        expect(pages).toHaveLength(Math.max(1, Math.ceil(all.length / size)))
        for (const page of pages.slice(0, -1)) expect(page.items).toHaveLength(size)
      }),
    )
  })

  it('gives each item that was there from the start once, while others come and go', () => {
    fc.assert(
      fc.property(items, fc.array(fc.boolean()), limit, order, (all, lasting, size, direction) => {
        const stays = all.filter((_, index) => lasting[index] ?? true)
        const seen: Item[] = []
        let cursor: string | undefined
        let candidates = stays
        do {
          const page = query.cutPage([...candidates], same, { cursor, limit: size, order: direction })
          seen.push(...page.items)
          cursor = page.nextCursor ?? undefined
          candidates = candidates === stays ? all : stays
        } while (cursor !== undefined)
        expect(seen.filter((item) => stays.includes(item))).toEqual(
          [...stays].sort((a, b) => query.comparePositions(a, b, direction)),
        )
        expect(new Set(seen).size).toBe(seen.length)
      }),
    )
  })

  it('gives a hundred, newest first, when nothing is said', () => {
    const all = Array.from({ length: 101 }, (_, at) => ({ at, id: String(at) }))
    const page = query.cutPage([...all], same, {})
    expect(page.items).toHaveLength(100)
    expect(page.items[0]).toBe(all[100])
    expect(page.nextCursor).toBe('1:1')
    expect(query.cutPage(all.slice(1), same, {}).nextCursor).toBeNull()
  })

  it('ends with a cursor beyond the last item', () => {
    expect(query.cutPage([{ at: 1, id: 'a' }], same, { cursor: '0:z' })).toEqual({ items: [], nextCursor: null })
  })
})

describe('comparePositions', () => {
  it('puts the newest first or last, and ids of one instant in the same sense', () => {
    const earlier = { at: 1, id: 'b' }
    const later = { at: 2, id: 'a' }
    expect(query.comparePositions(earlier, later, 'oldest')).toBeLessThan(0)
    expect(query.comparePositions(earlier, later, 'newest')).toBeGreaterThan(0)
    expect(query.comparePositions({ at: 1, id: 'a' }, earlier, 'oldest')).toBeLessThan(0)
    expect(query.comparePositions(earlier, { ...earlier }, 'newest')).toBeCloseTo(0)
  })
})

describe('a cursor', () => {
  it('tells the position it was made of', () => {
    fc.assert(
      // A bad row may stand anywhere: no page may end in a cursor that nobody can read.
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.double()), fc.string({ minLength: 1, unit: 'binary' }), (at, id) => {
        expect(query.decodeCursor(query.encodeCursor({ at, id }))).toEqual({ at: at === 0 ? 0 : at, id })
      }),
    )
  })

  it.each(['', ':', '1', '1:', ':a', 'x:a', '1.:a', 'e5:a', '0x1:a', '--1:a', ' 1:a', '9'.repeat(100_000)])(
    'is refused when no list gave it: %s',
    (cursor) => {
      expect(() => query.decodeCursor(cursor)).toThrow('cursor: expected the nextCursor of a page, got "')
    },
  )
})

describe('matchesTask', () => {
  const error = { message: 'Card DECLINED', code: null, details: null }
  const record = {
    ...{ id: 'Id-1', name: 'Receipt', lane: 'mail', owner: 'ann', parentId: 'p1' },
    ...{ status: 'failed', createdAt: 100, error },
  } as TaskRecord

  it.each<[query.TaskQuery, boolean]>([
    [{}, true],
    [{ status: 'failed' }, true],
    [{ status: 'running' }, false],
    [{ status: ['running', 'failed'] }, true],
    [{ status: [] }, false],
    [{ name: 'Receipt' }, true],
    [{ name: 'receipt' }, false],
    [{ lane: 'mail' }, true],
    [{ lane: 'post' }, false],
    [{ owner: 'ann' }, true],
    [{ owner: 'bob' }, false],
    [{ parentId: 'p1' }, true],
    [{ parentId: 'p2' }, false],
    [{ createdAfter: 100 }, true],
    [{ createdAfter: 101 }, false],
    [{ createdBefore: 101 }, true],
    [{ createdBefore: 100 }, false],
    [{ text: 'rECEIPT' }, true],
    [{ text: 'id-1' }, true],
    [{ text: 'ANN' }, true],
    [{ text: 'declined' }, true],
    [{ text: 'mail' }, false],
    [{ name: 'Receipt', owner: 'bob' }, false],
  ])('of %j says %s', (asked, expected) => {
    expect(query.matchesTask(record, asked)).toBe(expected)
  })

  it('finds no text where there is none', () => {
    expect(query.matchesTask({ ...record, owner: null, error: null }, { text: 'null' })).toBe(false)
  })
})

describe('matchesError', () => {
  const record: TaskErrorRecord = {
    ...{ id: 'e1', taskId: 'Id-1', taskName: 'Receipt', owner: 'ann', attempt: 1, at: 100 },
    ...{ fingerprint: 'f', error: { message: 'Card DECLINED', code: 'E_CARD', details: null } },
  }

  it.each<[query.ErrorQuery, boolean]>([
    [{}, true],
    [{ name: 'Receipt' }, true],
    [{ name: 'x' }, false],
    [{ owner: 'ann' }, true],
    [{ owner: 'bob' }, false],
    [{ fingerprint: 'f' }, true],
    [{ fingerprint: 'g' }, false],
    [{ code: 'E_CARD' }, true],
    [{ code: 'E' }, false],
    [{ createdAfter: 100, createdBefore: 101 }, true],
    [{ createdBefore: 100 }, false],
    [{ text: 'card' }, true],
    [{ text: 'ID-1' }, true],
    [{ text: 'e1' }, false],
  ])('of %j says %s', (asked, expected) => {
    expect(query.matchesError(record, asked)).toBe(expected)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdSource } from '../../src/runtime/ids.js'

const AT = 1_700_000_000_000
const instantOf = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

describe('IdSource', () => {
  it('gives ids that sort as they were made, wherever the wall clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 300 }), (jumps) => {
        const source = new IdSource()
        let now = AT
        const ids = jumps.map((jump) => source.next((now += jump)))
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  it('makes an id later, in whichever order that is asked for, in the place that was taken for it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 50 }), fc.nat(), (steps, seed) => {
        const source = new IdSource()
        let now = AT
        const stamps = steps.map((step) => source.stamp((now += step)))
        const asked = stamps.map((_, index) => (index * 7 + seed) % Math.max(1, stamps.length))
        const ids = new Map(asked.map((index) => [index, source.at(stamps[index]!)]))
        const inOrder = [...ids].sort(([a], [b]) => a - b).map(([, id]) => id)
        expect([...inOrder].sort()).toEqual(inOrder)
        for (const [index, id] of ids) expect(instantOf(id)).toBe(AT + sum(steps.slice(0, index + 1)))
      }),
    )
  })

  it('stays in order and unique through a burst of more than fit into a millisecond', () => {
    const source = new IdSource()
    const ids = Array.from({ length: 10_000 }, () => source.next(AT))
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    expect(instantOf(ids[4_095]!)).toBe(AT)
    expect(instantOf(ids[4_096]!)).toBe(AT + 1)
    expect(instantOf(ids.at(-1)!)).toBe(AT + 2)
    expect(instantOf(source.next(AT + 10))).toBe(AT + 10)
  })

  it('tells the instant it was given, and keeps to the latest when the clock goes back', () => {
    const source = new IdSource()
    expect(instantOf(source.next(AT))).toBe(AT)
    expect(instantOf(source.next(AT - 5_000))).toBe(AT)
    expect(instantOf(source.next(AT + 1))).toBe(AT + 1)
  })

  it('uses fresh random bytes for each, across its pool', () => {
    const source = new IdSource()
    const tails = Array.from({ length: 3_000 }, (_, index) => source.next(AT + index).slice(19))
    expect(new Set(tails).size).toBe(tails.length)
    const other = new IdSource()
    expect(tails).not.toContain(other.next(AT).slice(19))
  })
})

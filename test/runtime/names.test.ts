import { describe, expect, it } from 'vitest'
import { MAX_NAMES, Names, OTHER } from '../../src/runtime/names.js'

describe('Names', () => {
  it('counts each name by itself', () => {
    const names = new Names()
    names.tallyOf('a').counts.pending++
    names.tallyOf('a').runMs.add(5)
    names.tallyOf('b').counts.failed++
    const zeros = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
    expect(names.status()).toEqual({
      a: { ...zeros, pending: 1, runMs: { count: 1, p50: 5, p90: 5, p99: 5, max: 5 } },
      b: { ...zeros, failed: 1, runMs: { count: 0, p50: 0, p90: 0, p99: 0, max: 0 } },
    })
  })

  it('tells 200 names apart, and puts the rest together in bounded space', () => {
    const names = new Names()
    for (let index = 0; index < 10_000; index++) names.tallyOf(`name-${index}`).counts.completed++
    const status = names.status()
    expect(Object.keys(status)).toHaveLength(MAX_NAMES + 1)
    expect(status[OTHER]!.completed).toBe(10_000 - MAX_NAMES)
    expect(status['name-199']!.completed).toBe(1)
    names.tallyOf('name-199').counts.completed++
    expect(names.status()['name-199']!.completed).toBe(2)
  })

  it.each(['__proto__', 'constructor', 'toString', '0', ''])('takes %j for a name like any other', (name) => {
    const names = new Names()
    names.tallyOf(name).counts.running++
    const status = names.status()
    expect(Object.keys(status)).toEqual([name])
    expect(Object.getOwnPropertyDescriptor(status, name)!.value).toMatchObject({ running: 1 })
    expect(Object.getPrototypeOf(status)).toBe(Object.prototype)
  })

  it('gives a picture that does not change with what comes', () => {
    const names = new Names()
    names.tallyOf('a')
    const before = names.status()
    names.tallyOf('a').counts.running++
    expect(before['a']!.running).toBe(0)
  })
})

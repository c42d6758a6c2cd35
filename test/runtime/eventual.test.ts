import { describe, expect, it } from 'vitest'
import { Eventual } from '../../src/runtime/eventual.js'
import { stateOf } from './support/turns.js'

describe('Eventual', () => {
  it('tells who asked before, and who asks after, the same', async () => {
    const eventual = new Eventual<number>()
    const before = eventual.promise
    expect(await stateOf(before)).toBe('unsettled')
    eventual.set(1)
    expect(await before).toBe(1)
    expect(eventual.promise).toBe(before)
  })

  it('makes its promise only when asked, once', async () => {
    const eventual = new Eventual<number>()
    eventual.set(1)
    expect(eventual.promise).toBe(eventual.promise)
    expect(await eventual.promise).toBe(1)
  })

  it('keeps the first value, whether or not somebody has asked', async () => {
    const [asked, unasked] = [new Eventual<number>(), new Eventual<number>()]
    const { promise } = asked
    for (const eventual of [asked, unasked]) {
      eventual.set(1)
      eventual.set(2)
    }
    expect([await promise, await unasked.promise]).toEqual([1, 1])
  })

  it('knows undefined and false for values', async () => {
    const eventual = new Eventual<boolean | undefined>()
    eventual.set(undefined)
    eventual.set(true)
    expect(await eventual.promise).toBeUndefined()
  })
})

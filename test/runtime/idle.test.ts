import { describe, expect, it } from 'vitest'
import { IdleGate } from '../../src/runtime/idle.js'
import { manualClock } from '../../src/testing/index.js'
import { nextTurn, stateOf } from './support/turns.js'

function setUp(onIdle: () => void = () => undefined) {
  const clock = manualClock()
  const state = { live: 0, idles: 0 }
  const gate = new IdleGate(
    clock,
    () => state.live === 0,
    () => {
      state.idles++
      onIdle()
    },
  )
  const come = (): void => {
    state.live++
    gate.busy()
  }
  const go = (): void => {
    state.live--
    gate.check()
  }
  return { clock, state, gate, come, go }
}

describe('IdleGate', () => {
  it('is idle before any work has come', async () => {
    const { gate, state } = setUp()
    expect(await gate.wait(0)).toBe(true)
    gate.check()
    await nextTurn()
    expect(state.idles).toBe(0)
  })

  it('tells all who wait, once the last has gone and a turn has passed', async () => {
    const { gate, state, come, go } = setUp()
    come()
    come()
    const waiting = [gate.wait(Infinity), gate.wait(Infinity)]
    go()
    await nextTurn()
    expect(state.idles).toBe(0)
    go()
    expect(state.idles).toBe(0)
    expect(await stateOf(waiting[0]!)).toBe(true)
    expect(await Promise.all(waiting)).toEqual([true, true])
    expect(state.idles).toBe(1)
  })

  it('waits on when what follows from a result comes within the turn', async () => {
    const { gate, state, come, go } = setUp()
    come()
    const waiting = gate.wait(Infinity)
    go()
    void Promise.resolve().then(come)
    expect(await stateOf(waiting)).toBe('unsettled')
    expect(state.idles).toBe(0)
    go()
    expect(await waiting).toBe(true)
    expect(state.idles).toBe(1)
  })

  it('is told of idleness once, however often it looks', async () => {
    const { gate, state, come, go } = setUp()
    come()
    go()
    gate.check()
    await nextTurn()
    gate.check()
    await nextTurn()
    expect(state.idles).toBe(1)
  })

  it('says false when that took longer, and leaves no timer either way', async () => {
    const { clock, gate, come, go } = setUp()
    come()
    const impatient = gate.wait(10)
    const patient = gate.wait(50)
    clock.advance(9)
    expect(await stateOf(impatient)).toBe('unsettled')
    clock.advance(1)
    expect(await impatient).toBe(false)
    go()
    expect(await patient).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('waits on when whoever is told of idleness brings new work', async () => {
    let isFirst = true
    const { gate, state, come, go } = setUp(() => {
      if (isFirst) come()
      isFirst = false
    })
    come()
    const waiting = [gate.wait(Infinity), gate.wait(Infinity)]
    go()
    expect(await stateOf(waiting[0]!)).toBe('unsettled')
    go()
    expect(await Promise.all(waiting)).toEqual([true, true])
    expect(state.idles).toBe(2)
  })

  it('sets no timer for a wait without limit', () => {
    const { clock, gate, come } = setUp()
    come()
    void gate.wait(Infinity)
    expect(clock.timers).toBe(0)
  })
})

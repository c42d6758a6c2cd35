import { describe, expect, it } from 'vitest'
import { moveService, SERVICE_MOVES, type ServiceState } from '../../src/core/service-lifecycle.js'

const STATES = Object.keys(SERVICE_MOVES) as ServiceState[]

describe('moveService', () => {
  it.each(STATES)('takes every move of the table out of %s, and no other', (from) => {
    for (const to of STATES) {
      const isLegal = (SERVICE_MOVES[from] as readonly ServiceState[]).includes(to)
      if (isLegal) expect(moveService(from, to)).toBe(to)
      else expect(() => moveService(from, to)).toThrow(`BUG: a service cannot go from ${from} to ${to}`)
    }
  })

  it('leads nowhere from an end but to a new start', () => {
    expect([SERVICE_MOVES.stopped, SERVICE_MOVES.failed]).toEqual([['starting'], ['starting']])
  })
})

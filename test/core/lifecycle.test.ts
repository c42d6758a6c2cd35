import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTerminal, MOVES, TASK_STATUSES, transition } from '../../src/core/lifecycle.js'
import type { TaskStatus } from '../../src/core/record.js'

const legal: readonly (readonly [TaskStatus | null, TaskStatus])[] = [
  [null, 'pending'],
  ['pending', 'running'],
  ['pending', 'failed'],
  ['pending', 'cancelled'],
  ['running', 'pending'],
  ['running', 'completed'],
  ['running', 'failed'],
  ['running', 'cancelled'],
]

describe('transition', () => {
  const everyMove = [null, ...TASK_STATUSES].flatMap((from) => TASK_STATUSES.map((to) => [from, to] as const))

  it.each(everyMove)('decides on %s to %s as the design has it', (from, to) => {
    if (legal.some((move) => move[0] === from && move[1] === to)) expect(transition(from, to)).toBe(to)
    else
      expect(() => transition(from, to)).toThrow(`BUG: a task cannot go from ${String(from)} to ${to}; please report`)
  })

  it('never leaves a terminal status, whatever is tried in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TASK_STATUSES)), (wishes) => {
        let status = transition(null, 'pending')
        for (const wish of wishes) {
          const before = status
          try {
            status = transition(status, wish)
          } catch {
            expect(status).toBe(before)
          }
          if (isTerminal(before)) expect(status).toBe(before)
        }
      }),
    )
  })
})

describe('isTerminal', () => {
  it.each([
    ['pending', false],
    ['running', false],
    ['completed', true],
    ['failed', true],
    ['cancelled', true],
  ] as const)('says of %s: %s', (status, expected) => {
    expect(isTerminal(status)).toBe(expected)
  })
})

it('names the statuses in the order of a life', () => {
  expect(TASK_STATUSES).toEqual(['pending', 'running', 'completed', 'failed', 'cancelled'])
  expect(Object.keys(MOVES)).toEqual(TASK_STATUSES)
})

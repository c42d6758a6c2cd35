import { describe, expect, it } from 'vitest'
import { formatStatus } from '../../src/core/format-status.js'

const quiet = {
  name: 'mails',
  state: 'open',
  slots: { limit: 50, running: 0, stopping: 0, abandoned: 0 },
  queue: { waiting: 0, oldestWaitMs: 0 },
  totals: { spawned: 0, completed: 0, failed: 0, cancelled: 0 },
}

describe('formatStatus', () => {
  it('leaves out what is no news', () => {
    expect(formatStatus(quiet)).toBe(
      'mails open: 0/50 running, 0 waiting; 0 spawned = 0 completed + 0 failed + 0 cancelled + 0 live',
    )
  })

  it('tells of all that is going on, with sums that add up', () => {
    const busy = {
      name: 'mails',
      state: 'draining',
      slots: { limit: Infinity, running: 3, stopping: 2, abandoned: 1 },
      queue: { waiting: 4, oldestWaitMs: 1_500 },
      totals: { spawned: 30, completed: 10, failed: 5, cancelled: 6 },
    }
    expect(formatStatus(busy)).toBe(
      'mails draining: 3/Infinity running, 2 stopping, 1 abandoned, 4 waiting (oldest 1.5 s); ' +
        '30 spawned = 10 completed + 5 failed + 6 cancelled + 9 live',
    )
  })

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_900, '59.9 s'],
    [60_000, '1.0 min'],
    [5_400_000, '90.0 min'],
  ])('says %i ms as %s', (oldestWaitMs, text) => {
    expect(formatStatus({ ...quiet, queue: { waiting: 1, oldestWaitMs } })).toContain(`1 waiting (oldest ${text});`)
  })

  it.each(['a\nb', 'a\u001b[31mb', 'a\u2028b', 'a\u202eb', 'a\u0000b'])('lets the name %j break nothing', (name) => {
    expect(formatStatus({ ...quiet, name })).toMatch(/^a\\\S+b open: 0\/50/)
  })
})

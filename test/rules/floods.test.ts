import { describe, expect, it } from 'vitest'
import type { SupervisorStatus } from 'taskward'
import { runFixture } from './support.js'

interface Told {
  handles: number
  totals: SupervisorStatus['totals']
  slots: SupervisorStatus['slots']
  waiting: number
  store: SupervisorStatus['store']
  persisted: number
  statuses: Record<string, number>
  listeners: number
}

const NOTHING = { completed: 0, failed: 0, cancelled: 0 }

describe.concurrent('in one tick', () => {
  it.each<[kind: string, count: number, totals: Partial<SupervisorStatus['totals']>]>([
    ['spawns', 100_000, { completed: 100_000, late: 0 }],
    ['sync spawns', 20_000, { completed: 20_000, late: 0 }],
    ['waiting cancels', 100_000, { cancelled: 100_000, late: 0 }],
    ['running cancels', 20_000, { cancelled: 20_000, late: 0 }],
    ['rejections', 100_000, { failed: 100_000, late: 0 }],
    ['throws', 20_000, { failed: 20_000, late: 0 }],
    ['adopted rejections', 20_000, { failed: 20_000, late: 0 }],
    ['adopted late rejections', 20_000, { cancelled: 20_000, late: 20_000 }],
    ['aborts', 20_000, { cancelled: 20_000, late: 50 }],
    ['born aborted', 20_000, { cancelled: 20_000, late: 0 }],
    ['nested', 10_000, { completed: 10_000, late: 0 }],
    ['nested in few slots', 10_000, { completed: 10_000, late: 0 }],
  ])(
    '%s of %i tasks end as they should, are all recorded, and trouble nobody',
    async (kind, count, totals) => {
      const ended = await runFixture('flood.ts', [kind, String(count)], { limitMs: 280_000 })
      expect(ended).toMatchObject({ code: 0, stderr: '' })
      const told = JSON.parse(ended.stdout) as Told
      expect(told.totals).toMatchObject({ spawned: count, rejected: 0, timedOut: 0, ...NOTHING, ...totals })
      expect(told).toMatchObject({ handles: count, waiting: 0, persisted: count, listeners: 0 })
      expect(told.slots).toMatchObject({ running: 0, stopping: 0, abandoned: 0 })
      expect(told.store).toMatchObject({ state: 'ok', dropped: 0 })
      expect(Object.values(told.statuses)).toEqual([count])
    },
    300_000,
  )
})

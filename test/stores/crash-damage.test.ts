import { expect, it } from 'vitest'
import { damageSegments } from '../../scripts/crash/damage-segments.js'
import { seeded } from '../../scripts/crash/random.js'

const SEED = Number(process.env['TASKWARD_CRASH_SEED'] ?? Date.now() % 2 ** 31)

it(
  'segments of the file store that are torn, truncated or flipped open, with all that is not damaged',
  {
    timeout: 240_000,
  },
  async () => {
    console.log(`damage to segments: TASKWARD_CRASH_SEED=${String(SEED)} repeats it`)
    const report = await damageSegments({ flips: 300, pages: 60, random: seeded(SEED) })
    console.log(`file: ${String(report.kills)} damaged copies opened`)
    expect(report.faults).toEqual([])
    expect(report.kills).toBeGreaterThan(1_000)
  },
)

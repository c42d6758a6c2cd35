import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parametersOf, RUNS, STEPS, withoutStacks } from './parameters.js'
import { play } from './play.js'
import { hearWhatNobodyShould } from './process-events.js'
import { scheduleOf } from './schedule.js'

/** Several files share the random schedules, so that several workers do. */
const SHARES = 4

/** After one in so many steps everything is compared; after the others what should have changed. */
const WHOLE_EVERY = 12

/** Declares the test that plays one of the shares. */
export function playShare(share: number): void {
  describe('the supervisor, as its reference model,', () => {
    const heard = hearWhatNobodyShould()

    it('does what is right at every step of any schedule', { timeout: 0 }, async () => {
      const property = fc.asyncProperty(scheduleOf(STEPS), async (schedule) => {
        await play(schedule, { wholeEvery: WHOLE_EVERY })
        if (heard.length > 0) expect(heard).toEqual([])
      })
      await withoutStacks(() => fc.assert(property, parametersOf(Math.ceil(RUNS / SHARES), share)))
    })
  })
}

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PARAMETERS } from './parameters.js'
import { play } from './play.js'
import { REGRESSIONS } from './regressions.js'
import { scheduleOf } from './schedule.js'

const { MODEL_STEPS = '60' } = process.env

const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning'] as const
const heard: unknown[] = []
const hear = (what: unknown) => void heard.push(what)

describe('the supervisor, as its reference model,', () => {
  beforeAll(() => {
    for (const event of EVENTS) process.on(event, hear)
  })

  afterAll(() => {
    for (const event of EVENTS) process.off(event, hear)
  })

  it.each(Object.keys(REGRESSIONS))('%s', async (name) => {
    await play(REGRESSIONS[name]!)
    expect(heard).toEqual([])
  })

  it('does what is right at every step of any schedule', { timeout: 0 }, async () => {
    await fc.assert(
      fc.asyncProperty(scheduleOf(Number(MODEL_STEPS)), async (schedule) => {
        await play(schedule)
        expect(heard).toEqual([])
      }),
      PARAMETERS,
    )
  })
})

import { describe, expect, it } from 'vitest'
import { play } from './play.js'
import { hearWhatNobodyShould } from './process-events.js'
import { REGRESSIONS } from './regressions.js'

describe('the supervisor, as its reference model,', () => {
  const heard = hearWhatNobodyShould()

  it.each(Object.keys(REGRESSIONS))('%s', async (name) => {
    await play(REGRESSIONS[name]!)
    expect(heard).toEqual([])
  })
})

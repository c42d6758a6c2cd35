import { describe, expect, it } from 'vitest'
import { play } from './play.js'
import { hearWhatNobodyShould } from './process-events.js'
import { PLACE_REGRESSIONS } from './regressions-places.js'
import { REGRESSIONS } from './regressions.js'

const ALL = { ...REGRESSIONS, ...PLACE_REGRESSIONS }

describe('the supervisor, as its reference model,', () => {
  const heard = hearWhatNobodyShould()

  it.each(Object.keys(ALL))('%s', async (name) => {
    await play(ALL[name]!)
    expect(heard).toEqual([])
  })
})

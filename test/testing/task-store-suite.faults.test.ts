import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/stores/memory.js'
import type { TaskStore } from '../../src/store.js'
import { SUITE } from '../../src/testing/task-store-suite/cases.js'
import { reasonToSkip, type SuiteGroup } from '../../src/testing/task-store-suite/suite-case.js'
import { runCase, settingsOf } from '../../src/testing/task-store-suite.js'
import { FAULTS, type Fault } from '../stores/conformance/faults.js'

/** The first case of a group that a store does not pass. */
async function firstRed({ cases }: SuiteGroup, make: () => TaskStore): Promise<string | null> {
  for (const suiteCase of cases) {
    const subject = { store: make() }
    if (reasonToSkip(suiteCase, subject) !== null) continue
    try {
      await runCase(suiteCase, subject, { ...settingsOf({}), patienceMs: 500 })
    } catch {
      return suiteCase.name
    }
  }
  return null
}

const groupOf = (name: string) => SUITE.find((group) => group.name === name)!
const faults = Object.entries(FAULTS).flatMap(([group, some]) =>
  Object.entries(some).map(([fault, differ]): [string, string, Fault] => [group, fault, differ]),
)

describe('the suite for stores', () => {
  it.each(SUITE)('is green in $name for a sound one', async (group) => {
    expect(await firstRed(group, memoryStore)).toBeNull()
  })

  it.each(faults)('turns red in %s for one that %s', async (group, _, differ) => {
    const faulty = (): TaskStore => {
      const sound = memoryStore()
      return { ...sound, ...differ(sound) }
    }
    expect(await firstRed(groupOf(group), faulty)).not.toBeNull()
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testTaskStore, type StoreSubject } from '../../src/testing/index.js'
import { SUITE } from '../../src/testing/task-store-suite/cases.js'
import { runCase, settingsOf } from '../../src/testing/task-store-suite.js'
import { sharedLog, spoilLog, type SharedFault } from '../stores/conformance/shared-log.js'

const module = new URL('../stores/conformance/shared-log.ts', import.meta.url)

function subject(fault?: SharedFault): StoreSubject {
  const folder = mkdtempSync(join(tmpdir(), 'shared-log-'))
  const path = join(folder, 'tasks.log')
  const open = () => sharedLog(path, fault)
  return {
    ...{ store: open(), reopen: open, noticesDeath: true },
    child: { module, args: { path, fault }, execArgv: ['--import', 'tsx'] },
    spoil: (row) => spoilLog(path, row),
    dispose: () => rmSync(folder, { recursive: true }),
  }
}

testTaskStore('a store that has everything', () => subject())

const FAULTS: readonly [fault: SharedFault, caseName: string][] = [
  ['guards by a read before the write', 'open an empty place at once, and let one of a hundred racing outcomes win'],
  ['misses what others wrote at once', 'write what a reader follows, who misses nothing and is never sent back'],
  ['gives a history of before', 'never show a reader a status without its step, nor one outcome as another'],
  ['never calls back', 'call back whoever watches'],
  ['believes in the dead', 'are dead as soon as they are gone, however long their time is'],
  ['begins anew when it is opened', 'has everything again for whoever opens the place next'],
  ['works on when it is closed', 'refuses to write by a TaskStoreError, once it is closed'],
  ['fails on what it cannot read', 'reads a record back that has become no JSON, and the rest whole'],
]

describe('the suite, where it needs more than one opener', () => {
  it.each(FAULTS)(
    'turns red for a store that %s',
    async (fault, caseName) => {
      const found = SUITE.flatMap(({ cases }) => cases).find(({ name }) => name === caseName)!
      const run = (of?: SharedFault) =>
        runCase(found, subject(of), { ...settingsOf({}), patienceMs: of ? 2_000 : 30_000 })
      await expect(run(fault)).rejects.toThrow()
    },
    60_000,
  )
})

import { changeCases } from './changes.js'
import { commitCases } from './commits.js'
import { failureCases } from './failures.js'
import { guardCases } from './guards.js'
import { instanceCases } from './instances.js'
import { largeCases } from './large.js'
import { listCases } from './lists.js'
import { modelCases } from './model.js'
import { openingCases } from './opening.js'
import { pruneCases } from './pruning.js'
import { raceCases } from './races.js'
import { spoiledCases } from './spoiled.js'
import type { SuiteGroup } from './suite-case.js'
import { syncCommitCases } from './sync-commits.js'
import { textCases } from './text-search.js'
import { valueCases } from './values.js'

/** All there is to hold a store against, in the order of the contract. */
export const SUITE: readonly SuiteGroup[] = [
  { name: 'the store', cases: openingCases },
  { name: 'a commit', cases: commitCases },
  { name: 'the guard of a commit', cases: guardCases },
  { name: 'a commit that returns when it is done', cases: syncCommitCases },
  { name: 'a value', cases: valueCases },
  { name: 'a list', cases: listCases },
  { name: 'a search for text', cases: textCases },
  { name: 'errors', cases: failureCases },
  { name: 'changes', cases: changeCases },
  { name: 'prune', cases: pruneCases },
  { name: 'instances', cases: instanceCases },
  { name: 'a store with spoiled rows', cases: spoiledCases },
  { name: 'several processes', cases: raceCases },
  { name: 'random tasks', cases: modelCases },
  { name: 'a large store', cases: largeCases },
]

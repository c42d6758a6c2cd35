import type { TaskStore } from '../../store.js'
import type { StoreSubject } from './subject.js'
import type { Trial } from './trial.js'

/** One test of the suite. It opens what it needs through its trial, which closes and disposes at the end. */
export interface SuiteCase {
  /** A sentence of which the store is the subject. */
  readonly name: string
  readonly needs?: readonly Need[]
  run(trial: Trial): Promise<void>
}

export interface SuiteGroup {
  readonly name: string
  readonly cases: readonly SuiteCase[]
}

/** What not every store can do, or not every subject gives. */
export type Need = keyof typeof REASONS

const REASONS = {
  durable: 'the store is not durable',
  shared: 'the store is not shared',
  push: 'the store does not push',
  has: 'the store has no has()',
  commitSync: 'the store has no commitSync()',
  reopen: 'the subject has no reopen()',
  child: 'the subject has no child',
  spoil: 'the subject has no spoil()',
  noticesDeath: 'the store does not notice the death of a process',
}

/** Why a case cannot be run with this subject; null where it can. */
export function reasonToSkip({ needs = [] }: SuiteCase, subject: StoreSubject): string | null {
  const lacking = needs.find((need) => !hasNeed(need, subject))
  return lacking ? REASONS[lacking] : null
}

function hasNeed(need: Need, subject: StoreSubject): boolean {
  const { store } = subject
  if (need === 'durable' || need === 'shared' || need === 'push') return store.capabilities[need]
  if (need === 'has' || need === 'commitSync') return store[need] !== undefined
  return Boolean(subject[need])
}

export const subjectOf = (made: TaskStore | StoreSubject): StoreSubject => ('store' in made ? made : { store: made })

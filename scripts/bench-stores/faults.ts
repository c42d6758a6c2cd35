import { memoryStore, type CommitAnswer, type TaskChange, type TaskStore } from '../../src/index.js'
import type { ManualClock } from '../../src/testing/index.js'

type Commit = TaskStore['commit']
type Fault = (changes: readonly TaskChange[], commit: Commit, clock: ManualClock) => Promise<CommitAnswer[]>

const systemError = (code: string, message: string): Error => Object.assign(new Error(`${code}: ${message}`), { code })

const later = (clock: ManualClock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(ms, resolve))

/** What a store may do instead of what it should. */
export const FAULTS = {
  throws: () => {
    throw new Error('the driver broke')
  },
  'is full (ENOSPC)': () => Promise.reject(systemError('ENOSPC', 'no space left on device, write')),
  'is read-only (EROFS)': () => Promise.reject(systemError('EROFS', 'read-only file system, write')),
  hangs: () => new Promise(() => undefined),
  'is slow (4 s a batch)': async (changes, commit, clock) => {
    await later(clock, 4_000)
    return commit(changes)
  },
  'writes half of a batch': async (changes, commit) => {
    await commit(changes.slice(0, Math.ceil(changes.length / 2)))
    throw new Error('the server went away')
  },
  'writes, and the answer is lost': async (changes, commit) => {
    await commit(changes)
    throw new Error('the connection was cut')
  },
  'answers junk': () => Promise.resolve(['no'] as unknown as CommitAnswer[]),
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

export interface FaultyStore extends TaskStore {
  /** What `commit` does from now on; null for what it should. */
  fault: FaultName | null
  /** Whether there has been a fault, and no sound commit since. */
  readonly isOut: boolean
  readonly commits: number
  /** The memory behind it. */
  readonly inner: TaskStore
}

/** Memory that counts as durable, so that each change of each task goes to it, with faults. */
export function faultyStore(clock: ManualClock): FaultyStore {
  const inner = memoryStore()
  let commits = 0
  let isOut = false
  const commitInFull: Commit = async (changes) => {
    const answers = await inner.commit(changes)
    isOut = false
    return answers
  }
  const store: FaultyStore = {
    ...inner,
    kind: 'faulty',
    capabilities: { durable: true, shared: false, push: false },
    fault: null,
    inner,
    get commits() {
      return commits
    },
    get isOut() {
      return isOut || store.fault !== null
    },
    commit: (changes) => {
      commits++
      const fault: Fault | null = store.fault && FAULTS[store.fault]
      if (!fault) return commitInFull(changes)
      isOut = true
      return fault(changes, inner.commit.bind(inner), clock)
    },
  }
  return store
}

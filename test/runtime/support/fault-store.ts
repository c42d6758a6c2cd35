import type { TaskRecord } from '../../../src/core/record.js'
import { memoryStore } from '../../../src/stores/memory.js'
import type { CommitAnswer, TaskChange, TaskStore } from '../../../src/store.js'

type Fault = (apply: () => Promise<CommitAnswer[]>, changes: readonly TaskChange[]) => unknown

/** The memory store, with a commit that does what a test wants of it, and a list of what it was asked. */
export interface FaultStore extends TaskStore {
  /** Applied to each commit while set; null for the ordinary course. */
  fault: Fault | null
  /** The same for `open`. */
  openFault: (() => unknown) | null
  readonly commits: (readonly TaskChange[])[]
  /** The other methods called, by name. */
  readonly calls: string[]
  readonly inner: TaskStore
}

export function faultStore({ durable = true } = {}): FaultStore {
  const inner = memoryStore()
  const commits: (readonly TaskChange[])[] = []
  const calls: string[] = []
  const called = <T>(name: string, answer: T): T => {
    calls.push(name)
    return answer
  }
  const store: FaultStore = {
    ...inner,
    ...{ fault: null, openFault: null, commits, calls, inner, kind: 'fault' },
    capabilities: { durable, shared: false, push: false },
    open: () => called('open', (store.openFault ? store.openFault() : inner.open()) as Promise<void>),
    commit: (changes) => {
      const copies = structuredClone(changes) as TaskChange[]
      commits.push(copies)
      const apply = (): Promise<CommitAnswer[]> => inner.commit(copies)
      return (store.fault ? store.fault(apply, copies) : apply()) as Promise<CommitAnswer[]>
    },
    get: (id) => called('get', inner.get(id)),
    list: (query) => called('list', inner.list(query)),
    history: (id) => called('history', inner.history(id)),
    errors: (query) => called('errors', inner.errors(query)),
    counts: () => called('counts', inner.counts()),
    prune: (policy) => called('prune', inner.prune(policy)),
    close: () => called('close', inner.close()),
  }
  return store
}

/** What the store has of each task, as `id status vVersion`. */
export async function stored(store: FaultStore): Promise<string[]> {
  const { items } = await store.inner.list({ order: 'oldest' })
  return items.map(({ id, status, version }: TaskRecord) => `${id} ${status} v${version}`)
}

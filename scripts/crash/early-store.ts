import type { TaskChange, TaskStore } from '../../src/index.js'

const BEHIND_MS = 20

/** A store that says that it has written before it has: what the crash tests are there to find. */
export function earlyStore(store: TaskStore): TaskStore {
  let writing = Promise.resolve()
  const late = async (changes: readonly TaskChange[]): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, BEHIND_MS))
    await store.commit(changes)
  }
  return {
    ...bound(store),
    commit: (changes) => {
      const copies = structuredClone(changes)
      writing = writing.then(() => late(copies))
      return Promise.resolve(changes.map(() => 'applied' as const))
    },
  }
}

/** Its methods as own ones, so that some can be replaced whether or not it is an instance of a class. */
function bound(store: TaskStore): TaskStore {
  const has = store.has?.bind(store)
  const watch = store.watch?.bind(store)
  return {
    kind: store.kind,
    capabilities: store.capabilities,
    open: store.open.bind(store),
    commit: store.commit.bind(store),
    get: store.get.bind(store),
    list: store.list.bind(store),
    history: store.history.bind(store),
    errors: store.errors.bind(store),
    counts: store.counts.bind(store),
    changes: store.changes.bind(store),
    prune: store.prune.bind(store),
    beat: store.beat.bind(store),
    leave: store.leave.bind(store),
    instances: store.instances.bind(store),
    orphans: store.orphans.bind(store),
    close: store.close.bind(store),
    ...(has && { has }),
    ...(watch && { watch }),
  }
}

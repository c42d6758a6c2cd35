import type { ErrorQuery, TaskQuery } from '../core/query.js'
import type { Heartbeat, PrunePolicy, TaskChange, TaskStore } from '../store.js'
import { Roster } from './memory/roster.js'
import { Tables } from './memory/tables.js'

/**
 * Keeps records in this process, and loses them with it. The default store: `get`, `list`, `history` and `errors` answer from
 * the first line of code. How much it keeps is the supervisor's `retention`, by default the last 10,000 finished tasks for
 * 24 hours. Reading gives copies; `list` and `errors` look at all there is.
 *
 * @example
 * ```ts
 * import { memoryStore, TaskSupervisor } from 'taskward'
 *
 * const supervisor = new TaskSupervisor({ store: memoryStore() })
 * ```
 */
export function memoryStore(): TaskStore {
  const tables = new Tables()
  const roster = new Roster(Date.now)
  return {
    kind: 'memory',
    capabilities: { durable: false, shared: false, push: false },
    open: () => Promise.resolve(),
    commit: (changes: readonly TaskChange[]) => Promise.resolve(changes.map((change) => tables.commit(change))),
    get: (id: string) => Promise.resolve(tables.get(id)),
    list: (query: TaskQuery) => answer(() => tables.list(query)),
    history: (id: string) => Promise.resolve(tables.history(id)),
    errors: (query: ErrorQuery) => answer(() => tables.errors(query)),
    counts: () => Promise.resolve(tables.counts()),
    changes: (since: number, limit: number) => Promise.resolve(tables.changes(since, limit)),
    prune: (policy: PrunePolicy) => prune(tables, policy),
    beat: (heartbeat: Heartbeat) =>
      answer(() => {
        roster.beat(heartbeat)
      }),
    leave: (instanceId: string) =>
      answer(() => {
        roster.leave(instanceId)
      }),
    instances: () => Promise.resolve(roster.instances()),
    orphans: (limit: number) =>
      Promise.resolve(tables.unfinished(limit, ({ instanceId }) => !roster.isAlive(instanceId))),
    close: () => Promise.resolve(),
    has: (id: string) => tables.has(id),
  }
}

async function prune(tables: Tables, policy: PrunePolicy): Promise<number> {
  const expired = tables.expired(policy)
  if (expired.length > 0) await policy.archive?.(structuredClone(expired))
  // What has changed since is more than the archive has.
  const going = expired.filter(({ record }) => tables.find(record.id)?.record.version === record.version)
  tables.remove(going.map(({ record }) => record.id))
  return going.length
}

/** A cursor that no list gave is refused by a rejection, as from any store. */
function answer<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(read())
  })
}

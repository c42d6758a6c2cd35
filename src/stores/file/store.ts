import { isTaskwardError, TaskStoreError } from '../../core/errors.js'
import type { ErrorQuery, TaskQuery } from '../../core/query.js'
import type { Tables } from '../memory/tables.js'
import type { Changes, CommitAnswer, Heartbeat, PrunePolicy, TaskChange, TaskStore } from '../../store.js'
import { OpenedStore, type FileStoreSettings } from './opened-store.js'

/** How often it is written down that an instance lives: only for whoever looks at the dead ones after a crash. */
const BEAT_EVERY_MS = 60_000

/** The store with all that tests replace: a disk that fails, small files. */
export function openableStore(settings: FileStoreSettings): TaskStore {
  const { directory } = settings
  const beats = new Map<string, number>()
  let opening: Promise<OpenedStore> | null = null
  let opened: OpenedStore | null = null
  let closing: Promise<void> = Promise.resolve()

  const open = async (): Promise<void> => {
    opening ??= closing.catch(() => undefined).then(() => attempt(directory, 'open', () => OpenedStore.open(settings)))
    try {
      opened = await opening
    } catch (error) {
      opening = null
      throw error
    }
  }
  const close = (): Promise<void> => {
    const last = opening
    opening = opened = null
    beats.clear()
    if (last) {
      closing = last.then(
        (store) => attempt(directory, 'close', () => store.close()),
        () => undefined,
      )
    }
    return closing
  }
  const use = <T>(read: (store: OpenedStore) => T | Promise<T>): Promise<T> =>
    new Promise<T>((resolve) => {
      if (!opened) throw new TaskStoreError('STORE_UNAVAILABLE', `The file store in ${directory} is not open`)
      resolve(read(opened))
    })
  const write = <T>(action: (store: OpenedStore) => Promise<T>): Promise<T> =>
    use((store) => attempt(directory, 'write to', () => action(store)))

  const beat = async (store: OpenedStore, heartbeat: Heartbeat): Promise<void> => {
    const instance = store.roster.beat(heartbeat)
    const { instanceId, lastSeen } = instance
    if (Math.abs(lastSeen - (beats.get(instanceId) ?? -Infinity)) < BEAT_EVERY_MS) return
    await store.submit((batch) => batch.instance({ instanceId, instance }))
    beats.set(instanceId, lastSeen)
  }
  const leave = async (store: OpenedStore, instanceId: string): Promise<void> => {
    store.roster.leave(instanceId)
    await store.submit((batch) => batch.instance({ instanceId, instance: null }))
    beats.delete(instanceId)
  }

  return {
    kind: 'file',
    capabilities: { durable: true, shared: false, push: false },
    open,
    commit: (changes: readonly TaskChange[]): Promise<CommitAnswer[]> =>
      write((store) => store.submit((batch) => changes.map((change) => batch.commit(change)))),
    get: (id: string) => use(({ tables }) => tables.get(id)),
    list: (query: TaskQuery) => use(({ tables }) => tables.list(query)),
    history: (id: string) => use(({ tables }) => tables.history(id)),
    errors: (query: ErrorQuery) => use(({ tables }) => tables.errors(query)),
    counts: () => use(({ tables }) => tables.counts()),
    changes: (since: number, limit: number) => use(({ tables }) => changes(tables, since, limit)),
    prune: (policy: PrunePolicy) => write((store) => store.prune(policy)),
    beat: (heartbeat: Heartbeat) => write((store) => beat(store, heartbeat)),
    leave: (instanceId: string) => write((store) => leave(store, instanceId)),
    instances: () => use(({ roster }) => roster.instances()),
    orphans: (limit: number) =>
      use(({ tables, roster }) => tables.unfinished(limit, ({ instanceId }) => !roster.isAlive(instanceId))),
    close,
    has: (id: string) => opened?.tables.has(id) ?? false,
  }
}

/** Gives others a turn where there is nothing: a reader that asks again at once must not keep the disk from answering. */
async function changes(tables: Tables, since: number, limit: number): Promise<Changes> {
  const found = tables.changes(since, limit)
  if (found.items.length === 0) await new Promise(setImmediate)
  return found
}

/** What the file system throws becomes an error that says what was tried, and where. */
async function attempt<T>(directory: string, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isTaskwardError(error)) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new TaskStoreError('STORE_UNAVAILABLE', `Could not ${what} the directory ${directory}: ${why}`, {
      cause: error,
    })
  }
}

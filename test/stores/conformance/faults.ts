import { encodeCursor } from '../../../src/core/query.js'
import type { TaskErrorRecord, TaskRecord } from '../../../src/core/record.js'
import type { CommitAnswer, TaskChange, TaskStore } from '../../../src/store.js'

/** What a store may do wrong, as what differs from a sound one. */
export type Fault = (sound: TaskStore) => Partial<TaskStore>

const eachRecord = (store: TaskStore, change: (record: TaskRecord) => TaskRecord): Partial<TaskStore> => ({
  get: async (id) => {
    const record = await store.get(id)
    return record && change(record)
  },
  list: async (query) => {
    const { items, nextCursor } = await store.list(query)
    return { items: items.map(change), nextCursor }
  },
})

const eachError = (store: TaskStore, change: (failure: TaskErrorRecord) => TaskErrorRecord): Partial<TaskStore> => ({
  errors: async (query) => {
    const { items, nextCursor } = await store.errors(query)
    return { items: items.map(change), nextCursor }
  },
})

/** Each change by itself through `commit`. */
const eachChange = (
  store: TaskStore,
  commit: (change: TaskChange) => Promise<CommitAnswer | undefined>,
): Partial<TaskStore> => ({
  commit: async (changes) => {
    const answers: CommitAnswer[] = []
    for (const change of changes) answers.push((await commit(change)) ?? (await store.commit([change]))[0]!)
    return answers
  },
})

/** Puts a change in the place of what is there, whatever it is, by pruning what is there. */
async function force(store: TaskStore, change: TaskChange): Promise<CommitAnswer> {
  await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 1_000 })
  await store.commit([{ ...change, expected: 0 }])
  return 'applied'
}

/** By the group of the suite that must see it. */
export const FAULTS: Readonly<Record<string, Readonly<Record<string, Fault>>>> = {
  'the guard of a commit': {
    'answers applied for stale': (store) => ({
      commit: async (changes) =>
        (await store.commit(changes)).map((answer) => (answer === 'stale' ? 'applied' : answer)),
    }),
    'answers stale for terminal': (store) => ({
      commit: async (changes) =>
        (await store.commit(changes)).map((answer) => (answer === 'terminal' ? 'stale' : answer)),
    }),
    'answers applied for missing, and keeps it': (store) =>
      eachChange(store, async (change) => {
        const [answer] = await store.commit([change])
        return answer === 'missing' ? (await store.commit([{ ...change, expected: 0 }]))[0] : answer
      }),
    'leaves a terminal status': (store) =>
      eachChange(store, async (change) => {
        const [answer] = await store.commit([change])
        return answer === 'terminal' ? force(store, change) : answer
      }),
    'says stale to a batch that comes again': (store) =>
      eachChange(store, async ({ record }) => {
        const there = await store.get(record.id)
        return there?.version === record.version && there.instanceId === record.instanceId ? 'stale' : undefined
      }),
    'takes any instance for the same': (store) =>
      eachChange(store, async ({ record }) =>
        (await store.get(record.id))?.version === record.version ? 'applied' : undefined,
      ),
    'lets none change after its end': (store) =>
      eachChange(store, async ({ record }) => {
        const there = await store.get(record.id)
        return there && there.finishedAt !== null && there.version !== record.version ? 'terminal' : undefined
      }),
  },
  'a commit': {
    'answers in another order': (store) => ({ commit: async (changes) => (await store.commit(changes)).reverse() }),
    'refuses the batch of which one is refused': (store) => ({
      commit: async (changes) => {
        const known = await Promise.all(changes.map(async ({ record }) => (await store.get(record.id))?.version ?? 0))
        if (changes.every(({ expected }, index) => expected === known[index])) return store.commit(changes)
        return changes.map(() => 'stale')
      },
    }),
    'forgets the history of a change': (store) => ({
      commit: (changes) => store.commit(changes.map((change) => ({ ...change, transitions: [] }))),
    }),
    'forgets all but the last step': (store) => ({ history: async (id) => (await store.history(id)).slice(-1) }),
    'keeps a history without its task': (store) => {
      const kept = new Map<string, TaskChange['transitions'][number][]>()
      return {
        commit: async (changes) => {
          const answers = await store.commit(changes)
          for (const { record, transitions } of changes)
            kept.set(record.id, [...(kept.get(record.id) ?? []), ...transitions])
          return answers
        },
        history: (id) => Promise.resolve(structuredClone(kept.get(id) ?? [])),
      }
    },
    'forgets errors': (store) => ({
      commit: (changes) => store.commit(changes.map((change) => ({ ...change, errors: change.errors.slice(0, 1) }))),
    }),
    'gives the thing itself': (store) => {
      const given = new Map<string, TaskRecord | undefined>()
      return {
        get: async (id) => {
          const record = await store.get(id)
          const before = given.get(id)
          if (before && before.version === record?.version) return before
          given.set(id, record)
          return record
        },
      }
    },
    miscounts: (store) => ({ counts: async () => ({ ...(await store.counts()), cancelled: 0, running: 0 }) }),
    'has ids that it does not have': () => ({ has: () => true }),
  },
  'a commit that returns when it is done': {
    'writes later, in a turn of its own': (store) => ({
      commitSync: (changes) => {
        setImmediate(() => void store.commit(changes))
        return changes.map(() => 'applied')
      },
    }),
    'answers applied to everything': (store) => ({
      commitSync: (changes) => {
        void store.commit(changes)
        return changes.map(() => 'applied')
      },
    }),
    'writes the record alone': (store) => ({
      commitSync: (changes) => {
        void store.commit(changes.map((change) => ({ ...change, transitions: [], errors: [] })))
        return changes.map(() => 'applied')
      },
    }),
    'writes nothing': () => ({ commitSync: (changes) => changes.map(() => 'applied') }),
  },
  'a value': {
    'sorts a history by time': (store) => ({
      history: async (id) => (await store.history(id)).sort((a, b) => a.at - b.at),
    }),
    'loses NUL': (store) =>
      eachRecord(store, (r) => JSON.parse(JSON.stringify(r).replaceAll('\\u0000', '')) as TaskRecord),
    'loses lone surrogates': (store) =>
      eachRecord(store, (r) => JSON.parse(JSON.stringify(r).replaceAll('\\ud800', '\ufffd')) as TaskRecord),
    'loses what is called __proto__': (store) =>
      eachRecord(store, (r) => ({ ...r, metadata: Object.assign({}, r.metadata) })),
    'cuts long texts': (store) => eachRecord(store, (r) => ({ ...r, input: JSON.stringify(r.input)?.slice(0, 9_000) })),
    'cuts long errors': (store) =>
      eachError(store, (f) => ({ ...f, error: { ...f.error, details: f.error.details && { name: 'Error' } } })),
    'trims ids': (store) => ({ get: (id) => store.get(id.trim()) }),
  },
  'a list': {
    'pages by offset': (store) => ({
      list: async ({ cursor, limit = 100, ...query }) => {
        const from = cursor === undefined ? 0 : Number(cursor.split(':')[0])
        const { items } = await store.list({ ...query, limit: 1_000_000 })
        const isMore = items.length > from + limit
        return { items: items.slice(from, from + limit), nextCursor: isMore ? `${from + limit}:x` : null }
      },
    }),
    'pages by instant alone': (store) => ({
      list: async ({ cursor, ...query }) => {
        const at = Number(cursor?.split(':')[0])
        const id = query.order === 'oldest' ? '\u{10ffff}\u{10ffff}' : ' '
        return store.list({ ...query, cursor: cursor && encodeCursor({ at, id }) })
      },
    }),
    'gives a cursor that is one too far': (store) => ({
      list: async (query) => {
        const page = await store.list({ ...query, limit: (query.limit ?? 100) + 1 })
        return { ...page, items: page.items.slice(0, query.limit ?? 100) }
      },
    }),
    'gives one more than the limit': (store) => ({
      list: (query) => store.list({ ...query, limit: (query.limit ?? 100) + 1 }),
    }),
    'has a default limit of its own': (store) => ({ list: (query) => store.list({ limit: 50, ...query }) }),
    'takes any cursor': (store) => ({
      list: (query) => store.list(query).catch(() => ({ items: [], nextCursor: null })),
    }),
    'knows one order only': (store) => ({ list: (query) => store.list({ ...query, order: 'newest' }) }),
    'orders ids by UTF-16': (store) => ({
      list: async (query) => {
        const { items, nextCursor } = await store.list(query)
        const sign = query.order === 'oldest' ? 1 : -1
        items.sort((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
        return { items, nextCursor }
      },
    }),
    ...Object.fromEntries(
      ['status', 'name', 'lane', 'owner', 'parentId', 'text', 'createdAfter', 'createdBefore'].map(
        (filter): [string, Fault] => [
          `lists without regard to ${filter}`,
          (store) => ({ list: (query) => store.list({ ...query, [filter]: undefined }) }),
        ],
      ),
    ),
  },
  errors: {
    ...Object.fromEntries(
      ['name', 'owner', 'fingerprint', 'code', 'text', 'createdAfter', 'createdBefore', 'limit', 'cursor'].map(
        (filter): [string, Fault] => [
          `gives errors without regard to ${filter}`,
          (store) => ({ errors: (query) => store.errors({ ...query, [filter]: undefined }) }),
        ],
      ),
    ),
  },
  'a search for text': {
    'searches in the case of letters that is there': (store) => ({
      list: async ({ text, ...query }) => {
        const { items, nextCursor } = await store.list(query)
        const isFound = (field?: string | null) => field?.includes(text ?? '')
        return { items: items.filter((r) => [r.name, r.id, r.owner, r.error?.message].some(isFound)), nextCursor }
      },
    }),
    'takes percent for anything': (store) => ({
      list: (query) => store.list({ ...query, text: query.text?.replaceAll('%', '') }),
    }),
    'searches across fields': (store) => ({
      list: (query) => store.list({ ...query, text: query.text?.split('\n')[0] }),
    }),
  },
  changes: {
    'skips a change': (store) => ({ changes: (since, limit) => store.changes(since === 0 ? 0 : since + 1, limit) }),
    'gives changes without a limit': (store) => ({ changes: (since) => store.changes(since, 1_000_000) }),
    'gives the present as a change': (store) => ({
      changes: (since, limit) => store.changes(since === Infinity ? 0 : since, limit),
    }),
    'gives a place back twice': (store) => ({
      changes: async (since, limit) => {
        const { items, next } = await store.changes(since, limit)
        return { items, next: Math.max(0, next - 1) }
      },
    }),
  },
  prune: {
    'prunes by age alone': (store) => ({ prune: (policy) => store.prune({ ...policy, maxTasks: Infinity }) }),
    'prunes by number alone': (store) => ({ prune: (policy) => store.prune({ ...policy, finishedBefore: -Infinity }) }),
    'prunes without a limit': (store) => ({ prune: (policy) => store.prune({ ...policy, limit: Infinity }) }),
    'prunes one that finished at the very instant': (store) => ({
      prune: (policy) => store.prune({ ...policy, finishedBefore: policy.finishedBefore + 1 }),
    }),
    'takes the live for pruning': (store) => ({
      prune: async (policy) => {
        for (const record of (await store.list({ status: ['pending', 'running'] })).items) {
          const ended = { ...record, status: 'cancelled' as const, finishedAt: 0, version: record.version + 1 }
          await store.commit([{ record: ended, expected: record.version, transitions: [], errors: [] }])
        }
        return store.prune(policy)
      },
    }),
    'keeps the errors of what is pruned': (store) => {
      const kept: TaskErrorRecord[] = []
      return {
        prune: (policy) =>
          store.prune({
            ...policy,
            archive: async (tasks) => (kept.push(...tasks.flatMap(({ errors }) => errors)), policy.archive?.(tasks)),
          }),
        errors: async (query) => {
          const { items, nextCursor } = await store.errors(query)
          return { items: [...items, ...kept], nextCursor }
        },
      }
    },
    'does not wait for the archive': (store) => ({
      prune: ({ archive, ...policy }) =>
        store.prune({ ...policy, archive: async (tasks) => void archive?.(tasks).catch(() => undefined) }),
    }),
    'prunes although the archive would not': (store) => ({
      prune: ({ archive, ...policy }) =>
        store.prune({ ...policy, archive: async (tasks) => archive?.(tasks).catch(() => undefined) }),
    }),
    'removes what has changed since it was archived': (store) => ({
      prune: async (policy) => {
        const removed = await store.prune(policy)
        return (
          removed +
          (policy.archive && removed < policy.limit
            ? await store.prune({ ...policy, archive: undefined, limit: 1 })
            : 0)
        )
      },
    }),
    'archives without the history': (store) => ({
      prune: ({ archive, ...policy }) =>
        store.prune({
          ...policy,
          archive: async (tasks) => archive?.(tasks.map((task) => ({ ...task, transitions: [] }))),
        }),
    }),
    'archives where nothing goes': (store) => ({
      prune: async (policy) => {
        await policy.archive?.([])
        return store.prune(policy)
      },
    }),
  },
  instances: {
    'believes every beat for ever': (store) => ({ beat: (heartbeat) => store.beat({ ...heartbeat, ttl: Infinity }) }),
    'starts anew with each beat': (store) => ({
      beat: async (heartbeat) => {
        await store.leave(heartbeat.instanceId)
        await store.beat(heartbeat)
      },
    }),
    'lists the last to start first': (store) => ({ instances: async () => (await store.instances()).reverse() }),
    'lists the living only': (store) => ({
      instances: async () => (await store.instances()).filter(({ isAlive }) => isAlive),
    }),
    'forgets the status of an instance': (store) => ({
      beat: (heartbeat) => store.beat({ ...heartbeat, status: null }),
    }),
    'lists who has left': () => ({ leave: () => Promise.resolve() }),
    'takes the tasks of the living for orphans': (store) => ({
      orphans: async (limit) => (await store.list({ status: ['pending', 'running'], limit, order: 'oldest' })).items,
    }),
    'takes finished tasks for orphans': (store) => ({
      orphans: async (limit) =>
        [...(await store.orphans(limit)), ...(await store.list({ status: 'failed' })).items].slice(0, limit),
    }),
    'gives all orphans': (store) => ({ orphans: () => store.orphans(1_000_000) }),
    'gives the youngest orphan first': (store) => ({
      orphans: async (limit) => (await store.orphans(limit)).reverse(),
    }),
  },
  'the store': {
    'is empty after a second open': (store) => {
      let opened = 0
      return {
        open: async () => {
          opened++
        },
        list: (query) => (opened > 1 ? Promise.resolve({ items: [], nextCursor: null }) : store.list(query)),
      }
    },
    'throws when it is closed twice': () => {
      let closed = 0
      return { close: () => (closed++ === 0 ? Promise.resolve() : Promise.reject(new Error('closed already'))) }
    },
    'says that it pushes': () => ({ capabilities: { durable: false, shared: false, push: true } }),
  },
}

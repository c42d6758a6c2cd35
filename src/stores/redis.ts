import { TaskOptionError, TaskStoreError } from '../core/errors.js'
import { checkOptions, functionRule, objectWith, textRule, type Rule, type Rules } from '../core/option-rules.js'
import type { TaskStore } from '../store.js'
import type { RedisClient } from './redis/client.js'
import { commitBatch } from './redis/commits.js'
import type { Connection } from './redis/any-connection.js'
import { OwnConnection } from './redis/connection.js'
import { GivenConnection } from './redis/given-connection.js'
import { listErrors, listOrphans, listTasks, readChanges } from './redis/lists.js'
import { pruneTasks } from './redis/prune.js'
import { beat, leave, readInstances } from './redis/roster.js'
import { migrate } from './redis/schema.js'
import { readCounts, readHistory, readTask } from './redis/tasks.js'
import { warningsOf } from './redis/warnings.js'
import { Watch } from './redis/watch.js'

export type { RedisClient } from './redis/client.js'

export interface RedisStoreOptions {
  /** Where the server is, as `redis://user:password@host:6379/0` or `rediss://` for TLS. Either this or `client`. */
  url?: string | undefined
  /**
   * A `Redis` or `Cluster` of ioredis, 5 or 6. The store uses it as it is, and neither closes it nor listens to its errors; to
   * hear of changes it makes a second one by `duplicate()`.
   */
  client?: RedisClient | undefined
  /** What all keys begin with. @default 'taskward' */
  prefix?: string | undefined
  /**
   * What decides the slot in a cluster, where the prefix shall not: keys then begin with `prefix:{hashTag}:` instead of
   * `{prefix}:`. All keys of a store are in one slot. @default the prefix
   */
  hashTag?: string | undefined
  /**
   * Is told at the first `open`, once each, that the server would evict records or lose them when it ends.
   *
   * @default process.emitWarning
   */
  onWarning?: ((message: string) => void) | undefined
}

/**
 * Keeps records in Redis 6.2 or later, or in Valkey, where several processes share them. Needs `ioredis`.
 *
 * What Redis has answered is as safe as its configuration makes it: without `appendonly yes` a server that is killed loses what
 * came after its last snapshot, or everything. The page on this store says what each setting promises.
 *
 * @throws TaskOptionError `OPTION_INVALID` unless there is either a `url` or a `client`
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 * import { redisStore } from 'taskward/stores/redis'
 *
 * const supervisor = new TaskSupervisor({ store: redisStore({ url: 'redis://127.0.0.1:6379' }) })
 * ```
 */
export function redisStore(given: RedisStoreOptions): TaskStore {
  const options = checkOptions('redisStore()', given, RULES) as RedisStoreOptions
  const root = rootOf(options)
  const connect = connectorOf(options, root)
  let isWarned = false
  let open: { connection: Connection; watch: Watch; isReady: Promise<void> } | undefined

  const prepare = async (connection: Connection): Promise<void> => {
    await migrate(connection)
    if (isWarned) return
    const warnings = await warningsOf(connection)
    isWarned = true
    for (const warning of warnings) warn(options.onWarning, warning)
  }

  const opened = async (): Promise<void> => {
    if (!open) {
      const connection = connect()
      open = { connection, watch: new Watch(connection, root), isReady: prepare(connection) }
    }
    const current = open
    try {
      await current.isReady
    } catch (error) {
      if (open === current) open = undefined
      await current.connection.close()
      throw error
    }
  }

  const connection = (): Connection => {
    if (open) return open.connection
    throw new TaskStoreError('STORE_UNAVAILABLE', 'The redis store is closed')
  }

  return {
    kind: 'redis',
    capabilities: { durable: true, shared: true, push: true },
    open: opened,
    commit: async (changes) => commitBatch(connection(), changes),
    get: async (id) => readTask(connection(), id),
    list: async (query) => listTasks(connection(), query),
    history: async (id) => readHistory(connection(), id),
    errors: async (query) => listErrors(connection(), query),
    counts: async () => readCounts(connection()),
    changes: async (since, limit) => readChanges(connection(), since, limit),
    prune: async (policy) => pruneTasks(connection(), policy),
    beat: async (heartbeat) => beat(connection(), heartbeat),
    leave: async (instanceId) => leave(connection(), instanceId),
    instances: async () => readInstances(connection()),
    orphans: async (limit) => {
      const living = (await readInstances(connection())).filter(({ isAlive }) => isAlive)
      return listOrphans(
        connection(),
        living.map(({ instanceId }) => instanceId),
        limit,
      )
    },
    close: async () => {
      const closing = open
      open = undefined
      closing?.watch.close()
      await closing?.connection.close()
    },
    watch: (onChange) => {
      connection()
      return open!.watch.add(onChange)
    },
  }
}

const DEFAULT_PREFIX = 'taskward'

const keyRule: Rule = {
  expected: 'a text that is not empty and has no braces',
  accepts: (value) => typeof value === 'string' && value !== '' && !/[{}]/.test(value),
}

const RULES: Rules = {
  // What it says is looked at apart, since a message must not show it.
  url: textRule,
  client: objectWith('connect', 'disconnect', 'call', 'subscribe', 'duplicate', 'on', 'off'),
  prefix: keyRule,
  hashTag: keyRule,
  onWarning: functionRule,
}

/** What all keys begin with, hash tag included. */
function rootOf({ prefix = DEFAULT_PREFIX, hashTag }: RedisStoreOptions): string {
  return hashTag === undefined ? `{${prefix}}:` : `${prefix}:{${hashTag}}:`
}

/** What the caller gave may hold a password: no message shows it. */
function connectorOf({ url, client }: RedisStoreOptions, root: string): () => Connection {
  if ((url === undefined) === (client === undefined)) {
    throw new TaskOptionError(
      'redisStore()',
      `expected either url or client, got ${url === undefined ? 'neither' : 'both'}`,
    )
  }
  if (client) return () => new GivenConnection(client, root)
  if (!/^rediss?:\/\/./.test(url!)) {
    throw new TaskOptionError('redisStore().url', 'expected a text that begins with redis:// or rediss://')
  }
  return () => new OwnConnection(url!, root)
}

function warn(onWarning: RedisStoreOptions['onWarning'], message: string): void {
  if (!onWarning) {
    process.emitWarning(message, 'TaskwardWarning')
    return
  }
  try {
    onWarning(message)
  } catch {
    // Whoever cannot take a warning may still store.
  }
}

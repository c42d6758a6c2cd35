import { randomUUID } from 'node:crypto'
import { booleanRule, checkOptions, limitRule, objectWith, type Rule, type Rules } from '../core/option-rules.js'
import { TaskOptionError, TaskStoreError } from '../core/errors.js'
import type { ErrorQuery, TaskQuery } from '../core/query.js'
import type { Heartbeat, PrunePolicy, TaskChange, TaskStore } from '../store.js'
import { commit } from './postgres/commit.js'
import { openPool, type OwnPool, type PostgresPool } from './postgres/connection.js'
import { Database } from './postgres/database.js'
import { beat, leave, readInstances, readOrphans } from './postgres/instances.js'
import { dialOwn, dialPool, Listener } from './postgres/listener.js'
import { listErrors, listTasks } from './postgres/listing.js'
import { migrate } from './postgres/migrations.js'
import { namesOf } from './postgres/names.js'
import { prune } from './postgres/pruning.js'
import { readChanges, readCounts, readHistory, readTask } from './postgres/reading.js'

export type {
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresPoolClient,
  PostgresPreparedStatement,
} from './postgres/connection.js'

export interface PostgresStoreSettings {
  /** The schema that holds the tables; made where it is missing. 1 to 63 bytes. @default 'taskward' */
  schema?: string | undefined
  /**
   * Where to listen for other processes' changes: true for a connection beside those for statements (one of the pool, where a
   * pool was given); a connection string for another way there, since no notification comes through a pooler that shares
   * connections between transactions, as PgBouncer does; false for nowhere, and then this store announces nothing either.
   * Only while somebody watches, and only a hint: without it other processes' changes are seen when they are looked for.
   *
   * @default true
   */
  listen?: boolean | string | undefined
  /**
   * Whether commits of few changes are prepared under a name, once a connection: planning them takes longer than running them.
   * Behind a pooler that cannot do that it is given up at the first error by itself. False where it is not to be tried, as
   * behind the RDS Proxy, which then keeps a connection for each client.
   *
   * @default true
   */
  prepare?: boolean | undefined
}

export interface PostgresConnectionOptions extends PostgresStoreSettings {
  /** As `pg` takes it: `postgres://user:password@host:5432/database?sslmode=require`. */
  connectionString: string
  pool?: undefined
  /** How many connections the store's own pool may have, the one to listen on not counted. @default 4 */
  max?: number | undefined
}

export interface PostgresPoolOptions extends PostgresStoreSettings {
  /**
   * A `Pool` of `pg` that is used and not ended. With `max: 1` nothing is listened for, since that would take its only
   * connection, unless `listen` says where else.
   */
  pool: PostgresPool & { readonly options?: { readonly max?: number | undefined } | undefined }
  connectionString?: undefined
  max?: undefined
}

export type PostgresStoreOptions = PostgresConnectionOptions | PostgresPoolOptions

const DEFAULT_SCHEMA = 'taskward'
const DEFAULT_MAX = 4

/**
 * Keeps records in Postgres 12 or later, through the package `pg` (8.11 or later), which is loaded on `open`. Several
 * processes may share one schema. What was acknowledged is on the server's disk. Each call ends within 5 seconds, with a
 * `TaskStoreError` where the server does not answer.
 *
 * @throws TaskOptionError `OPTION_INVALID`
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 * import { postgresStore } from 'taskward/stores/postgres'
 *
 * const store = postgresStore({ connectionString: 'postgres://app@localhost/app' })
 * const supervisor = new TaskSupervisor({ store })
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): TaskStore {
  const given = checked(options)
  const { pool, connectionString, schema = DEFAULT_SCHEMA, max = DEFAULT_MAX, listen = true, prepare = true } = given
  const names = namesOf(schema)
  const token = listen === false ? null : randomUUID()
  const database = new Database(prepare)
  const listener = token === null ? null : new Listener(names.channel, token)
  let ownPool: OwnPool | null = null
  let opening: Promise<void> | null = null
  /** Grows with each `open` and `close`: one that waits finds out that another has come after it. */
  let turn = 0

  const open = async (): Promise<void> => {
    const ownTurn = ++turn
    const own = pool ? null : await openPool(connectionString!, max)
    if (ownTurn !== turn) throw closedMeanwhile()
    ownPool = own
    const used = own ?? pool!
    // The server may cut an idle connection at any time. The pool replaces it, and nobody need be asked.
    used.on?.('error', ignore)
    database.open(used)
    try {
      await migrate(database, names)
    } catch (error) {
      if (ownTurn === turn) await close()
      throw error
    }
    if (ownTurn !== turn) throw closedMeanwhile()
    if (typeof listen === 'string') listener?.use(dialOwn(listen))
    else if (!pool) listener?.use(dialOwn(connectionString!))
    else if (pool.options?.max !== 1) listener?.use(dialPool(pool))
  }

  const close = async (): Promise<void> => {
    turn++
    opening = null
    listener?.use(null)
    const ended = ownPool
    ownPool = null
    await database.close()
    pool?.removeListener?.('error', ignore)
    await ended?.end()
  }

  return {
    kind: 'postgres',
    capabilities: { durable: true, shared: true, push: listener !== null },
    open: () => (opening ??= open()),
    commit: (changes: readonly TaskChange[]) => commit(database, names, token, changes),
    get: (id: string) => readTask(database, names, id),
    list: (query: TaskQuery) => listTasks(database, names, query),
    history: (id: string) => readHistory(database, names, id),
    errors: (query: ErrorQuery) => listErrors(database, names, query),
    counts: () => readCounts(database, names),
    changes: (since: number, limit: number) => readChanges(database, names, since, limit),
    prune: (policy: PrunePolicy) => prune(database, names, policy),
    beat: (heartbeat: Heartbeat) => beat(database, names, heartbeat),
    leave: (instanceId: string) => leave(database, names, instanceId),
    instances: () => readInstances(database, names),
    orphans: (limit: number) => readOrphans(database, names, limit),
    close,
    ...(listener && { watch: (onChange: () => void) => listener.watch(onChange) }),
  }
}

const ignore = (): void => undefined

const closedMeanwhile = (): TaskStoreError =>
  new TaskStoreError('STORE_UNAVAILABLE', 'The Postgres store was closed while it was being opened')

const schemaRule: Rule = {
  // Postgres would cut a longer one, and two schemas would become one.
  expected: 'text of 1 to 63 bytes without NUL',
  accepts: (value) =>
    typeof value === 'string' && value !== '' && !value.includes('\0') && Buffer.byteLength(value) <= 63,
}

const connectionRule: Rule = {
  expected: 'a connection string like postgres://user@host/database',
  accepts: (value) => typeof value === 'string' && value !== '',
}

const RULES: Rules = {
  connectionString: connectionRule,
  pool: objectWith('connect'),
  schema: schemaRule,
  max: limitRule,
  listen: {
    expected: 'true, false or a connection string',
    accepts: (value) => typeof value === 'boolean' || connectionRule.accepts(value),
  },
  prepare: booleanRule,
}

interface Given extends PostgresStoreSettings {
  connectionString?: string
  pool?: PostgresPoolOptions['pool']
  max?: number
}

function checked(options: PostgresStoreOptions): Given {
  const given: Given = checkOptions('postgresStore()', options, RULES)
  if ((given.connectionString === undefined) === (given.pool === undefined)) {
    const came = given.pool === undefined ? 'neither' : 'both'
    throw new TaskOptionError('postgresStore()', `expected either connectionString or pool, got ${came}`)
  }
  return given
}

import { TaskStoreError } from '../../core/errors.js'
import type { ErrorQuery, Page, TaskQuery } from '../../core/query.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import { columnText } from '../../core/store-text.js'
import type {
  Changes,
  CommitAnswer,
  Heartbeat,
  Instance,
  PrunePolicy,
  StoreCapabilities,
  TaskChange,
  TaskStore,
} from '../../store.js'
import { commitAll } from './commit.js'
import { Connection } from './connection.js'
import { storeErrorOf } from './faults.js'
import { listErrors, listTasks } from './lists.js'
import { LastPatience, nextTurn, whenFree } from './patience.js'
import { prune } from './prune.js'
import { changesSince, countsOf, hasTask, historyOf, taskOf } from './reads.js'
import { beat, instances, leave, orphans } from './roster.js'
import { migrate } from './schema.js'
import { databaseOf, isInMemory, setUp, tearDown, type Source } from './source.js'
import { inSteps, type Use } from './steps.js'

/** How many changes one transaction takes: it holds up the thread while it is written. */
const COMMIT_STEP = 100

export class SqliteStore implements TaskStore {
  readonly kind = 'sqlite'
  readonly capabilities: StoreCapabilities
  readonly #source: Source
  readonly #patienceMs: number
  readonly #lastPatience: LastPatience
  readonly #name: string
  #connection: Connection | undefined
  #opening: Promise<void> | undefined

  /** @param patienceMs how long another process's write is waited for */
  constructor(source: Source, patienceMs: number) {
    const isLost = isInMemory(source)
    this.capabilities = { durable: !isLost, shared: !isLost, push: false }
    this.#source = source
    this.#patienceMs = patienceMs
    this.#lastPatience = new LastPatience(patienceMs)
    this.#name = 'path' in source ? `The SQLite store ${source.path}` : 'The SQLite store'
  }

  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw storeErrorOf(error, this.#name)
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    const database = databaseOf(this.#source)
    const connection = new Connection(database)
    try {
      await whenFree(() => {
        setUp(this.#source, database)
        migrate(connection)
      }, this.#patienceMs)
    } catch (error) {
      tearDown(this.#source, database)
      throw error
    }
    this.#connection = connection
  }

  commit(changes: readonly TaskChange[]): Promise<CommitAnswer[]> {
    return inSteps(changes, COMMIT_STEP, (step) =>
      this.#use((connection) => connection.transaction(() => commitAll(connection, step))),
    )
  }

  /** Never comes into the middle of a transaction: each begins and ends within one call of the driver's. */
  commitSync(changes: readonly TaskChange[]): CommitAnswer[] {
    try {
      const connection = this.#opened
      return this.#lastPatience.whenFree(() => connection.transaction(() => commitAll(connection, changes)))
    } catch (error) {
      throw storeErrorOf(error, this.#name)
    }
  }

  get(id: string): Promise<TaskRecord | undefined> {
    return this.#use((connection) => taskOf(connection, columnText(id)))
  }

  list(query: TaskQuery): Promise<Page<TaskRecord>> {
    return listTasks(this.#use, query)
  }

  history(id: string): Promise<TaskTransition[]> {
    return this.#use((connection) => historyOf(connection, columnText(id)))
  }

  errors(query: ErrorQuery): Promise<Page<TaskErrorRecord>> {
    return listErrors(this.#use, query)
  }

  counts(): Promise<Record<TaskStatus, number>> {
    return this.#use(countsOf)
  }

  changes(since: number, limit: number): Promise<Changes> {
    return this.#use((connection) => changesSince(connection, since, limit))
  }

  prune(policy: PrunePolicy): Promise<number> {
    return prune(this.#use, policy)
  }

  beat(heartbeat: Heartbeat): Promise<void> {
    return this.#use((connection) => {
      beat(connection, heartbeat, Date.now())
    })
  }

  leave(instanceId: string): Promise<void> {
    return this.#use((connection) => {
      leave(connection, instanceId)
    })
  }

  instances(): Promise<Instance[]> {
    return this.#use((connection) => instances(connection, Date.now()))
  }

  orphans(limit: number): Promise<TaskRecord[]> {
    return this.#use((connection) => orphans(connection, limit, Date.now()))
  }

  has(id: string): boolean {
    return this.#connection ? hasTask(this.#connection, columnText(id)) : false
  }

  async close(): Promise<void> {
    // What is being opened is closed, too; why it could not be opened, its caller has been told.
    await this.#opening?.catch(() => undefined)
    this.#opening = undefined
    const connection = this.#connection
    this.#connection = undefined
    if (connection) tearDown(this.#source, connection.database)
  }

  /**
   * A driver answers within the turn in which it is asked, so a loop of awaited calls would keep all else in the process
   * waiting to its end: each call therefore ends its turn.
   */
  readonly #use: Use = async (work) => {
    try {
      const answer = await whenFree(() => work(this.#opened), this.#patienceMs)
      await nextTurn()
      return answer
    } catch (error) {
      throw storeErrorOf(error, this.#name)
    }
  }

  get #opened(): Connection {
    if (this.#connection) return this.#connection
    throw new TaskStoreError('STORE_UNAVAILABLE', 'it is not open: it has been closed, or open() has not been called')
  }
}

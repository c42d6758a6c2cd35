import type { Clock } from '../clock.js'
import { TaskStoreError } from '../core/errors.js'
import { normalizeError } from '../core/normalize-error.js'
import type { ErrorQuery, Page, TaskQuery } from '../core/query.js'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../core/record.js'
import type {
  Changes,
  CommitAnswer,
  Heartbeat,
  Instance,
  PrunePolicy,
  StoreCapabilities,
  TaskChange,
  TaskStore,
} from '../store.js'
import { whenSettled } from './thenable.js'

/** How long one call of the store may take before it counts as failed. */
export const STORE_LIMIT_MS = 5_000
/** The same for its opening: there may be much to read, or to bring up to date. Other calls wait for it as long as for any. */
export const OPEN_LIMIT_MS = 60_000
/** The same for a prune that has an archive to wait for. */
export const ARCHIVE_LIMIT_MS = 120_000

/** How many supervisors of this process have each store open. */
const users = new WeakMap<TaskStore, number>()

/** The store as the runtime sees it: whatever it throws, rejects with or never answers is one TaskStoreError, in time. */
export class GuardedStore implements TaskStore {
  readonly kind: string
  readonly capabilities: StoreCapabilities
  readonly #store: TaskStore
  readonly #clock: Clock
  readonly #onOpen: (beat: (heartbeat: Heartbeat) => Promise<void>) => Promise<void>
  #opening: Promise<void> | undefined
  #isOpen = false
  #isClosed = false
  /** Whether it is counted among the store's users. */
  #isCounted = false

  /** @param onOpen what comes after the opening and before anything else; given the store's `beat` for it */
  constructor(
    store: TaskStore,
    clock: Clock,
    onOpen: (beat: (heartbeat: Heartbeat) => Promise<void>) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#onOpen = onOpen
    this.kind = store.kind
    this.capabilities = store.capabilities
    this.#store = store
    this.#clock = clock
  }

  /** Opens the store once; after a failure the next call tries again. */
  open(): Promise<void> {
    if (this.#isClosed && this.capabilities.durable) return Promise.reject(this.#error('open', 'came after its close'))
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    await this.#limit('open', () => this.#store.open(), OPEN_LIMIT_MS)
    this.#count(true)
    await this.#onOpen((heartbeat) => this.#limit('beat', () => this.#store.beat(heartbeat)))
    this.#isOpen = true
  }

  commit(changes: readonly TaskChange[]): Promise<CommitAnswer[]> {
    return this.#whenOpen(
      'commit',
      () => this.#store.commit(changes),
      (answers) => areAnswers(answers, changes),
    )
  }

  /** Whether records outlive a process that has no turn left to write them. */
  get commitsSync(): boolean {
    return this.capabilities.durable && !this.#isClosed && typeof this.#store.commitSync === 'function'
  }

  /** The same, at this moment. */
  get canCommitSync(): boolean {
    return this.#isOpen && this.commitsSync
  }

  /** @throws whatever the store throws, and TaskStoreError where its answer makes no sense */
  commitSync(changes: readonly TaskChange[]): CommitAnswer[] {
    const answers: unknown = this.#store.commitSync?.(changes)
    if (holds((given) => areAnswers(given, changes), answers)) return answers as CommitAnswer[]
    throw this.#error('commitSync', 'gave an answer that makes no sense')
  }

  get(id: string): Promise<TaskRecord | undefined> {
    return this.#whenOpen(
      'get',
      () => this.#store.get(id),
      (record) => record === undefined || hasId(record),
    )
  }

  list(query: TaskQuery): Promise<Page<TaskRecord>> {
    return this.#whenOpen('list', () => this.#store.list(query), isPage)
  }

  history(id: string): Promise<TaskTransition[]> {
    return this.#whenOpen('history', () => this.#store.history(id), isList)
  }

  errors(query: ErrorQuery): Promise<Page<TaskErrorRecord>> {
    return this.#whenOpen('errors', () => this.#store.errors(query), isPage)
  }

  counts(): Promise<Record<TaskStatus, number>> {
    return this.#whenOpen('counts', () => this.#store.counts(), isObject)
  }

  prune(policy: PrunePolicy): Promise<number> {
    const limitMs = policy.archive ? ARCHIVE_LIMIT_MS : STORE_LIMIT_MS
    return this.#whenOpen('prune', () => this.#store.prune(policy), Number.isSafeInteger, limitMs)
  }

  changes(since: number, limit: number): Promise<Changes> {
    return this.#whenOpen('changes', () => this.#store.changes(since, limit), isChanges)
  }

  async beat(heartbeat: Heartbeat): Promise<void> {
    await this.#whenOpen('beat', () => this.#store.beat(heartbeat), isAnything)
  }

  async leave(instanceId: string): Promise<void> {
    await this.#whenOpen('leave', () => this.#store.leave(instanceId), isAnything)
  }

  instances(): Promise<Instance[]> {
    return this.#whenOpen('instances', () => this.#store.instances(), isList)
  }

  orphans(limit: number): Promise<TaskRecord[]> {
    return this.#whenOpen(
      'orphans',
      () => this.#store.orphans(limit),
      (records) => Array.isArray(records) && records.every(hasId),
    )
  }

  /** Leaves the store to the others that use it; the last one closes it. Does nothing for a store that has not been opened. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (!this.#opening) return
    this.#count(false)
    if (!users.has(this.#store)) await this.#limit('close', () => this.#store.close())
  }

  #count(isCounted: boolean): void {
    if (this.#isCounted === isCounted) return
    this.#isCounted = isCounted
    const count = (users.get(this.#store) ?? 0) + (isCounted ? 1 : -1)
    if (count > 0) users.set(this.#store, count)
    else users.delete(this.#store)
  }

  /** Whether the store has a task of this id; undefined where it cannot tell at once, and the guard of its commit will. */
  knows(id: string): boolean | undefined {
    const isSilent = this.capabilities.durable && (!this.#isOpen || !this.#store.has)
    if (isSilent) return undefined
    try {
      return (this.#store.has?.(id) as unknown) === true
    } catch {
      return undefined
    }
  }

  async #whenOpen<T>(
    method: string,
    call: () => Promise<T>,
    isSound: (answer: unknown) => boolean,
    limitMs = STORE_LIMIT_MS,
  ): Promise<T> {
    // Also where it is open, so that a clock that leaps gives the call its own time.
    await (this.#isOpen ? undefined : this.#opened())
    const answer = await this.#limit(method, call, limitMs)
    if (holds(isSound, answer)) return answer
    throw this.#error(method, 'gave an answer that makes no sense')
  }

  /** The opening, waited for as long as for any other call. */
  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.setTimer(STORE_LIMIT_MS, () => {
        reject(this.#error('open', noAnswerWithin(STORE_LIMIT_MS)))
      })
      this.open().finally(cancelTimer).then(resolve, reject)
    })
  }

  #error(method: string, what: string, options?: ErrorOptions): TaskStoreError {
    return new TaskStoreError('STORE_UNAVAILABLE', `The ${this.kind} store's ${method}() ${what}`, options)
  }

  #limit<T>(method: string, call: () => Promise<T>, limitMs = STORE_LIMIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (what: string, options?: ErrorOptions): void => {
        cancelTimer()
        reject(this.#error(method, what, options))
      }
      const cancelTimer = this.#clock.setTimer(limitMs, () => {
        fail(noAnswerWithin(limitMs))
      })
      const succeed = (answer: unknown): void => {
        cancelTimer()
        resolve(answer as T)
      }
      const refuse = (reason: unknown): void => {
        fail(`failed: ${normalizeError(reason).message.slice(0, 300)}`, { cause: reason })
      }
      try {
        const answer: unknown = call()
        if (!whenSettled(answer, succeed, refuse)) succeed(answer)
      } catch (thrown) {
        refuse(thrown)
      }
    })
  }
}

const noAnswerWithin = (limitMs: number): string => `gave no answer within ${String(limitMs)} ms`

/** An answer that throws when it is looked at is not sound either. */
function holds(check: (answer: unknown) => boolean, answer: unknown): boolean {
  try {
    return check(answer)
  } catch {
    return false
  }
}

const COMMIT_ANSWERS: readonly unknown[] = ['applied', 'stale', 'terminal', 'missing'] satisfies CommitAnswer[]

const isCommitAnswer = (answer: unknown): boolean => COMMIT_ANSWERS.includes(answer)

const areAnswers = (answers: unknown, changes: readonly TaskChange[]): boolean =>
  Array.isArray(answers) && answers.length === changes.length && answers.every(isCommitAnswer)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isAnything = (): boolean => true

const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isObject)

const isChanges = (value: unknown): boolean =>
  isObject(value) && 'items' in value && isList(value.items) && 'next' in value && typeof value.next === 'number'

const hasId = (value: unknown): boolean => isObject(value) && 'id' in value && typeof value.id === 'string'

function isPage(value: unknown): boolean {
  if (!isObject(value) || !('items' in value) || !('nextCursor' in value)) return false
  const { items, nextCursor } = value
  return Array.isArray(items) && items.every(hasId) && (nextCursor === null || typeof nextCursor === 'string')
}

import type { ErrorQuery, Page, TaskQuery } from './core/query.js'
import type { JsonValue, TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from './core/record.js'

/**
 * Where records live. A store never decides anything about a task: it is told what changed, and guards only that no change is
 * lost, doubled or applied to a task that has moved on. Every method rejects where it could not do what it says; none is
 * called before `open` has resolved. `testTaskStore` of `taskward/testing` holds any implementation against this contract.
 */
export interface TaskStore {
  /** A word for status and logs: 'memory', 'file', 'sqlite', ... */
  readonly kind: string
  readonly capabilities: StoreCapabilities

  /**
   * Makes the store ready, migrations included; a second call does nothing, one after `close` opens it again or rejects. May
   * take a minute; every other call is given up after 5 s.
   */
  open(): Promise<void>
  /**
   * Applies each change whole (record, transitions and errors together) or not at all, and answers for each in the same
   * order. No two of a batch are about the same task. The guard is part of the write, never a read before it. Where it
   * rejects, each change may or may not have been applied: the same batch comes again.
   */
  commit(changes: readonly TaskChange[]): Promise<CommitAnswer[]>

  /** What is read passes `recordFromStored` and its kin (`taskward/store-kit`), so that no bad row fails a read. */
  get(id: string): Promise<TaskRecord | undefined>
  /** The `nextCursor` is `encodeCursor` of where the last item stands, or of where a scan in bounded steps has come to. */
  list(query: TaskQuery): Promise<Page<TaskRecord>>
  /** Oldest first; empty for a task that is not known. */
  history(id: string): Promise<TaskTransition[]>
  /** Newest first; the cursor as in `list`. */
  errors(query: ErrorQuery): Promise<Page<TaskErrorRecord>>
  /** How many records have each status. */
  counts(): Promise<Record<TaskStatus, number>>
  /**
   * The records that have changed after a place in the order of changes, each once, as it is now, in that order. No change
   * that is committed later comes before one that has been given. `since` is 0 for all there is, `Infinity` for only the
   * present place.
   */
  changes(since: number, limit: number): Promise<Changes>

  /**
   * Removes the oldest finished tasks beyond the policy, with history and errors, at most `limit`; never a live one. Gives
   * their number.
   */
  prune(policy: PrunePolicy): Promise<number>

  /** Says that an instance lives, and for how long that is to be believed. Comes before its first commit. */
  beat(heartbeat: Heartbeat): Promise<void>
  /** Takes the instance off the list: it has ended. */
  leave(instanceId: string): Promise<void>
  /** Those that live, and those that have died within a day, in order of `startedAt`. */
  instances(): Promise<Instance[]>
  /** Unfinished tasks whose instance does not live; oldest first. */
  orphans(limit: number): Promise<TaskRecord[]>

  /**
   * Gives back what `open` took. A second call does nothing. What is called afterwards rejects, or reads where that costs
   * nothing; a store that does not outlive the process may go on. A commit under way is applied, or rejects.
   */
  close(): Promise<void>

  /**
   * As `commit`, but all of it before it returns, for a process that ends: what is alive then, and what has ended and is not
   * written yet. May hold up the thread, for a second at most. May come while a commit is under way, also with changes of that
   * very commit, of which some may have been written. Throws where it cannot write; then each change may or may not have been
   * applied. Without it, what the process leaves is found by whoever opens the store next.
   */
  commitSync?(changes: readonly TaskChange[]): CommitAnswer[]
  /** Whether a record with this id is here, where that can be told without waiting. */
  has?(id: string): boolean
  /**
   * Calls back when another process has changed something, and perhaps when it has not: a hint to look at `changes`, which
   * may be lost. Gives what ends it.
   */
  watch?(onChange: () => void): () => void
}

export interface StoreCapabilities {
  /** Survives the process. Only then are tasks written before they have ended. */
  readonly durable: boolean
  /** Other processes can open it at the same time. */
  readonly shared: boolean
  /** Has `watch`. */
  readonly push: boolean
}

export interface TaskChange {
  record: TaskRecord
  /** The version that must be there now; 0 for a task that must not be there yet. */
  expected: number
  /** What led from `expected` to `record.version`, in order. */
  transitions: readonly TaskTransition[]
  /** Failed attempts on that way. */
  errors: readonly TaskErrorRecord[]
}

/**
 * `applied`, also where this very change is there already, which is to say the same version, status, instance and `createdAt`
 * (a commit whose answer was lost);
 * `terminal`: the task has ended otherwise, and a terminal status is never left; `stale`: another version is there;
 * `missing`: none is there, but one was expected.
 */
export type CommitAnswer = 'applied' | 'stale' | 'terminal' | 'missing'

export interface Changes {
  items: { seq: number; record: TaskRecord }[]
  /** Where to go on: the `seq` of the last item, or what there is to start from. */
  next: number
}

export interface PrunePolicy {
  /** Tasks that finished before this instant go; epoch milliseconds. */
  finishedBefore: number
  /** How many finished tasks may stay. */
  maxTasks: number
  /** How many this call may remove. */
  limit: number
  /**
   * Is given, and awaited, what is about to go; where it rejects, nothing goes and `prune` rejects. A task that changes
   * meanwhile stays, and is archived again with what it has become.
   */
  archive?: ((tasks: ArchivedTask[]) => Promise<void>) | undefined
}

/** All there is of one task. */
export interface ArchivedTask {
  record: TaskRecord
  transitions: TaskTransition[]
  errors: TaskErrorRecord[]
}

export interface Heartbeat {
  instanceId: string
  /** The supervisor's name. */
  name: string
  /** Milliseconds for which it counts as alive without another beat, by the store's own clock. */
  ttl: number
  /** What it says of itself; JSON-safe. */
  status: JsonValue
}

export interface Instance {
  instanceId: string
  name: string
  startedAt: number
  lastSeen: number
  /** False once its time is over, or its process is known to be gone. */
  isAlive: boolean
  status: JsonValue
}

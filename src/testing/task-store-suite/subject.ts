import type { TaskStore } from '../../store.js'

/**
 * A store under test, and what else can be had of it. Each test makes one of its own, on a place of its own that nothing has
 * been written to, and disposes of it at its end.
 */
export interface StoreSubject {
  /** Not opened: the test opens it, and closes it. */
  readonly store: TaskStore
  /**
   * Another `TaskStore` object on the same place, not opened: one that opens what another has closed, and, where the store is
   * shared, what another has open.
   */
  reopen?: (() => TaskStore | Promise<TaskStore>) | undefined
  /** The same place from other processes, for races among them. */
  child?: StoreChild | undefined
  /** Writes over what is stored, past the store, which has been closed and will be opened again through `reopen`. */
  spoil?: ((row: SpoiledRow) => void | Promise<void>) | undefined
  /**
   * Whether an instance counts as dead as soon as its process on the same machine is gone, not only when its time is over.
   *
   * @default false
   */
  noticesDeath?: boolean | undefined
  /** Removes the place. Is called once, after every store on it is closed; also where none was ever opened. */
  dispose?: (() => void | Promise<void>) | undefined
}

/** How another process comes to a store on the same place. */
export interface StoreChild {
  /** Path or file URL of an ES module whose default export is `(args) => TaskStore | Promise<TaskStore>`, not opened. */
  readonly module: string | URL
  /** What it is given; JSON-safe. */
  readonly args: unknown
  /** What Node is started with, as `['--import', 'tsx']` for a module in TypeScript. @default none */
  readonly execArgv?: readonly string[] | undefined
}

/**
 * Text to stand where the store keeps the JSON of one of its things; what it keeps beside it (the id, an index) stays as it
 * is. The task is there, with at least one transition and exactly one error record.
 */
export interface SpoiledRow {
  /** Which of its things: the record, the last transition, or the error record. */
  readonly of: 'record' | 'transition' | 'error'
  readonly taskId: string
  /** Perhaps not JSON at all. */
  readonly text: string
}

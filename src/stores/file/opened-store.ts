import type { PrunePolicy } from '../../store.js'
import { Roster } from '../memory/roster.js'
import { Tables } from '../memory/tables.js'
import type { Batch } from './batch.js'
import { closingError, Compaction } from './compaction.js'
import { DirectoryLock } from './directory-lock.js'
import { makeDirectory, type Disk } from './disk.js'
import { readDirectory, type Opened } from './opening.js'
import { quarantine } from './quarantine.js'
import { Replay } from './replay.js'
import { SegmentLog, type FsyncPolicy } from './segment-log.js'
import { Writer } from './writer.js'

export interface FileStoreSettings {
  readonly directory: string
  readonly fsync: FsyncPolicy
  readonly disk: Disk
  readonly segmentBytes: number
  readonly compactionFloorBytes: number
}

interface Contents {
  readonly tables: Tables
  readonly roster: Roster
}

/** A directory that is held: what it says, in memory, and the way of changes into both. */
export class OpenedStore {
  readonly tables: Tables
  readonly roster: Roster
  readonly #settings: FileStoreSettings
  readonly #lock: DirectoryLock
  readonly #log: SegmentLog
  readonly #writer: Writer
  readonly #compaction: Compaction
  #syncTimer: NodeJS.Timeout | null = null
  #isClosed = false
  #pruning: Promise<unknown> = Promise.resolve()

  /** @throws TaskStoreError `STORE_UNAVAILABLE` where somebody else holds the directory, or a newer version has written to it */
  static async open(settings: FileStoreSettings): Promise<OpenedStore> {
    const { disk, directory } = settings
    await makeDirectory(disk, directory)
    const lock = await DirectoryLock.acquire(directory)
    try {
      const contents = { tables: new Tables(), roster: new Roster(Date.now) }
      const replay = new Replay(contents.tables, contents.roster)
      const opened = await readDirectory(disk, directory, replay)
      await quarantine(disk, directory, replay.corrupt)
      const store = new OpenedStore(settings, lock, contents, opened)
      await store.#compaction.considerOpened()
      return store
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private constructor(settings: FileStoreSettings, lock: DirectoryLock, contents: Contents, opened: Opened) {
    const { disk, directory, compactionFloorBytes } = settings
    const { tables, roster } = contents
    this.tables = tables
    this.roster = roster
    this.#settings = settings
    this.#lock = lock
    this.#log = new SegmentLog({ ...settings, seq: () => tables.seq }, opened.sizes, opened.last)
    this.#writer = new Writer(
      tables,
      (bytes) => this.#write(bytes),
      () => this.#written(),
    )
    this.#compaction = new Compaction({
      ...{ ...contents, disk, directory, log: this.#log, floorBytes: compactionFloorBytes, snapshot: opened.snapshot },
      exclusively: (action) => this.#writer.exclusively(action),
    })
  }

  /** Calls back to stage changes when their turn has come; resolves once they are written. */
  async submit<T>(stage: (batch: Batch) => T): Promise<T> {
    // What an earlier answer said is there may not have reached the disk: that comes first.
    while (this.#log.isInDoubt) await this.#compaction.run()
    return this.#writer.submit(stage)
  }

  /** One at a time, so that nothing is archived twice. */
  prune(policy: PrunePolicy): Promise<number> {
    const pruned = this.#pruning.then(() => this.#prune(policy))
    this.#pruning = pruned.catch(() => undefined)
    return pruned
  }

  async #prune(policy: PrunePolicy): Promise<number> {
    const expired = this.tables.expired(policy)
    if (expired.length === 0) return 0
    await policy.archive?.(structuredClone(expired))
    return this.submit((batch) => batch.prune(expired.map(({ record }) => record)))
  }

  async close(): Promise<void> {
    await this.#pruning
    await this.#writer.idle()
    if (this.#syncTimer) clearTimeout(this.#syncTimer)
    try {
      if (this.#log.isInDoubt) await this.#compaction.run()
    } finally {
      await this.#finish().finally(() => this.#lock.release())
    }
  }

  async #finish(): Promise<void> {
    await this.#compaction.abort()
    await this.#writer.exclusively(async () => {
      this.#isClosed = true
      await this.#log.finish()
    })
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#isClosed) throw closingError(this.#settings.directory)
    await this.#lock.verify()
    await this.#log.append(bytes)
  }

  #written(): void {
    this.#compaction.consider()
    const { fsync } = this.#settings
    if (typeof fsync !== 'number' || this.#syncTimer || !this.#log.isUnsynced) return
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = null
      // Where it fails, all there is is written again; where that fails too, the next commit says so, and tries again.
      const isSynced = this.#writer.exclusively(() => this.#log.sync())
      isSynced.catch(() => this.#compaction.run()).catch(() => undefined)
    }, fsync).unref()
  }
}

import { join } from 'node:path'
import { TaskStoreError } from '../../core/errors.js'
import { syncDirectory, type Disk } from './disk.js'
import { segmentName, snapshotName } from './names.js'
import { writeSnapshot, type SnapshotSettings } from './snapshot.js'
import type { Roster } from '../memory/roster.js'
import type { Tables } from '../memory/tables.js'
import type { SegmentLog } from './segment-log.js'

export interface CompactionSettings {
  readonly disk: Disk
  readonly directory: string
  readonly tables: Tables
  readonly roster: Roster
  readonly log: SegmentLog
  /** Nothing is compacted before so many bytes are dead. */
  readonly floorBytes: number
  /** Runs between two writes. */
  readonly exclusively: <T>(action: () => Promise<T>) => Promise<T>
  /** The snapshot that is there, and its length. */
  readonly snapshot: { number: number | undefined; bytes: number }
}

/** Each process that writes begins a segment, and all of them are opened when the next one starts. */
const MOST_SEGMENTS = 64

/**
 * Replaces the segments by a snapshot once they hold more dead bytes than live ones, or are many. Commits go on meanwhile, into
 * a segment behind it. A crash at any point leaves either all of the old or all of the new; what is left over of the other is removed
 * when the store is next opened.
 */
export class Compaction {
  readonly #settings: CompactionSettings
  #running: Promise<void> | null = null
  #isAborted = false
  #snapshot: CompactionSettings['snapshot']
  /** After a failure it waits for more to be gained. */
  #failedAt = { deadBytes: 0, segments: 0 }

  constructor(settings: CompactionSettings) {
    this.#settings = settings
    this.#snapshot = settings.snapshot
  }

  get #deadBytes(): number {
    const { log, tables } = this.#settings
    return this.#snapshot.bytes + log.bytes - tables.bytes
  }

  get #areSegmentsMany(): boolean {
    return this.#settings.log.count > MOST_SEGMENTS + this.#failedAt.segments
  }

  /** Begins one where it is worth it. */
  consider(): void {
    if (this.#running || this.#isAborted) return
    const { floorBytes, tables } = this.#settings
    const dead = this.#deadBytes
    const isMostlyDead = dead >= floorBytes + this.#failedAt.deadBytes && dead > tables.bytes
    if (isMostlyDead || this.#areSegmentsMany) void this.#try()
  }

  /**
   * The same when the store has just been opened, but waits for one over many segments: a process that ends soon after would
   * cut it short, and so would all those that come after it.
   */
  async considerOpened(): Promise<void> {
    if (this.#areSegmentsMany) await this.#try()
    else this.consider()
  }

  /** A failure harms nobody: the segments stay, and a disk that is full or broken says so to the commits. */
  async #try(): Promise<void> {
    const before = { deadBytes: this.#deadBytes, segments: this.#settings.log.count }
    await this.run().catch(() => {
      this.#failedAt = before
    })
  }

  /** Resolves once the segments that are there now have been replaced. One at a time. */
  run(): Promise<void> {
    this.#running ??= this.#compact().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Gives up the one under way; no other begins. */
  async abort(): Promise<void> {
    this.#isAborted = true
    await this.#running?.catch(() => undefined)
  }

  async #compact(): Promise<void> {
    const { disk, directory, tables, roster, log, exclusively } = this.#settings
    if (this.#isAborted) throw closingError(directory)
    const snapshot = await exclusively(async (): Promise<SnapshotSettings> => {
      const number = await log.finish()
      return {
        ...{ disk, directory, number, seq: tables.seq, tasks: [...tables.all()], instances: roster.instances() },
        onTask: (id, bytes) => {
          tables.weigh(id, bytes)
        },
        isAborted: () => this.#isAborted,
      }
    })
    const bytes = await writeSnapshot(snapshot)
    if (bytes === -1) throw closingError(directory)
    const { number } = snapshot
    const gone = log.replaced(number).map(segmentName)
    const before = this.#snapshot.number
    if (before !== undefined && before !== number) gone.push(snapshotName(before))
    this.#snapshot = { number, bytes }
    this.#failedAt = { deadBytes: 0, segments: 0 }
    for (const name of gone) await disk.unlink(join(directory, name))
    await syncDirectory(disk, directory)
  }
}

/** For what comes too late. */
export const closingError = (directory: string): TaskStoreError =>
  new TaskStoreError('STORE_UNAVAILABLE', `The file store in ${directory} is being closed`)

import { join } from 'node:path'
import { syncDirectory, writeAll, type Disk, type DiskFile } from './disk.js'
import { encodeLine, FORMAT } from './line.js'
import { segmentName } from './names.js'

/** When what was written is forced to the disk: before the answer, so many milliseconds later, or when the system likes. */
export type FsyncPolicy = 'commit' | 'never' | number

interface Segment {
  readonly number: number
  readonly file: DiskFile
  /** Where what has been acknowledged ends. */
  end: number
}

export interface SegmentLogSettings {
  readonly disk: Disk
  readonly directory: string
  readonly fsync: FsyncPolicy
  /** A segment that has grown to this many bytes is followed by another. */
  readonly segmentBytes: number
  /** The place in the order of changes. */
  readonly seq: () => number
}

/**
 * The writing end of the segments. One append at a time. Where one fails, the segment ends where it ended before, so that the
 * next may succeed; where that cannot be brought about, or it cannot be known what a failed fsync left on the disk, the
 * segment is given up, and the header of the next says where it ends.
 */
export class SegmentLog {
  readonly #settings: SegmentLogSettings
  readonly #sizes = new Map<number, number>()
  readonly #ends = new Map<number, number>()
  #active: Segment | null = null
  #last: number
  #isUnsynced = false
  /** The last segment that holds something acknowledged which may never reach the disk. */
  #inDoubt = 0

  /** @param sizes of the segments that are there, by number @param last the highest number that was ever used */
  constructor(settings: SegmentLogSettings, sizes: ReadonlyMap<number, number>, last: number) {
    this.#settings = settings
    for (const [number, bytes] of sizes) this.#sizes.set(number, bytes)
    this.#last = last
  }

  get bytes(): number {
    let total = 0
    for (const bytes of this.#sizes.values()) total += bytes
    return total
  }

  /** How many segments there are. */
  get count(): number {
    return this.#sizes.size
  }

  /** Whether something that was acknowledged has yet to be synced. */
  get isUnsynced(): boolean {
    return this.#isUnsynced
  }

  /** Whether something that was acknowledged may never reach the disk, since a sync failed: it has to be written again. */
  get isInDoubt(): boolean {
    return this.#inDoubt > 0
  }

  async append(bytes: Buffer): Promise<void> {
    if (this.#active && this.#active.end >= this.#settings.segmentBytes) await this.finish()
    const segment = (this.#active ??= await this.#begin())
    try {
      await writeAll(segment.file, bytes, segment.end)
    } catch (error) {
      await this.#takeBack(segment)
      throw error
    }
    if (this.#settings.fsync === 'commit') await this.#sync(segment)
    else this.#isUnsynced = true
    segment.end += bytes.length
    this.#sizes.set(segment.number, segment.end)
  }

  /** Forces what has been written to the disk. */
  async sync(): Promise<void> {
    if (!this.#active || !this.#isUnsynced) return
    await this.#sync(this.#active)
    this.#isUnsynced = false
  }

  /** Ends the segment that is being written; gives the number of the last one. */
  async finish(): Promise<number> {
    if (this.#settings.fsync !== 'never') await this.sync()
    const segment = this.#active
    this.#active = null
    await segment?.file.close()
    return this.#last
  }

  /** All that was in the segments up to this number now stands elsewhere, synced; gives those that can go. */
  replaced(last: number): number[] {
    const gone = [...this.#sizes.keys()].filter((number) => number <= last)
    for (const number of gone) {
      this.#sizes.delete(number)
      this.#ends.delete(number)
    }
    if (this.#inDoubt <= last) this.#inDoubt = 0
    return gone
  }

  async #begin(): Promise<Segment> {
    const { disk, directory, seq } = this.#settings
    const number = ++this.#last
    const file = await disk.open(join(directory, segmentName(number)), 'wx+')
    // From here on it is there, whatever becomes of it.
    this.#sizes.set(number, 0)
    try {
      const bytes = encodeLine({
        taskward: 'segment',
        format: FORMAT,
        seq: seq(),
        ends: Object.fromEntries(this.#ends),
      })
      await writeAll(file, bytes, 0)
      await file.sync()
      await syncDirectory(disk, directory)
      return { number, file, end: bytes.length }
    } catch (error) {
      await closeQuietly(file)
      throw error
    }
  }

  async #sync(segment: Segment): Promise<void> {
    try {
      await segment.file.datasync()
    } catch (error) {
      // The system may have dropped what it could not write, and would say that all is well the next time it is asked.
      await this.#giveUp(segment)
      throw error
    }
  }

  async #takeBack(segment: Segment): Promise<void> {
    try {
      await segment.file.truncate(segment.end)
    } catch {
      // What could not be taken back must not be read either.
      await this.#giveUp(segment)
    }
  }

  async #giveUp(segment: Segment): Promise<void> {
    this.#ends.set(segment.number, segment.end)
    this.#active = null
    if (this.#isUnsynced) this.#inDoubt = segment.number
    this.#isUnsynced = false
    await closeQuietly(segment.file)
  }
}

/** After an error that is being told already. */
async function closeQuietly(file: DiskFile): Promise<void> {
  await file.close().catch(() => undefined)
}

import { join } from 'node:path'
import { TaskStoreError } from '../../core/errors.js'
import { syncDirectory, type Disk } from './disk.js'
import { decodeLine, FORMAT, type Header } from './line.js'
import { readNames, segmentName, snapshotName } from './names.js'
import type { Replay } from './replay.js'
import { readFirstLine, readLines } from './segment-reader.js'

export interface Opened {
  /** The bytes of each segment, by number. */
  sizes: Map<number, number>
  snapshot: { number: number | undefined; bytes: number }
  /** The highest number in use. */
  last: number
}

/**
 * Reads all there is: the newest snapshot, then the segments behind it. Cuts what no newline ends, which was never
 * acknowledged, and removes what an interrupted compaction has left.
 */
export async function readDirectory(disk: Disk, directory: string, replay: Replay): Promise<Opened> {
  const listing = readNames(await disk.readdir(directory))
  const snapshot = listing.snapshots.at(-1)
  const current = listing.segments.filter((number) => snapshot === undefined || number > snapshot)
  const ends = await readHeaders(disk, directory, [
    ...(snapshot === undefined ? [] : [snapshotName(snapshot)]),
    ...current.map(segmentName),
  ])

  const last = Math.max(0, snapshot ?? 0, ...listing.segments)
  const opened: Opened = { sizes: new Map(), snapshot: { number: snapshot, bytes: 0 }, last }
  if (snapshot !== undefined) opened.snapshot.bytes = await readFile(disk, directory, snapshotName(snapshot), replay)
  for (const number of current) {
    const end = Object.hasOwn(ends, number) ? ends[number] : undefined
    opened.sizes.set(number, await readFile(disk, directory, segmentName(number), replay, end))
  }
  replay.end()

  const replaced = listing.segments.filter((number) => !current.includes(number)).map(segmentName)
  const outdated = listing.snapshots.slice(0, -1).map(snapshotName)
  for (const name of [...replaced, ...outdated, ...listing.unfinished]) await disk.unlink(join(directory, name))
  await syncDirectory(disk, directory)
  return opened
}

/** Where segments end that were given up. @throws TaskStoreError where a newer version has written here */
async function readHeaders(disk: Disk, directory: string, names: readonly string[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  for (const name of names) {
    const header = decodeLine(await readFirstLine(disk, join(directory, name))) as Partial<Header> | undefined
    if (Number(header?.format) > FORMAT) {
      throw new TaskStoreError(
        'STORE_UNAVAILABLE',
        `${join(directory, name)} has format ${String(header?.format)}, and this version of taskward reads up to ${FORMAT}: update taskward to open it`,
      )
    }
    Object.assign(ends, header?.ends)
  }
  return ends
}

async function readFile(disk: Disk, directory: string, name: string, replay: Replay, limit?: number): Promise<number> {
  const file = await disk.open(join(directory, name), 'r+')
  try {
    const { size } = await file.stat()
    const end = await readLines(file, Math.min(size, limit ?? size), (line, offset) => {
      replay.line(line, name, offset)
    })
    if (end < size) await file.truncate(end)
    // A process that was killed may have left what only the system's memory holds; from here on it is built upon.
    await file.sync()
    return end
  } finally {
    await file.close()
  }
}

import { join } from 'node:path'
import type { Instance } from '../../store.js'
import type { Entry } from '../memory/tables.js'
import { syncDirectory, writeAll, type Disk } from './disk.js'
import { FORMAT } from './line.js'
import { LineBuffer } from './line-buffer.js'
import { snapshotName, unfinishedName } from './names.js'

const CHUNK = 1 << 18

export interface SnapshotSettings {
  readonly disk: Disk
  readonly directory: string
  /** The last of the segments that it replaces. */
  readonly number: number
  readonly seq: number
  readonly tasks: readonly Readonly<Entry>[]
  readonly instances: readonly Instance[]
  /** Is told of each line. */
  readonly onTask: (id: string, bytes: number) => void
  readonly isAborted: () => boolean
}

/**
 * Writes all there is into one file, in pieces, and gives its length; -1 where it was aborted. Tasks may change meanwhile:
 * what they become then is in the segments behind it, too. It counts from the moment in which it has its name.
 */
export async function writeSnapshot(settings: SnapshotSettings): Promise<number> {
  const { disk, directory, number } = settings
  const unfinished = join(directory, unfinishedName(number))
  const file = await disk.open(unfinished, 'w+')
  let written = 0
  try {
    for (const chunk of chunksOf(settings)) {
      if (settings.isAborted()) break
      await writeAll(file, chunk, written)
      written += chunk.length
    }
    await file.sync()
  } catch (error) {
    await file.close().catch(() => undefined)
    // What is left of it is removed when the store is next opened.
    await disk.unlink(unfinished).catch(() => undefined)
    throw error
  }
  await file.close()
  if (settings.isAborted()) {
    await disk.unlink(unfinished)
    return -1
  }
  await disk.rename(unfinished, join(directory, snapshotName(number)))
  await syncDirectory(disk, directory)
  return written
}

/** Each is to be done with before the next is asked for. */
function* chunksOf({ seq, instances, tasks, onTask }: SnapshotSettings): Generator<Buffer> {
  const lines = new LineBuffer()
  lines.add({ taskward: 'snapshot', format: FORMAT, seq, ends: {} })
  for (const { isAlive: _, ...instance } of instances) lines.add({ instanceId: instance.instanceId, instance })
  for (const task of tasks) {
    const { record, transitions, errors } = task
    onTask(record.id, lines.add({ seq: task.seq, record, transitions, errors }))
    if (lines.length < CHUNK) continue
    yield lines.bytes()
    lines.clear()
  }
  if (lines.length > 0) yield lines.bytes()
}

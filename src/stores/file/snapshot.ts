import { join } from 'node:path'
import type { ArchivedTask, Instance } from '../../store.js'
import { syncDirectory, writeAll, type Disk } from './disk.js'
import { encodeLine, FORMAT } from './line.js'
import { snapshotName, unfinishedName } from './names.js'

const CHUNK = 1 << 18

export interface SnapshotSettings {
  readonly disk: Disk
  readonly directory: string
  /** The last of the segments that it replaces. */
  readonly number: number
  readonly seq: number
  readonly tasks: readonly Readonly<ArchivedTask & { seq: number }>[]
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

function* chunksOf({ seq, instances, tasks, onTask }: SnapshotSettings): Generator<Buffer> {
  let lines = [encodeLine({ taskward: 'snapshot', format: FORMAT, seq, ends: {} })]
  let length = 0
  for (const { isAlive: _, ...instance } of instances) {
    lines.push(encodeLine({ instanceId: instance.instanceId, instance }))
  }
  for (const task of tasks) {
    const { record, transitions, errors } = task
    const line = encodeLine({ seq: task.seq, record, transitions, errors })
    onTask(record.id, line.length)
    lines.push(line)
    length += line.length
    if (length < CHUNK) continue
    yield Buffer.from(lines.join(''))
    lines = []
    length = 0
  }
  if (lines.length > 0) yield Buffer.from(lines.join(''))
}

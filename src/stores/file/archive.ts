import { join } from 'node:path'
import { checkOptions } from '../../core/option-rules.js'
import type { ArchivedTask } from '../../store.js'
import { directoryOf, directoryRule } from './directory-option.js'
import { makeDirectory, nodeDisk, syncDirectory, writeAll } from './disk.js'

export interface JsonlArchiveOptions {
  /** Where the files go; made where it is not there. */
  directory: string
}

/**
 * Makes an `archive` for {@link PrunePolicy}: what is about to be deleted is appended to a file a day (`2026-01-31.jsonl`, by
 * UTC), one JSON object a line with `record`, `transitions` and `errors`, and forced to the disk before it resolves. A task
 * may stand in it twice, where a deletion failed after it. Works with any store.
 *
 * @throws TaskOptionError `OPTION_INVALID`
 */
export function jsonlArchive(options: JsonlArchiveOptions): (tasks: ArchivedTask[]) => Promise<void> {
  const path = directoryOf('jsonlArchive()', checkOptions('jsonlArchive()', options, { directory: directoryRule }))
  let last: Promise<void> = Promise.resolve()
  return (tasks) => {
    const written = last.then(() => append(path, tasks))
    last = written.catch(() => undefined)
    return written
  }
}

async function append(directory: string, tasks: readonly ArchivedTask[]): Promise<void> {
  await makeDirectory(nodeDisk, directory)
  const lines = tasks.map(({ record, transitions, errors }) => `${JSON.stringify({ record, transitions, errors })}\n`)
  const file = await nodeDisk.open(join(directory, `${new Date().toISOString().slice(0, 10)}.jsonl`), 'a+')
  try {
    const { size } = await file.stat()
    const lastByte = Buffer.from('\n')
    if (size > 0) await file.read(lastByte, 0, 1, size - 1)
    // A line that was cut short must not swallow the first of these.
    const start = lastByte.toString() === '\n' ? '' : '\n'
    await writeAll(file, Buffer.from(start + lines.join('')), size)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(nodeDisk, directory)
}

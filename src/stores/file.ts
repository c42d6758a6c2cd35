import { checkOptions, type Rule } from '../core/option-rules.js'
import type { TaskStore } from '../store.js'
import { directoryOf, directoryRule } from './file/directory-option.js'
import { nodeDisk } from './file/disk.js'
import { openableStore } from './file/store.js'

export { jsonlArchive, type JsonlArchiveOptions } from './file/archive.js'

export interface FileStoreOptions {
  /** Where the records live: a directory of this store's own, made where it is not there. */
  directory: string
  /**
   * What survives a loss of power. `'commit'`: all that was acknowledged, since each write is forced to the disk before it is
   * (`fdatasync`). A number: all but the last so many milliseconds. `'never'`: what the system has written by then. What
   * survives the end of the process, also by `kill -9`, is all that was acknowledged with any of them.
   *
   * @default 'commit'
   */
  fsync?: 'commit' | 'never' | number | undefined
}

const SEGMENT_BYTES = 64 << 20
const COMPACTION_FLOOR_BYTES = 8 << 20

const fsyncRule: Rule = {
  expected: "'commit', 'never', or whole milliseconds from 1 to 2147483647",
  accepts: (value) =>
    value === 'commit' ||
    value === 'never' ||
    (Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31),
}

/**
 * Keeps records in a directory of append-only files, for one process at a time. It needs no dependency and no server. All
 * records are held in memory too, from which reads are served; opening reads all there is. What that costs, what is promised
 * and how the files look is in `docs/stores/file.md`.
 *
 * Opening rejects with a `TaskStoreError` (`STORE_UNAVAILABLE`) while another process, or another store in this one, holds the
 * directory. A line that has been damaged fails nothing: its task reads back with the error code `STORE_CORRUPT`.
 *
 * @throws TaskOptionError `OPTION_INVALID` for an option that is unknown or not as described
 *
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 * import { fileStore } from 'taskward/stores/file'
 *
 * const supervisor = new TaskSupervisor({ store: fileStore({ directory: './tasks' }) })
 * ```
 */
export function fileStore(options: FileStoreOptions): TaskStore {
  const checked = checkOptions('fileStore()', options, { directory: directoryRule, fsync: fsyncRule })
  const { fsync = 'commit' } = checked as Pick<FileStoreOptions, 'fsync'>
  return openableStore({
    directory: directoryOf('fileStore()', checked),
    fsync,
    disk: nodeDisk,
    segmentBytes: SEGMENT_BYTES,
    compactionFloorBytes: COMPACTION_FLOOR_BYTES,
  })
}

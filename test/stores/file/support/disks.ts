import { basename } from 'node:path'
import { nodeDisk, type Disk, type DiskFile } from '../../../../src/stores/file/disk.js'
import { openableStore } from '../../../../src/stores/file/store.js'
import type { FileStoreSettings } from '../../../../src/stores/file/opened-store.js'
import type { TaskStore } from '../../../../src/store.js'

export interface Operation {
  name: 'open' | 'write' | 'truncate' | 'datasync' | 'sync' | 'rename' | 'unlink'
  /** Of the file, without its directory. */
  file: string
}

/** Runs before each operation that changes the disk; where it throws, the operation fails, a write after its first half. */
export type Hook = (operation: Operation) => void

/** The real disk, with a hook before all that changes it, and one behind what has succeeded in a file. */
export function hookedDisk(hook: Hook, done: Hook = () => undefined): Disk {
  const wrap = (file: DiskFile, path: string): DiskFile => {
    const before = (name: Operation['name']): void => hook({ name, file: basename(path) })
    const guard = async <T>(name: Operation['name'], action: () => Promise<T>): Promise<T> => {
      before(name)
      const answer = await action()
      done({ name, file: basename(path) })
      return answer
    }
    return {
      read: (...args) => file.read(...args),
      stat: () => file.stat(),
      close: () => file.close(),
      write: async (buffer, offset, length, position) => {
        try {
          before('write')
        } catch (error) {
          await file.write(buffer, offset, Math.floor(length / 2), position)
          throw error
        }
        const written = await file.write(buffer, offset, length, position)
        done({ name: 'write', file: basename(path) })
        return written
      },
      truncate: (length) => guard('truncate', () => file.truncate(length)),
      datasync: () => guard('datasync', () => file.datasync()),
      sync: () => guard('sync', () => file.sync()),
    }
  }
  return {
    ...nodeDisk,
    open: async (path, flags) => {
      if (flags !== 'r') hook({ name: 'open', file: basename(path) })
      return wrap(await nodeDisk.open(path, flags), path)
    },
    rename: async (from, to) => {
      hook({ name: 'rename', file: basename(to) })
      await nodeDisk.rename(from, to)
    },
    unlink: async (path) => {
      hook({ name: 'unlink', file: basename(path) })
      await nodeDisk.unlink(path)
    },
  }
}

export const failure = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })

/** A store on a real directory, small enough that what takes megabytes happens at once. */
export const storeIn = (directory: string, own: Partial<FileStoreSettings> = {}): TaskStore =>
  openableStore({
    ...{ directory, fsync: 'commit', disk: nodeDisk, segmentBytes: 1 << 20, compactionFloorBytes: 1 << 30 },
    ...own,
  })

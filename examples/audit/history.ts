import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type TaskStore } from 'taskward'
import { fileStore } from 'taskward/stores/file'

/** Where the records of an audit live. */
export interface History {
  store: TaskStore
  /** What there is to say of it at the start. */
  notice: string | null
}

/** Keeps records in the directory, or, where none is named, in one that goes with the run. */
export async function openHistory(directory: string | null): Promise<History> {
  if (directory === null) {
    const temporary = await mkdtemp(join(tmpdir(), 'taskward-demo-'))
    // Also when a second Ctrl-C ends the run at once.
    process.once('exit', () => {
      rmSync(temporary, { recursive: true, force: true })
    })
    return { store: fileStore({ directory: temporary, fsync: 'never' }), notice: null }
  }
  const store = fileStore({ directory })
  try {
    await store.open()
    const counts = Object.values(await store.counts())
    const earlier = counts.reduce((sum, count) => sum + count, 0)
    return { store, notice: `history: ${earlier} tasks of earlier runs in ${directory}` }
  } catch (error) {
    // An audit is worth more than its history.
    const reason = error instanceof Error ? error.message : String(error)
    return { store: memoryStore(), notice: `history: kept in memory only, since ${reason}` }
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory that is not there yet, in a temporary one. */
export function makePlace(): { directory: string; dispose: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'taskward-file-'))
  return { directory: join(root, 'tasks'), dispose: () => rmSync(root, { recursive: true, force: true }) }
}

/** The same, removed at the end of the test. */
export function directoryOfTest(): string {
  const { directory, dispose } = makePlace()
  onTestFinished(dispose)
  return directory
}

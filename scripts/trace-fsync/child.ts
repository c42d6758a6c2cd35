/** Commits tasks one after another, and in batches, to the directory given; writes each id to fd 1 once it is acknowledged. */
import { writeSync } from 'node:fs'
import { fileStore } from '../../src/stores/file.js'
import type { TaskRecord } from '../../src/core/record.js'

const COMMITS = 30

const store = fileStore({ directory: process.argv[2]!, fsync: process.argv[3] as 'commit' | 'never' })
await store.open()
for (let commit = 0; commit < COMMITS; commit++) {
  const ids = Array.from({ length: commit % 3 ? 1 : 5 }, (_, index) => `traced-${commit}-${index}.`)
  await store.commit(ids.map((id) => ({ record: recordOf(id), expected: 0, transitions: [], errors: [] })))
  for (const id of ids) writeSync(1, `${id}\n`)
}
await store.close()

function recordOf(id: string): TaskRecord {
  return {
    ...{ id, name: 'traced', lane: null, owner: null, parentId: null, scope: null, status: 'pending', attempt: 0 },
    ...{ maxAttempts: 1, priority: 0, createdAt: 1, startedAt: null, finishedAt: null, runAt: null },
    ...{ stoppingSince: null, abandoned: false, progress: null, input: null, result: null, error: null, metadata: {} },
    ...{ after: [], retryOf: null, definitionVersion: null, instanceId: 'traced', version: 1 },
  }
}

/** Measures how long the file store takes to open 100,000 records of three changes each, what they take in memory, and each query. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskRecord } from '../src/core/record.js'
import { fileStore } from '../src/stores/file.js'
import type { TaskChange, TaskStore } from '../src/store.js'

const ROUNDS = 5
const RECORDS = 100_000
const STATUSES = ['pending', 'running', 'failed'] as const
const STACK = Array.from({ length: 6 }, (_, line) => `    at step${line} (/app/src/receipts/send.ts:${line}:7)`).join(
  '\n',
)

const root = mkdtempSync(join(tmpdir(), 'taskward-bench-'))
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
try {
  await measureLarge()
} finally {
  rmSync(root, { recursive: true })
}

async function measureLarge(): Promise<void> {
  const directory = join(root, 'large')
  const store = fileStore({ directory })
  await store.open()
  for (let first = 0; first < RECORDS; first += 1_000) {
    for (const version of [1, 2, 3]) {
      await store.commit(Array.from({ length: 1_000 }, (_, index) => changeOf(`task-${first + index}`, version)))
    }
  }
  await store.close()

  for (const when of ['as it was left', 'again']) {
    const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const again = fileStore({ directory })
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    await again.open()
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    globalThis.gc?.()
    const heap = process.memoryUsage().heapUsed - before
    console.log(
      `open, ${when}: ${Math.round(ms)} ms, ${Math.round((user + system) / 1_000)} ms of CPU, for ${RECORDS} records in ${mb(bytes)} MB; ${mb(heap)} MB of heap`,
    )
    if (when === 'again') await measureQueries(again)
    await again.close()
  }
}

function mb(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0)
}

async function measureQueries(store: TaskStore): Promise<void> {
  const limit = 1_000
  const { nextCursor } = await store.list({ limit: 50_000 })
  const queries: Record<string, () => Promise<unknown>> = {
    'list, newest': () => store.list({ limit }),
    'list, oldest': () => store.list({ limit, order: 'oldest' }),
    'list, from the middle': () => store.list({ limit, cursor: nextCursor! }),
    'list by status': () => store.list({ limit, status: 'failed' }),
    'list by owner': () => store.list({ limit, owner: 'owner-7' }),
    'list by text': () => store.list({ limit, text: 'MESSAGE 77' }),
    'list by text that is nowhere': () => store.list({ limit, text: 'nowhere' }),
    'list by time': () => store.list({ limit, createdAfter: 1_050_000, createdBefore: 1_060_000 }),
    errors: () => store.errors({ limit }),
    'errors by fingerprint': () => store.errors({ limit, fingerprint: 'f7' }),
    'errors by text': () => store.errors({ limit, text: 'message 77' }),
    'history of 1,000': async () => {
      for (let index = 0; index < limit; index++) await store.history(`task-${index * 100}`)
    },
    'changes, from the middle': () => store.changes(RECORDS * 1.5, limit),
    counts: () => store.counts(),
    'prune of 1,000': () => store.prune({ finishedBefore: Infinity, maxTasks: 0, limit }),
  }
  for (const [name, query] of Object.entries(queries)) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      await query()
      times.push(performance.now() - start)
    }
    console.log(`${name}: median ${median(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms`)
  }
}

/** What the recorder would commit of a task that fails: pending, running, failed. */
function changeOf(id: string, version: number): TaskChange {
  const number = Number(/\d+$/.exec(id)![0])
  const status = STATUSES[version - 1]!
  const at = 1_000_000 + number
  const message = `It failed with message ${number % 1_000}`
  const error = version === 3 ? { message, code: 'E_FAILED', details: { name: 'Error', stack: STACK } } : null
  const record: TaskRecord = {
    ...{ id, name: `name-${number % 50}`, lane: null, owner: `owner-${number % 100}`, parentId: null, scope: null },
    ...{ status, attempt: version > 1 ? 1 : 0, maxAttempts: 1, priority: 0, createdAt: at },
    ...{ startedAt: version > 1 ? at + 5 : null, finishedAt: version > 2 ? at + 9 : null, runAt: null },
    ...{ stoppingSince: null, abandoned: false, progress: null, input: null, result: null, error },
    ...{ metadata: { order: number, customer: `customer-${number % 500}` }, after: [], retryOf: null },
    ...{ definitionVersion: null, instanceId: 'instance-1', version },
  }
  const from = STATUSES[version - 2] ?? null
  const transition = {
    taskId: id,
    from,
    to: status,
    at,
    attempt: record.attempt,
    instanceId: 'instance-1',
    reason: null,
  }
  const failure = { id: `e-${id}`, taskId: id, taskName: record.name, owner: record.owner, attempt: 1, at }
  return {
    record,
    expected: version - 1,
    transitions: [{ ...transition, error: null }],
    errors: error ? [{ ...failure, fingerprint: `f${number % 100}`, error }] : [],
  }
}

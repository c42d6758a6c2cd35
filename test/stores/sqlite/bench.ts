/*
 * What the store costs beside its driver doing the same inserts, and what its queries take among 100,000 records.
 * Run with `npx tsx test/stores/sqlite/bench.ts [full|normal]`.
 */
import { statSync } from 'node:fs'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../../src/core/record.js'
import { openDatabase } from '../../../src/stores/sqlite/driver.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'
import { rowOfError, rowOfTask, rowOfTransition } from '../../../src/stores/sql/rows.js'
import type { TaskChange } from '../../../src/store.js'
import { makePlace } from './places.js'

const RECORDS = 100_000
const BATCH = 1_000
const RUNS = 3
const synchronous = process.argv[2] === 'normal' ? 'normal' : 'full'

const idOf = (n: number): string =>
  `01a3f2c4-${String(n).padStart(8, '0').slice(0, 4)}-7${String(n).padStart(8, '0').slice(4, 7)}-8abc-${String(n).padStart(12, '0')}`

function changeOf(n: number): TaskChange {
  const id = idOf(n)
  const status: TaskStatus =
    n % 1_000 === 0 ? 'pending' : n % 500 === 1 ? 'running' : n % 20 === 2 ? 'failed' : 'completed'
  const at = 1_700_000_000_000 + Math.floor(n / 3)
  const error = {
    message: `The mail server said ${n}`,
    code: 'EMAIL',
    details: { stack: 'at send (mail.ts:1:1)\n'.repeat(10) },
  }
  const record: TaskRecord = {
    ...{
      id,
      name: `job-${n % 50}`,
      lane: n % 2 ? 'mail' : null,
      owner: `customer-${n % 1_000}`,
      parentId: n % 10 ? null : idOf(n - (n % 100)),
    },
    ...{ scope: null, status, attempt: 1, maxAttempts: 3, priority: 0, createdAt: at, startedAt: at + 1 },
    ...{
      finishedAt: status === 'pending' || status === 'running' ? null : at + 20,
      runAt: null,
      stoppingSince: null,
      abandoned: false,
    },
    ...{
      progress: null,
      input: { order: n, to: `customer-${n}@example.com` },
      result: { sent: true },
      error: status === 'failed' ? error : null,
    },
    ...{ metadata: { request: `req-${n}`, tenant: 'acme' }, after: [], retryOf: null, definitionVersion: 1 },
    ...{ instanceId: '01a3f2c4-0000-7000-8000-000000000001', version: 3 },
  }
  const step = (from: TaskStatus | null, to: TaskStatus): TaskTransition => ({
    ...{
      taskId: id,
      from,
      to,
      at,
      attempt: 1,
      instanceId: record.instanceId,
      reason: null,
      error: to === 'failed' ? error : null,
    },
  })
  const failure: TaskErrorRecord = {
    ...{
      id: `e${id}`,
      taskId: id,
      taskName: record.name,
      owner: record.owner,
      attempt: 1,
      at,
      fingerprint: `f${n % 200}`,
      error,
    },
  }
  return {
    record,
    expected: 0,
    transitions: [step(null, 'pending'), step('pending', 'running'), step('running', status)],
    errors: status === 'failed' ? [failure] : [],
  }
}

const batches = (): TaskChange[][] =>
  Array.from({ length: RECORDS / BATCH }, (_, b) => Array.from({ length: BATCH }, (_, n) => changeOf(b * BATCH + n)))

const ms = (from: number): number => performance.now() - from
/** Of this process, in milliseconds: on a machine that others use too, steadier than the clock. */
const cpuMs = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000
}
const quantile = (times: number[], q: number): string =>
  times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))]!.toFixed(2)

/** The longest times for which the loop was held up while `work` was going on. */
async function watching(work: () => Promise<unknown>): Promise<number[]> {
  const blocks: number[] = []
  let last = performance.now()
  let isOver = false
  const tick = (): void => {
    const now = performance.now()
    blocks.push(now - last)
    last = now
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  isOver = true
  return blocks
}

async function raw(given: TaskChange[][], path: string): Promise<{ wall: number; cpu: number }> {
  const store = sqliteStore({ path, synchronous })
  await store.open()
  await store.close()
  const database = openDatabase(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(`PRAGMA synchronous = ${synchronous}`)
  const task = database.prepare(`INSERT INTO taskward_tasks
    (id, seq, version, status, name, lane, owner, parent_id, created_at, finished_at, instance_id, search, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const step = database.prepare('INSERT INTO taskward_transitions (task_id, seq, step, body) VALUES (?, ?, ?, ?)')
  const error =
    database.prepare(`INSERT INTO taskward_errors (id, task_id, task_name, owner, code, fingerprint, at, search, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const rows = given.map((batch) =>
    batch.map(({ record, transitions, errors }) => ({
      task: rowOfTask(record),
      transitions: transitions.map(rowOfTransition),
      errors: errors.map(rowOfError),
    })),
  )
  let seq = 0
  const start = performance.now()
  const cpu = process.cpuUsage()
  for (const batch of rows) {
    for (let done = 0; done < batch.length; done += 100) {
      database.exec('BEGIN IMMEDIATE')
      for (const { task: t, transitions, errors } of batch.slice(done, done + 100)) {
        seq++
        task.run(
          t.id,
          seq,
          t.version,
          t.status,
          t.name,
          t.lane,
          t.owner,
          t.parent_id,
          t.created_at,
          t.finished_at,
          t.instance_id,
          t.search,
          t.body,
        )
        transitions.forEach((row, n) => step.run(row.task_id, seq, n, row.body))
        for (const e of errors)
          error.run(e.id, e.task_id, e.task_name, e.owner, e.code, e.fingerprint, e.at, e.search, e.body)
      }
      database.exec('COMMIT')
    }
  }
  const took = { wall: ms(start), cpu: cpuMs(cpu) }
  database.close?.()
  return took
}

const given = batches()
console.log(
  `Node ${process.versions.node}, synchronous = ${synchronous}, body ${JSON.stringify(given[0]![1]!.record).length} bytes`,
)

const ratios: number[] = []
for (let run = 0; run < RUNS; run++) {
  const bare = makePlace()
  const bareTook = await raw(given, bare.path)
  bare.dispose()
  const place = makePlace()
  const store = sqliteStore({ path: place.path, synchronous })
  await store.open()
  const times: number[] = []
  const start = performance.now()
  const cpu = process.cpuUsage()
  const blocks = await watching(async () => {
    for (const batch of given) {
      const begun = performance.now()
      await store.commit(batch)
      times.push(ms(begun))
    }
  })
  const took = { wall: ms(start), cpu: cpuMs(cpu) }
  ratios.push(bareTook.cpu / took.cpu)
  const line = (kind: 'wall' | 'cpu'): string =>
    `${kind}: raw ${(RECORDS / bareTook[kind]).toFixed(1)}, store ${(RECORDS / took[kind]).toFixed(1)} tasks/ms, ratio ${(bareTook[kind] / took[kind]).toFixed(2)}`
  console.log(
    `${line('wall')}; ${line('cpu')}; ` +
      `batch median ${quantile(times, 0.5)} p99 ${quantile(times, 0.99)} ms; loop held p99 ${quantile(blocks, 0.99)} max ${quantile(blocks, 1)} ms`,
  )
  if (run < RUNS - 1) {
    await store.close()
    place.dispose()
    continue
  }
  console.log(`file ${(statSync(place.path).size / 1e6).toFixed(0)} MB`)
  const queries: [string, () => Promise<unknown>][] = [
    ['list, newest', () => store.list({ limit: 1_000 })],
    ['list, oldest', () => store.list({ limit: 1_000, order: 'oldest' })],
    ['status', () => store.list({ limit: 1_000, status: 'failed' })],
    ['status, few', () => store.list({ limit: 1_000, status: ['pending', 'running'] })],
    ['status, terminal', () => store.list({ limit: 1_000, status: ['completed', 'failed', 'cancelled'] })],
    ['status, mixed rare', () => store.list({ limit: 1_000, status: ['running', 'cancelled'] })],
    ['name', () => store.list({ limit: 1_000, name: 'job-7' })],
    ['name and status', () => store.list({ limit: 1_000, name: 'job-7', status: 'completed' })],
    ['lane', () => store.list({ limit: 1_000, lane: 'mail' })],
    ['owner', () => store.list({ limit: 1_000, owner: 'customer-7' })],
    ['parent', () => store.list({ limit: 1_000, parentId: idOf(500) })],
    [
      'created between',
      () => store.list({ limit: 1_000, createdAfter: 1_700_000_010_000, createdBefore: 1_700_000_020_000 }),
    ],
    ['text, found nowhere', () => store.list({ limit: 1_000, text: 'no such text' })],
    ['text, found often', () => store.list({ limit: 1_000, text: 'CUSTOMER-7' })],
    [
      'all filters',
      () =>
        store.list({
          limit: 1_000,
          lane: 'mail',
          status: ['completed', 'failed'],
          text: 'job',
          createdAfter: 0,
          name: 'job-7',
        }),
    ],
    ['errors', () => store.errors({ limit: 1_000 })],
    ['errors, fingerprint', () => store.errors({ limit: 1_000, fingerprint: 'f2' })],
    ['errors, code', () => store.errors({ limit: 1_000, code: 'EMAIL' })],
    ['errors, name', () => store.errors({ limit: 1_000, name: 'job-2' })],
    ['errors, owner', () => store.errors({ limit: 1_000, owner: 'customer-2' })],
    ['errors, text', () => store.errors({ limit: 1_000, text: 'said 77' })],
    ['history of 1,000', () => Promise.all(Array.from({ length: 1_000 }, (_, n) => store.history(idOf(n * 97))))],
    ['get of 1,000', () => Promise.all(Array.from({ length: 1_000 }, (_, n) => store.get(idOf(n * 97))))],
    ['changes', () => store.changes(50_000, 1_000)],
    ['counts', () => store.counts()],
    ['orphans', () => store.orphans(1_000)],
    ['prune of 1,000', () => store.prune({ finishedBefore: 0, maxTasks: 98_000, limit: 1_000 })],
    [
      'commit, 1,000 to version 4',
      () => store.commit(given[99]!.map((c) => ({ ...c, expected: 3, record: { ...c.record, version: 4 } }))),
    ],
  ]
  for (const [name, query] of queries) {
    const once: number[] = []
    let longest = 0
    for (let turn = 0; turn < (name.startsWith('prune') || name.startsWith('commit') ? 1 : 5); turn++) {
      const begun = performance.now()
      const held = await watching(query)
      once.push(ms(begun))
      longest = Math.max(longest, ...held)
    }
    console.log(
      `  ${name.padEnd(28)} median ${quantile(once, 0.5).padStart(6)} ms, max ${quantile(once, 1).padStart(6)}, loop held ${longest.toFixed(1)}`,
    )
  }
  await store.close()
  place.dispose()
}
console.log(`median ratio by cpu ${quantile(ratios, 0.5)}`)

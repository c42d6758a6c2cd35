/*
 * What the store costs beside its driver doing the same writes, what its queries take among 100,000 records, how long a script
 * blocks the server, and how much memory a record takes. On a server of its own.
 * Run with `npx tsx test/stores/redis/bench.ts [everysec|always|no]`.
 */
import { Redis } from 'ioredis'
import type { TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../../src/core/record.js'
import { rowOfError, rowOfTask } from '../../../src/stores/sql/rows.js'
import { redisStore } from '../../../src/stores/redis.js'
import type { TaskChange } from '../../../src/store.js'
import { ownRedis } from '../../support/services/index.js'

const RECORDS = Number(process.env['RECORDS'] ?? 100_000)
const fsync = process.argv[2] ?? 'everysec'

const idOf = (n: number): string => {
  const digits = String(n).padStart(12, '0')
  return `01a3f2c4-${digits.slice(4, 8)}-7${digits.slice(8, 11)}-8abc-${digits}`
}

/** Two of three tasks have no owner's or parent's index to be in; one of twenty has failed. */
function changeOf(n: number): TaskChange {
  const id = idOf(n)
  const ended: TaskStatus = n % 20 === 2 ? 'failed' : 'completed'
  const status: TaskStatus = n % 1_000 === 0 ? 'pending' : n % 500 === 1 ? 'running' : ended
  const isOver = status === 'failed' || status === 'completed'
  const at = 1_700_000_000_000 + Math.floor(n / 3)
  const details = { stack: 'at send (mail.ts:1:1)\n'.repeat(10) }
  const error = status === 'failed' ? { message: `The mail server said ${n}`, code: 'EMAIL', details } : null
  const record: TaskRecord = {
    ...{ id, name: `job-${n % 50}`, lane: n % 2 ? 'mail' : null, owner: `customer-${n % 1_000}` },
    ...{ parentId: n % 10 ? null : idOf(n - (n % 100)), scope: null, status, attempt: 1, maxAttempts: 3, priority: 0 },
    ...{ createdAt: at, startedAt: at + 1, finishedAt: isOver ? at + 20 : null, runAt: null },
    ...{ stoppingSince: null, abandoned: false, progress: null, input: { order: n, to: `customer-${n}@example.com` } },
    ...{ result: { sent: true }, error, metadata: { request: `req-${n}`, tenant: 'acme' }, after: [], retryOf: null },
    ...{ definitionVersion: 1, instanceId: '01a3f2c4-0000-7000-8000-000000000001', version: 3 },
  }
  const step = (from: TaskStatus | null, to: TaskStatus): TaskTransition => {
    const told = { reason: null, error: to === 'failed' ? error : null }
    return { taskId: id, from, to, at, attempt: 1, instanceId: record.instanceId, ...told }
  }
  const failures: TaskErrorRecord[] = error
    ? [
        {
          ...{ id: `e${id}`, taskId: id, taskName: record.name, owner: record.owner, attempt: 1, at },
          ...{ fingerprint: `f${n % 200}`, error },
        },
      ]
    : []
  return {
    record,
    expected: 0,
    transitions: [step(null, 'pending'), step('pending', 'running'), step('running', status)],
    errors: failures,
  }
}

const ms = (from: number): number => performance.now() - from
const quantile = (times: number[], q: number): number =>
  times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))]!

/** The same hash, list and index entries as the store writes, without guard, history of versions or order of changes. */
function rawPipeline(redis: Redis, changes: readonly TaskChange[]): Promise<unknown> {
  const pipeline = redis.pipeline()
  for (const { record, transitions, errors } of changes) {
    const row = rowOfTask(record)
    const held = Object.entries(row).filter(([field, value]) => value !== null && field !== 'id')
    pipeline.hset(`raw:task:${row.id}`, Object.fromEntries(held) as Record<string, string | number>)
    pipeline.rpush(`raw:history:${row.id}`, ...transitions.map((step) => JSON.stringify(step)))
    pipeline.zadd('raw:tasks', row.created_at, row.id)
    for (const field of ['status', 'name', 'lane', 'owner', 'parent_id'] as const) {
      if (row[field] !== null) pipeline.zadd(`raw:tasks:${field}:${row[field]}`, row.created_at, row.id)
    }
    if (row.finished_at !== null) pipeline.zadd('raw:finished', row.finished_at, row.id)
    pipeline.zadd('raw:changed', row.created_at, row.id)
    for (const failure of errors) {
      const error = rowOfError(failure)
      const fields = Object.entries(error).filter(([, value]) => value !== null)
      pipeline.hset(`raw:error:${error.id}`, Object.fromEntries(fields) as Record<string, string | number>)
      pipeline.zadd('raw:errors', error.at, error.id)
      for (const field of ['task_name', 'owner', 'code', 'fingerprint'] as const) {
        if (error[field] !== null) pipeline.zadd(`raw:errors:${field}:${error[field]}`, error.at, error.id)
      }
    }
  }
  return pipeline.exec()
}

async function rateOf(changes: readonly TaskChange[], size: number, write: (part: TaskChange[]) => Promise<unknown>) {
  const begun = performance.now()
  for (let index = 0; index < changes.length; index += size) await write(changes.slice(index, index + size))
  return (changes.length / ms(begun)) * 1_000
}

const server = await ownRedis(
  fsync === 'none'
    ? {}
    : { appendonly: 'yes', appendfsync: fsync, 'slowlog-log-slower-than': '0', 'slowlog-max-len': '100000' },
)
const redis = new Redis(server.url)
const memory = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1])
const store = redisStore({ url: server.url, onWarning: (message) => console.log(message) })
await store.open()

/** What the server has done since the last look, in ms of its processor: the machine may have had other things to do. */
let lastCpu = 0
let lastOwn = process.cpuUsage()
async function blocked(): Promise<string> {
  const entries = (await redis.call('slowlog', ['get', '-1'])) as [number, number, number, string[]][]
  await redis.call('slowlog', ['reset'])
  const took = entries.filter(([, , , [command]]) => /^eval/i.test(command!)).map(([, , micros]) => micros / 1_000)
  const info = await redis.info('cpu')
  const cpuOf = (kind: string) => Number(new RegExp(`used_cpu_${kind}_main_thread:(.*)`).exec(info)![1]) * 1_000
  const cpu = cpuOf('user') + cpuOf('sys')
  const own = process.cpuUsage(lastOwn)
  const said =
    took.length === 0
      ? ''
      : `${took.length} scripts, shortest ${quantile(took, 0).toFixed(2)}, median ${quantile(took, 0.5).toFixed(2)} ms; ` +
        `cpu: server ${(cpu - lastCpu).toFixed(0)}, client ${((own.user + own.system) / 1_000).toFixed(0)} ms`
  lastCpu = cpu
  lastOwn = process.cpuUsage()
  return said
}

try {
  console.log(
    `Node ${process.versions.node}, appendfsync ${fsync}, body ${JSON.stringify(changeOf(1).record).length} bytes`,
  )
  for (const size of process.env['ONLY'] === 'queries' ? [] : [1, 100, 1_000]) {
    const count = size === 1 ? 1_000 : 5_000
    const rounds: [number, number][] = []
    for (let round = 0; round < 7; round++) {
      const changes = Array.from({ length: count }, (_, n) => changeOf(n))
      await redis.flushall()
      await store.close()
      await store.open()
      const mine = await rateOf(changes, size, (part) => store.commit(part))
      await redis.flushall()
      const raw = await rateOf(changes, size, (part) => rawPipeline(redis, part))
      rounds.push([mine, raw])
    }
    rounds.sort((a, b) => a[0] / a[1] - b[0] / b[1])
    const [mine, raw] = rounds[3]!
    console.log(`batch ${size}: store ${mine.toFixed(0)}/s, raw ${raw.toFixed(0)}/s, ratio ${(mine / raw).toFixed(2)}`)
  }

  await redis.flushall()
  await store.close()
  await store.open()
  await blocked()
  const empty = await memory()
  const times: number[] = []
  for (let index = 0; index < RECORDS; index += 1_000) {
    const batch = Array.from({ length: 1_000 }, (_, n) => changeOf(index + n))
    const begun = performance.now()
    await store.commit(batch)
    times.push(ms(begun))
  }
  console.log(
    `fill: batch of 1,000 median ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)} ms; ${await blocked()}`,
  )
  console.log(
    `memory: ${((await memory()) - empty) / RECORDS} bytes a record; hash ${String(await redis.call('memory', ['usage', `{taskward}:task:${idOf(1)}`]))}`,
  )

  const queries: [string, () => Promise<unknown>][] = [
    ['list, newest', () => store.list({ limit: 1_000 })],
    ['list, oldest', () => store.list({ limit: 1_000, order: 'oldest' })],
    [
      'list, from the middle',
      () => store.list({ limit: 1_000, cursor: `${1_700_000_000_000 + Math.floor(RECORDS / 6)}:x` }),
    ],
    ['status', () => store.list({ limit: 1_000, status: 'failed' })],
    ['status, few', () => store.list({ limit: 1_000, status: ['pending', 'running'] })],
    ['status, most', () => store.list({ limit: 1_000, status: ['completed', 'failed', 'cancelled'] })],
    ['name', () => store.list({ limit: 1_000, name: 'job-7' })],
    ['name and status', () => store.list({ limit: 1_000, name: 'job-7', status: 'completed' })],
    ['name and status that never meet', () => store.list({ limit: 1_000, lane: 'mail', status: 'pending' })],
    ['lane and most, never met', () => store.list({ limit: 1_000, lane: 'mail', name: 'job-8' })],
    ['lane', () => store.list({ limit: 1_000, lane: 'mail' })],
    ['owner', () => store.list({ limit: 1_000, owner: 'customer-7' })],
    ['parent', () => store.list({ limit: 1_000, parentId: idOf(500) })],
    [
      'created between',
      () => store.list({ limit: 1_000, createdAfter: 1_700_000_010_000, createdBefore: 1_700_000_020_000 }),
    ],
    ['text, found nowhere', () => store.list({ limit: 1_000, text: 'no such text' })],
    ['text and lane, found nowhere', () => store.list({ limit: 1_000, lane: 'mail', text: 'no such text' })],
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
    ['changes', () => store.changes(1, 1_000)],
    ['counts', () => store.counts()],
    ['orphans', () => store.orphans(1_000)],
  ]
  for (const [name, query] of queries) {
    await blocked()
    const once: number[] = []
    let answer: unknown
    for (let turn = 0; turn < 5; turn++) {
      const begun = performance.now()
      answer = await query()
      once.push(ms(begun))
    }
    const page = answer as { items?: unknown[]; nextCursor?: string | null }
    const found = page.items ? `${page.items.length} items${page.nextCursor === null ? ', the end' : ''}` : ''
    console.log(
      `  ${name.padEnd(32)} median ${quantile(once, 0.5).toFixed(1).padStart(6)} ms, max ${quantile(once, 1).toFixed(1).padStart(6)}  ${found}; ${await blocked()}`,
    )
  }
  for (const archive of [undefined, () => Promise.resolve()]) {
    await blocked()
    const begun = performance.now()
    const count = await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 1_000, archive })
    console.log(`  prune of ${count}${archive ? ', archived' : ''}: ${ms(begun).toFixed(1)} ms; ${await blocked()}`)
  }
  await blocked()
  const begun = performance.now()
  let left = 0
  for (let count = 1; count > 0; left += count)
    count = await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 10_000 })
  console.log(`  prune of the other ${left}: ${ms(begun).toFixed(1)} ms; ${await blocked()}`)
} finally {
  await store.close()
  redis.disconnect()
  await server.stop()
}

import { memoryStore, TaskSupervisor, type TaskStore } from '../../src/index.js'
import { table } from './page.js'
import { median } from './throughput.js'

const ROUNDS = 9
const SPAWNS = 20_000
/** Spawns between two turns of the event loop. */
const BURST = 20

const hangingStore = (): TaskStore => ({
  ...memoryStore(),
  kind: 'hanging',
  capabilities: { durable: true, shared: false, push: false },
  commit: () => new Promise(() => undefined),
})

interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Microseconds that `spawn` takes of its caller's time, task included. */
async function measure(store: TaskStore): Promise<Latency> {
  const supervisor = new TaskSupervisor({ store })
  const work = async (): Promise<void> => Promise.resolve()
  const times: number[] = []
  while (times.length < SPAWNS) {
    for (let index = 0; index < BURST; index++) {
      const start = performance.now()
      supervisor.spawn(work)
      times.push((performance.now() - start) * 1_000)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await supervisor.close({ timeout: 0, grace: 0 })
  times.sort((a, b) => a - b)
  return { p50: times[Math.floor(SPAWNS * 0.5)]!, p99: times[Math.floor(SPAWNS * 0.99)]! }
}

const STORES: Readonly<Record<string, () => TaskStore>> = {
  'memory store': memoryStore,
  'durable store in memory': () => ({
    ...memoryStore(),
    kind: 'durable',
    capabilities: { durable: true, shared: false, push: false },
  }),
  'durable store that hangs': hangingStore,
}

export async function spawnTable(): Promise<string> {
  const rounds = new Map<string, Latency[]>(Object.keys(STORES).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, make] of Object.entries(STORES)) {
      const latency = await measure(make())
      if (round > 0) rounds.get(name)!.push(latency)
    }
  }
  const rows = [...rounds].map(([name, latencies]) => [
    name,
    ...(['p50', 'p99'] as const).map((what) => `${median(latencies.map((latency) => latency[what])).toFixed(1)} µs`),
  ])
  return table(['spawn, with a', 'p50', 'p99'], rows)
}

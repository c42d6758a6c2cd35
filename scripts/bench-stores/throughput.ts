import { newPlace } from '../crash/places.js'
import { makeStore, type StoreConfig, type StoreKind } from '../crash/stores.js'
import { table } from './page.js'
import { rawWriter } from './raw.js'
import { changesFrom } from './records.js'

const ROUNDS = 7
/** How many tasks a round writes, by the size of the batch. */
const TASKS: Readonly<Record<number, number>> = { 1: 300, 100: 5_000, 1_000: 10_000 }

/** The least share of the raw driver's throughput that is good enough. */
const TARGETS: Readonly<Record<StoreKind, number>> = { file: 0.6, sqlite: 0.6, postgres: 0.5, redis: 0.5 }

interface Throughput {
  readonly batch: number
  /** Tasks a second. */
  readonly store: number
  readonly raw: number
  readonly ratio: number
  /** The same by this process's processor time, which others who use the machine change less; a server's is not in it. */
  readonly cpuRatio: number
}

interface Pace {
  readonly perSecond: number
  readonly cpuMs: number
}

/** Batches of each size to the store and by its driver alone, in turns; the medians. */
async function measure(config: StoreConfig): Promise<Throughput[]> {
  const store = await makeStore(config)
  await store.open()
  const raw = await rawWriter(config)
  // Numbers that no run before has used.
  let first = 0
  const pace = async (
    batch: number,
    write: (changes: ReturnType<typeof changesFrom>) => Promise<unknown>,
  ): Promise<Pace> => {
    const tasks = TASKS[batch]!
    const batches = Array.from({ length: tasks / batch }, (_, index) => changesFrom(first + index * batch, batch))
    first += tasks
    const start = performance.now()
    const cpuStart = process.cpuUsage()
    for (const changes of batches) await write(changes)
    const { user, system } = process.cpuUsage(cpuStart)
    return { perSecond: (tasks / (performance.now() - start)) * 1_000, cpuMs: (user + system) / 1_000 }
  }
  const results: Throughput[] = []
  for (const batch of Object.keys(TASKS).map(Number)) {
    const rounds: { mine: Pace; bare: Pace }[] = []
    // The first round of each warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const mine = await pace(batch, (changes) => store.commit(changes))
      const bare = await pace(batch, (changes) => raw.write(changes))
      if (round > 0) rounds.push({ mine, bare })
    }
    results.push({
      batch,
      store: median(rounds.map(({ mine }) => mine.perSecond)),
      raw: median(rounds.map(({ bare }) => bare.perSecond)),
      ratio: median(rounds.map(({ mine, bare }) => mine.perSecond / bare.perSecond)),
      cpuRatio: median(rounds.map(({ mine, bare }) => bare.cpuMs / mine.cpuMs)),
    })
  }
  await raw.close()
  await store.close()
  return results
}

export async function throughputTable(kinds: readonly StoreKind[]): Promise<string> {
  const rows: string[][] = []
  for (const kind of kinds) {
    const place = await newPlace(kind)
    if (typeof place === 'string') {
      console.log(`${kind}: skipped, ${place}`)
      continue
    }
    try {
      for (const { batch, store, raw, ratio, cpuRatio } of await measure(place.config)) {
        const target = TARGETS[kind].toFixed(1)
        rows.push([
          kind,
          String(batch),
          perSecond(store),
          perSecond(raw),
          ratio.toFixed(2),
          cpuRatio.toFixed(2),
          target,
        ])
      }
    } finally {
      await place.clear()
    }
  }
  return table(['store', 'tasks a batch', 'tasks a second', 'raw driver', 'ratio', 'by CPU time', 'target'], rows)
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

const perSecond = (rate: number): string => Math.round(rate).toLocaleString('en')

import type { TaskStore } from '../../src/index.js'
import { newPlace } from '../crash/places.js'
import { makeStore, type StoreConfig, type StoreKind } from '../crash/stores.js'
import { table } from './page.js'
import { changeOf, changesFrom, idOf } from './records.js'
import { median } from './throughput.js'

const RECORDS = 100_000
const BATCH = 1_000
const RUNS = 5
/** One task with a long history: so many steps. */
const STEPS = 1_000

const limit = 1_000
const at = (n: number): number => changeOf(n).record.createdAt

/** The queries that are to take less than 500 ms, for pages of a thousand. */
const QUERIES: Readonly<Record<string, (store: TaskStore) => Promise<unknown>>> = {
  'list, newest': (store) => store.list({ limit }),
  'list, oldest': (store) => store.list({ limit, order: 'oldest' }),
  'list, by status': (store) => store.list({ limit, status: 'failed' }),
  'list, by two statuses': (store) => store.list({ limit, status: ['failed', 'cancelled'] }),
  'list, by name': (store) => store.list({ limit, name: 'job-7' }),
  'list, by lane': (store) => store.list({ limit, lane: 'mail' }),
  'list, by owner': (store) => store.list({ limit, owner: 'customer-7' }),
  'list, by parent': (store) => store.list({ limit, parentId: idOf(500) }),
  'list, by time': (store) => store.list({ limit, createdAfter: at(50_000), createdBefore: at(60_000) }),
  'list, by name and status': (store) => store.list({ limit, name: 'job-2', status: 'failed' }),
  'list, by text found often': (store) => store.list({ limit, text: 'CUSTOMER-7' }),
  'list, by text found nowhere': (store) => store.list({ limit, text: 'no such text' }),
  'list, page 50': async (store) => store.list({ limit, cursor: await deepCursor(store) }),
  'history of 1,000 steps': (store) => store.history(idOf(RECORDS)),
  errors: (store) => store.errors({ limit }),
  'errors, by fingerprint': (store) => store.errors({ limit, fingerprint: 'f2' }),
  'errors, by code': (store) => store.errors({ limit, code: 'E_MAIL' }),
  'errors, by name': (store) => store.errors({ limit, name: 'job-2' }),
  'errors, by owner': (store) => store.errors({ limit, owner: 'customer-2' }),
  'errors, by text': (store) => store.errors({ limit, text: 'refused order 77' }),
}

const cursors = new WeakMap<TaskStore, string>()

/** Where the 50th page begins; found before it is measured. */
async function deepCursor(store: TaskStore): Promise<string> {
  let cursor = cursors.get(store)
  if (cursor !== undefined) return cursor
  for (let page = 1; page < 50; page++) {
    cursor = (await store.list({ limit, ...(cursor !== undefined && { cursor }) })).nextCursor!
  }
  cursors.set(store, cursor!)
  return cursor!
}

/** Milliseconds each query takes: the median of five, and the first, which finds nothing prepared. */
async function measure(config: StoreConfig): Promise<Map<string, number>> {
  const filled = await makeStore(config)
  await filled.open()
  for (let first = 0; first < RECORDS - 1; first += BATCH) {
    await filled.commit(changesFrom(first, Math.min(BATCH, RECORDS - 1 - first)))
  }
  await filled.commit([withLongHistory(changeOf(RECORDS))])
  await filled.close()

  const store = await makeStore(config)
  const times = new Map<string, number>()
  const start = performance.now()
  await store.open()
  times.set('open', performance.now() - start)
  await deepCursor(store)
  for (const [name, query] of Object.entries(QUERIES)) {
    const runs: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const begun = performance.now()
      await query(store)
      runs.push(performance.now() - begun)
    }
    times.set(name, median(runs))
  }
  await store.close()
  return times
}

function withLongHistory(change: ReturnType<typeof changeOf>): ReturnType<typeof changeOf> {
  const step = change.transitions[0]!
  const transitions = Array.from({ length: STEPS }, (_, index) => ({ ...step, attempt: index }))
  return { ...change, transitions }
}

export async function queryTable(kinds: readonly StoreKind[]): Promise<string> {
  const columns = new Map<StoreKind, Map<string, number>>()
  for (const kind of kinds) {
    const place = await newPlace(kind)
    if (typeof place === 'string') continue
    try {
      columns.set(kind, await measure(place.config))
    } finally {
      await place.clear()
    }
  }
  const rows = ['open', ...Object.keys(QUERIES)].map((name) => [
    name,
    ...[...columns.values()].map((times) => times.get(name)!.toFixed(1)),
  ])
  return table(['milliseconds', ...columns.keys()], rows)
}

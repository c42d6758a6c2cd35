import { setImmediate as turn } from 'node:timers/promises'
import type * as taskward from '../../src/index.js'
import type { TaskHandle } from '../../src/index.js'
import { collectGarbage } from './heap.js'
import { median } from './rounds.js'

export interface ScaleJob {
  readonly kind: 'scale'
  /** How many tasks wait. */
  readonly size: number
  readonly built: string
}

const SAMPLES = 100
/** Calls between two looks at the clock; few beside a thousand that wait. */
const BATCH = 20
const RUNNING = 50
const PAGE = 100
const LIST_SAMPLES = 5

/** What is measured, and what it is called in the table: nanoseconds a call. */
export const OPERATIONS = {
  fill: 'spawn, all of them in a row',
  spawn: 'spawn, one more',
  cancel: 'cancel by id, from the middle',
  setPriority: 'setPriority, from the middle',
  status: '`status()`',
  list: `\`list({ limit: ${String(PAGE)} })\``,
  map: 'for comparison: `set` and `delete` of a `Map` with as many strings',
} as const

export type Operation = keyof typeof OPERATIONS
export type ScaleResult = Record<Operation, number>

/** Fifty tasks run for good, and `size` wait behind them. */
export async function measureScale({ size, built }: ScaleJob): Promise<ScaleResult> {
  const { TaskSupervisor } = (await import(built)) as typeof taskward
  const supervisor = new TaskSupervisor({ concurrency: RUNNING, queueLimit: Infinity, timeout: Infinity })
  const hang = new Promise<void>(() => undefined)
  for (let i = 0; i < RUNNING; i++) supervisor.spawn(() => hang)
  await warmUp(new TaskSupervisor({ concurrency: RUNNING, queueLimit: Infinity }))

  const work = (): Promise<void> => hang
  const handles: TaskHandle<void>[] = []
  await collectGarbage()
  const start = performance.now()
  for (let i = 0; i < size; i++) handles.push(supervisor.spawn(work))
  const fill = ((performance.now() - start) * 1e6) / size
  await collectGarbage()

  /** Indices from the middle half, none twice in one batch. */
  const middle = (sample: number): number[] =>
    Array.from({ length: BATCH }, (_, index) => {
      const place = (sample * 7_919 + index * Math.floor(size / 2 / BATCH)) % Math.floor(size / 2)
      return Math.floor(size / 4) + place
    })

  const added: TaskHandle<void>[] = []
  const spawn = await sampled({
    call: () => added.push(supervisor.spawn(work)),
    after: () => {
      for (const handle of added.splice(0)) handle.cancel()
    },
  })
  let places: number[] = []
  let ids: string[] = []
  const cancel = await sampled({
    before: (sample) => {
      places = middle(sample)
      ids = places.map((place) => handles[place]!.id)
    },
    call: (index) => supervisor.cancel(ids[index]!),
    after: () => {
      for (const place of places) handles[place] = supervisor.spawn(work)
    },
  })
  const setPriority = await sampled({
    before: (sample) => (places = middle(sample)),
    call: (index, sample) => handles[places[index]!]!.setPriority((sample + index) % 10),
  })
  const status = await sampled({ call: () => supervisor.status() })
  const lists: number[] = []
  for (let sample = 0; sample < LIST_SAMPLES; sample++) {
    const from = performance.now()
    await supervisor.list({ limit: PAGE })
    lists.push((performance.now() - from) * 1e6)
  }
  return { fill, spawn, cancel, setPriority, status, list: median(lists), map: await mapOf(size) }
}

interface Sampling {
  before?: (sample: number) => unknown
  call: (index: number, sample: number) => unknown
  after?: () => unknown
}

/** The median over batches: one that a collection of garbage has hit says nothing about the call. */
async function sampled({ before, call, after }: Sampling): Promise<number> {
  const times: number[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    before?.(sample)
    const start = performance.now()
    for (let index = 0; index < BATCH; index++) call(index, sample)
    times.push(((performance.now() - start) * 1e6) / BATCH)
    after?.()
    await turn()
  }
  return median(times)
}

/** So that the smallest size is not measured on code that has not been compiled. */
async function warmUp(supervisor: taskward.TaskSupervisor): Promise<void> {
  const wait = new Promise<void>(() => undefined)
  for (let round = 0; round < 5; round++) {
    const handles = Array.from({ length: 2_000 }, () => supervisor.spawn(() => wait))
    for (const [index, handle] of handles.entries()) {
      handle.setPriority(index % 10)
      if (index % 20 === 0) supervisor.status()
      supervisor.cancel(handle.id)
    }
    await turn()
  }
  await supervisor.close({ timeout: 0, grace: 0 })
}

/** The least that anything with a table of ids must pay, caches of the processor included. */
async function mapOf(size: number): Promise<number> {
  const map = new Map(Array.from({ length: size }, (_, index) => [`task-${String(index)}`, { index }]))
  const id = (index: number, sample: number): string => `task-${String((sample * 7_919 + index * 31) % size)}`
  return sampled({
    call: (index, sample) => {
      const key = id(index, sample)
      const value = map.get(key)!
      map.delete(key)
      map.set(key, value)
    },
  })
}

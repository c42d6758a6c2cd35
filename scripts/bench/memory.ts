import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import PQueue from 'p-queue'
import type * as taskward from '../../src/index.js'
import { handled } from './contender.js'
import { heldBytes } from './heap.js'

export interface MemoryJob {
  readonly kind: 'memory'
  readonly holder: Holder
  readonly state: State
  readonly tasks: number
  readonly built: string
}

export type Holder = 'bare promise with a catch' | 'p-queue' | 'taskward'
export type State = 'waiting' | 'running' | 'finished'

type Spawn = (work: () => Promise<void>) => void

/** Bytes a task beyond the caller's closure and the promise that it returns, which are there before. */
export async function measureMemory({ holder, state, tasks, built }: MemoryJob): Promise<number> {
  const { TaskSupervisor } = (await import(built)) as typeof taskward
  const hang = new Promise<void>(() => undefined)
  const concurrency = state === 'waiting' ? 1 : Infinity
  const retention = { maxTasks: Infinity }
  const supervisor = new TaskSupervisor({ concurrency, queueLimit: Infinity, retention })
  const queue = new PQueue({ concurrency })
  const spawn: Spawn = {
    'bare promise with a catch': (work: () => Promise<void>) => void work().catch(handled),
    'p-queue': (work: () => Promise<void>) => void queue.add(work).catch(handled),
    taskward: (work: () => Promise<void>) => void supervisor.spawn(work),
  }[holder]
  for (let i = 0; i < 1_000; i++) spawn(async () => undefined)
  await pause(100)
  // The slot that the others wait for.
  if (state === 'waiting') spawn(() => hang)

  const promises = Array.from({ length: tasks }, () =>
    state === 'finished' ? Promise.resolve() : new Promise<void>(() => undefined),
  )
  const functions = promises.map((promise) => () => promise)
  const before = await heldBytes()
  for (const work of functions) spawn(work)
  // Until what is written at the end of a turn has been written.
  for (let i = 0; i < 10; i++) await turn()
  await pause(200)
  const after = await heldBytes()
  if (functions.length !== promises.length) throw new Error('what the caller holds has to outlive the measurement')
  return (after - before) / tasks
}

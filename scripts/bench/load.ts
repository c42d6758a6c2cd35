import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import type * as taskward from '../../src/index.js'
import type { Contender } from './contender.js'
import { CONTENDERS, type ContenderName } from './contenders.js'
import { collectGarbage } from './heap.js'
import { makeWork, type Work, type WorkName } from './work.js'

export interface LoadJob {
  readonly kind: 'load'
  readonly contender: ContenderName
  /**
   * - `burst`: all at once, from one turn of the event loop;
   * - `awaited`: one after the other, each awaited, so that one runs at a time;
   * - `turns`: ten in each turn of the event loop, which have ended before the next.
   */
  readonly shape: 'burst' | 'awaited' | 'turns'
  readonly work: WorkName
  /** Null for none: JSON has no Infinity. */
  readonly cap: number | null
  readonly tasks: number
  /** The URL of the built package. */
  readonly built: string
}

export interface LoadResult {
  /** From the first start until all have ended and the event loop has gone round. */
  readonly wallNs: number
  /** The processor's time for the same, with what is left to be done later. */
  readonly cpuNs: number
}

const PER_TURN = 10
const WARM_UP = 20_000
const WARM_UPS = 2
/** So long is what a contender does after its tasks have ended counted to it. */
const AFTERMATH_MS = 50

/**
 * One measurement, in a process that does nothing else. A loop of our own, because the usual tools time a function that they
 * repeat in one process: here the unit is a burst of 100,000 that must begin with a clean heap, and ends when all its tasks have.
 */
export async function measureLoad(job: LoadJob): Promise<LoadResult> {
  const work = makeWork(job.work)
  const contender: Contender = CONTENDERS[job.contender]({
    work: work.run,
    cap: job.cap ?? Infinity,
    priorities: randomPriorities(Math.max(job.tasks, WARM_UP)),
    taskward: (await import(job.built)) as typeof taskward,
  })
  // On the same instance: what is measured is a service that has been up for a while, not its first second.
  const warmUp = Math.min(job.tasks, WARM_UP)
  for (let i = 0; i < WARM_UPS; i++) await play(contender, work, job.shape, warmUp)
  await pause(AFTERMATH_MS)
  await collectGarbage()

  const cpuStart = process.cpuUsage()
  const start = performance.now()
  await play(contender, work, job.shape, job.tasks)
  const wallMs = performance.now() - start
  await pause(AFTERMATH_MS)
  const { user, system } = process.cpuUsage(cpuStart)

  await contender.verify?.(job.tasks + WARM_UPS * warmUp, job.work === 'rejects' ? 'failed' : 'completed')
  return { wallNs: (wallMs * 1e6) / job.tasks, cpuNs: ((user + system) * 1e3) / job.tasks }
}

async function play(contender: Contender, work: Work, shape: LoadJob['shape'], tasks: number): Promise<void> {
  const ended = work.ended(tasks)
  if (shape === 'burst') {
    if (contender.burst) void contender.burst(tasks)
    else for (let index = 0; index < tasks; index++) contender.start(index)
  } else if (shape === 'awaited') {
    for (let index = 0; index < tasks; index++) await contender.run(index)
  } else {
    for (let index = 0; index < tasks; index++) {
      contender.start(index)
      if (index % PER_TURN === PER_TURN - 1) await turn()
    }
  }
  await ended
  await contender.idle?.()
  await turn()
}

/** Levels 0 to 9; mulberry32, always from the same seed. */
function randomPriorities(count: number): Uint8Array {
  let state = 6
  return Uint8Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % 10
  })
}

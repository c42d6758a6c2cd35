import { bulkhead, timeout, TimeoutStrategy, wrap } from 'cockatiel'
import { Effect, Semaphore } from 'effect'
import fastq from 'fastq'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { handled, type MakeContender, type Setting } from './contender.js'
import { SUPERVISORS } from './supervisors.js'

/** As long as taskward's default: each contender that takes a timeout has this one, and no task reaches it. */
const TIMEOUT_MS = 30_000

const queue = (setting: Setting, options: { timeout?: number; prioritised?: boolean; signals?: boolean }) => {
  const { work, cap, priorities } = setting
  const queue = new PQueue({ concurrency: cap, ...(options.timeout !== undefined && { timeout: options.timeout }) })
  const add = options.signals
    ? // One for each task, as it takes to cancel that task alone.
      () => queue.add(work, { signal: new AbortController().signal })
    : options.prioritised
      ? (index: number) => queue.add(work, { priority: priorities[index]! })
      : () => queue.add(work)
  return {
    start: (index: number) => void add(index).catch(handled),
    run: (index: number) => add(index).catch(handled),
    idle: () => queue.onIdle(),
  }
}

const PEERS = {
  /** What everything is compared with. It has no cap. */
  'bare promise with a catch': ({ work }) => ({
    start: () => void work().catch(handled),
    run: () => work().catch(handled),
  }),

  'p-limit': ({ work, cap }) => {
    const limit = pLimit(cap)
    return { start: () => void limit(work).catch(handled), run: () => limit(work).catch(handled) }
  },

  fastq: ({ work, cap }) => {
    const queue = fastq.promise<unknown, typeof work, void>((task) => task(), cap)
    return {
      start: () => void queue.push(work).catch(handled),
      run: () => queue.push(work).catch(handled),
      idle: () => queue.drained(),
    }
  },

  'p-queue': (setting) => queue(setting, {}),
  'p-queue with timeout': (setting) => queue(setting, { timeout: TIMEOUT_MS }),
  'p-queue with timeout and signal': (setting) => queue(setting, { timeout: TIMEOUT_MS, signals: true }),
  'p-queue with priorities': (setting) => queue(setting, { prioritised: true }),

  'cockatiel bulkhead with timeout': ({ work, cap }) => {
    const policy = wrap(bulkhead(cap, Infinity), timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive))
    return {
      start: () => void policy.execute(work).catch(handled),
      run: () => policy.execute(work).catch(handled),
    }
  },

  /**
   * A burst goes through the call that its documentation caps concurrency with: behind a semaphore, each release looks at all
   * who wait, so the cost grows with the square of the burst.
   */
  Effect: ({ work, cap }) => {
    const task = Effect.ignore(Effect.tryPromise(() => work()))
    const capped = cap === Infinity ? task : Semaphore.makeUnsafe(cap).withPermits(1)(task)
    const options = { concurrency: cap === Infinity ? 'unbounded' : cap, discard: true } as const
    return {
      start: () => void Effect.runFork(capped),
      run: () => Effect.runPromise(capped),
      burst: (tasks) => Effect.runPromise(Effect.forEach(Array(tasks).keys(), () => task, options)),
    }
  },
} satisfies Record<string, MakeContender>

export const CONTENDERS = { ...PEERS, ...SUPERVISORS }
export type ContenderName = keyof typeof CONTENDERS

import type { TaskContext } from '../../src/index.js'

/**
 * What one task does:
 *
 * - `no-op`: nothing, but it awaits once, as whatever has a reason to be asynchronous does;
 * - `returns at once`: not even that, so that its promise is settled before anybody has seen it;
 * - `rejects`: awaits once and throws a new error;
 * - `1 ms`: a timer of one millisecond;
 * - `reads signal`: a no-op that looks at its signal, for taskward only.
 */
export type WorkName = 'no-op' | 'returns at once' | 'rejects' | '1 ms' | 'reads signal'

export type WorkFunction = (context?: unknown) => Promise<void>

export interface Work {
  readonly run: WorkFunction
  /** Resolves when so many more calls have come to their end. */
  ended(calls: number): Promise<void>
}

/** Awaited as it is, without a promise of its own. */
const NOTHING: unknown = null

/**
 * One function that every task calls: no contender pays for a closure of the caller's. It counts its own ends, so that all of
 * them are measured up to the same moment, whatever each offers to wait with.
 */
export function makeWork(name: WorkName): Work {
  let left = 0
  let tell = (): void => undefined
  const end = (): void => {
    if (--left === 0) tell()
  }
  const functions: Readonly<Record<WorkName, WorkFunction>> = {
    'no-op': async () => {
      await NOTHING
      end()
    },
    'returns at once': async () => end(),
    rejects: async () => {
      await NOTHING
      end()
      throw new Error('the card was declined')
    },
    '1 ms': async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      end()
    },
    'reads signal': async (context) => {
      if ((context as TaskContext).signal.aborted) return
      await NOTHING
      end()
    },
  }
  return {
    run: functions[name],
    ended: (calls) => {
      left = calls
      return new Promise((resolve) => (tell = resolve))
    },
  }
}

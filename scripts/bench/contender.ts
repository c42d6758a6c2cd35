import type * as taskward from '../../src/index.js'
import type { WorkFunction } from './work.js'

/** A way to run tasks, as somebody who has chosen it would write it. */
export interface Contender {
  /** Starts a task that nobody awaits; its failure is handled. The number picks a priority or a lane. */
  start(index: number): void
  /** Starts a task for a caller that awaits its end; never rejects. */
  run(index: number): Promise<unknown>
  /** Starts so many at once, where the library has a call of its own for that. */
  burst?(tasks: number): Promise<unknown>
  /** Resolves when all its tasks have ended, where the library has that. */
  idle?(): Promise<unknown>
  /** Rejects unless what it promised about these tasks is there to be read. */
  verify?(tasks: number, status: 'completed' | 'failed'): Promise<void>
}

export interface Setting {
  readonly work: WorkFunction
  /** How many tasks may run at once; Infinity for no cap. */
  readonly cap: number
  /** Random, in ten levels: the same for everybody. */
  readonly priorities: Uint8Array
  /** The built package. */
  readonly taskward: typeof taskward
}

export type MakeContender = (setting: Setting) => Contender

/** What each contender does with a failure: as little as possible. */
export const handled = (): void => undefined

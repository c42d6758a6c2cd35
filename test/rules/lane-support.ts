import type { LanePolicy, LaneStatus, SpawnOptions, TaskHandle, TaskSupervisor, TaskSupervisorOptions } from 'taskward'
import { clocked, record, turn, type Clocked, type Seen } from './support.js'

export type Lanes = NonNullable<TaskSupervisorOptions['lanes']>

export const laneOf = (supervisor: TaskSupervisor, name = 'mail'): LaneStatus => supervisor.status().lanes[name]!

export interface Mail extends Clocked {
  /** Who got in, and when. */
  started: [name: string, at: number][]
  /** Spawns a task in the lane that ends as soon as it has started. */
  spawn: (name: string, options?: SpawnOptions) => TaskHandle<void>
  /** Moves on step by step, with time for promises in between. */
  pass: (ms: number, stepMs?: number) => Promise<void>
}

/** A supervisor with a lane `mail`, on a clock that stands still. */
export function mail(options: Lanes[string], rest: TaskSupervisorOptions = {}): Mail {
  const { clock, supervisor } = clocked({ lanes: { mail: options }, ...rest })
  const started: Mail['started'] = []
  return {
    clock,
    supervisor,
    started,
    spawn: (name, own = {}) =>
      supervisor.spawn(() => void started.push([name, clock.monotonic()]), { name, lane: 'mail', ...own }),
    pass: async (ms, stepMs = 10) => {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(stepMs, left))
        await turn()
      }
    },
  }
}

/** The same with a policy; `reported` tells what of it was a failure of its own. */
export function guarded(policy: LanePolicy, rest: TaskSupervisorOptions = {}): Mail & { reported: Seen[] } {
  const set = mail({ policy, concurrency: 10 }, rest)
  return { ...set, reported: record(set.supervisor, ['hook:error']) }
}

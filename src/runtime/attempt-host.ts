import type { ProgressUpdate } from '../core/progress.js'
import type { SpawnFunction } from '../work.js'
import type { Announcer } from './announcer.js'
import type { AttemptHost, Settlement } from './attempt.js'
import { captureContext } from './context.js'
import type { Clock } from '../clock.js'
import type { Gates } from './gates.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { PolicyCall } from './policy-call.js'
import type { ProgressReports } from './progress-reports.js'

export interface HostParts {
  readonly clock: Clock
  readonly announcer: Announcer
  readonly gates: Gates
  readonly progress: ProgressReports
  readonly spawnChild: (parent: LiveTask, ...args: Parameters<SpawnFunction>) => ReturnType<SpawnFunction>
  readonly settled: (run: TaskRun, settlement: Settlement) => void
}

/** What a running function may ask for, through its context. */
export class Host implements AttemptHost {
  readonly settled: HostParts['settled']
  readonly #parts: HostParts

  constructor(parts: HostParts) {
    this.#parts = parts
    this.settled = parts.settled
  }

  callThroughPolicy(run: TaskRun, call: () => unknown): boolean {
    const { announcer, clock, gates, settled } = this.#parts
    const lane = gates.laneOf(run.task)
    if (!lane?.settings.policy) return false
    run.isByPolicy = true
    // A policy with a queue of its own may call from anywhere.
    run.task.context ??= captureContext('inherit')
    new PolicyCall(lane, run, call, { clock, settled, hookFailed: announcer.hookFailed.bind(announcer) }).begin()
    return true
  }

  callAbortListener(listener: () => unknown): void {
    this.#parts.announcer.callHook('abort listener', listener)
  }

  beat(run: TaskRun, label: unknown): void {
    run.beat(this.#parts.clock.monotonic(), label)
  }

  progress(run: TaskRun, update: ProgressUpdate): void {
    this.#parts.progress.update(run, update)
  }

  spawnChild(run: TaskRun, ...args: Parameters<SpawnFunction>): ReturnType<SpawnFunction> {
    return this.#parts.spawnChild(run.task, ...args)
  }
}

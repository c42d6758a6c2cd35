import type { Clock } from '../clock.js'
import { mergeProgress, type ProgressUpdate } from '../core/progress.js'
import type { LiveTask, TaskRun } from './live-task.js'

/** How long a task's next report is held back. */
export const REPORT_EVERY_MS = 100

/** Progress, told at most ten times a second for each task; the last of it always is. */
export class ProgressReports {
  readonly #clock: Clock
  readonly #tell: (task: LiveTask) => void
  /** Those with something to tell, in the order in which their time comes, by when that is. */
  readonly #held = new Map<LiveTask, number>()
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, tell: (task: LiveTask) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** What comes after the attempt's outcome is nobody's any more. @throws TaskOptionError `OPTION_INVALID` */
  update({ task, hasEnded }: TaskRun, update: ProgressUpdate): void {
    const progress = mergeProgress(task.progress, update)
    if (hasEnded) return
    task.report(progress)
    if (this.#held.has(task)) return
    const tellAt = task.progressToldMono + REPORT_EVERY_MS
    if (Number.isNaN(tellAt) || tellAt <= this.#clock.monotonic()) {
      this.#told(task)
      return
    }
    this.#held.set(task, tellAt)
    this.#arm()
  }

  /** To be called before the attempt has its outcome: what is held back is told, to listeners who may end the task themselves. */
  finish(task: LiveTask): void {
    if (this.#held.delete(task)) this.#told(task)
    if (this.#held.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #told(task: LiveTask): void {
    task.progressToldMono = this.#clock.monotonic()
    this.#tell(task)
  }

  #arm(): void {
    if (this.#cancelTimer) return
    const [first] = this.#held.values()
    if (first === undefined) return
    this.#cancelTimer = this.#clock.setTimer(first - this.#clock.monotonic(), () => {
      this.#cancelTimer = null
      const now = this.#clock.monotonic()
      for (const [task, tellAt] of [...this.#held]) if (tellAt <= now && this.#held.delete(task)) this.#told(task)
      this.#arm()
    })
  }
}

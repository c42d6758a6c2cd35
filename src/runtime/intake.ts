import type { TaskwardError } from '../core/errors.js'
import { taskInContext } from './context.js'
import type { Ledger } from './ledger.js'
import { LiveTask } from './live-task.js'
import { duplicate, refusedByClose } from './reasons.js'
import type { Recorder } from './recorder.js'

/** Who may spawn: everybody, only live tasks (while `close` drains), nobody. */
export type IntakeState = 'everybody' | 'live tasks' | 'nobody'

/** The door: says why a newcomer may not enter. */
export class Intake {
  state: IntakeState = 'everybody'
  readonly #ledger: Ledger
  readonly #recorder: Recorder

  constructor(ledger: Ledger, recorder: Recorder) {
    this.#ledger = ledger
    this.#recorder = recorder
  }

  /** Whether the id belongs to a task that is not settled: misuse, not a duplicate. */
  isLive(id: string): boolean {
    return this.#recorder.find(id)?.isSettled === false
  }

  /** To be asked before the task is known to anybody. */
  refusalOf(task: LiveTask, hasOwnId: boolean): TaskwardError | null {
    const isTaken = hasOwnId && this.#recorder.isTaken(task.id)
    if (isTaken) return duplicate(task)
    task.isUnsureOfId = isTaken === undefined
    if (this.state === 'nobody' || (this.state === 'live tasks' && !this.#isInsideLiveTask()))
      return refusedByClose(task)
    return null
  }

  /** The caller runs in the async context of a task of this supervisor that has no outcome yet. */
  #isInsideLiveTask(): boolean {
    const task = taskInContext()
    return task instanceof LiveTask && this.#ledger.isLive(task)
  }
}

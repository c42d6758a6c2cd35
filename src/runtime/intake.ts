import type { TaskwardError } from '../core/errors.js'
import { taskInContext } from './context.js'
import type { Ledger } from './ledger.js'
import { LiveTask } from './live-task.js'
import * as reasons from './reasons.js'
import type { Recorder } from './recorder.js'
import type { IntakeState } from './scope-node.js'

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

  /** Whether the id belongs to another task already; to be asked before the task is known to anybody. */
  isDuplicate(task: LiveTask): boolean {
    const isTaken = this.#recorder.isTaken(task.id)
    task.isUnsureOfId = isTaken === undefined
    return isTaken === true
  }

  /** Why the task may not come in, if it may not: its supervisor, or a scope it is in, is closing or closed. */
  refusalOf(task: LiveTask): TaskwardError | null {
    if (this.state === 'everybody' && task.scope === null) return null
    const spawner = this.#spawnerOf(task)
    if (this.state === 'nobody' || (this.state === 'live tasks' && !spawner)) return reasons.refusedByClose(task)
    for (let scope = task.scope; scope !== null; scope = scope.parent) {
      const isInside = spawner !== null && scope.holds(spawner.scope)
      if (scope.intake === 'nobody' || (scope.intake === 'live tasks' && !isInside)) {
        return reasons.refusedByClose(task, scope.name)
      }
    }
    return null
  }

  /** The task of this supervisor, without an outcome yet, that spawns: by its context, or in its async context. */
  #spawnerOf({ parent }: LiveTask): LiveTask | null {
    if (parent && this.#ledger.isLive(parent)) return parent
    const task = taskInContext()
    return task instanceof LiveTask && this.#ledger.isLive(task) ? task : null
  }
}

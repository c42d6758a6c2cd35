import type { TaskwardError } from '../core/errors.js'
import { endsWith, linkChild, takeChildren, unlinkChild } from './children.js'
import { DedupeKeys } from './dedupe-keys.js'
import { Dependencies, type DependencyParts } from './dependencies.js'
import type { Dispatcher } from './dispatcher.js'
import type { LiveTask } from './live-task.js'
import * as reasons from './reasons.js'
import { waitingFirst } from './waiting-first.js'

/** How many ends may follow from each other, each within the one before, ere the stack is let go first. */
const MAX_DEPTH = 50

export interface RelationParts extends DependencyParts {
  readonly dispatcher: Dispatcher
  readonly cancel: (task: LiveTask, error: TaskwardError) => void
}

/** What tasks are to each other: parents and children, those that come after others, those that share a key. */
export class Relations {
  readonly keys = new DedupeKeys()
  readonly dependencies: Dependencies
  readonly #parts: RelationParts
  #depth = 0
  /** Those whose end has been told to their children and dependents not yet, since too many were being told at once. */
  readonly #untold: LiveTask[] = []

  constructor(parts: RelationParts) {
    this.#parts = parts
    this.dependencies = new Dependencies(parts)
  }

  /** To be called when the task has come. */
  joined(task: LiveTask): void {
    linkChild(task)
  }

  /** To be called when the task has its outcome. */
  ended(task: LiveTask): void {
    unlinkChild(task)
    this.keys.free(task)
    this.dependencies.letGo(task)
  }

  /** To be called when its outcome has been told: its children end with it, and those who come after it go on. */
  told(task: LiveTask): void {
    // A chain of ten thousand tasks that each end with the one before would exhaust the stack.
    if (this.#depth >= MAX_DEPTH) {
      this.#untold.push(task)
      return
    }
    this.#depth++
    try {
      this.#tell(task)
      if (this.#depth > 1) return
      for (const later of this.#untold) this.#tell(later)
    } finally {
      if (--this.#depth === 0) this.#untold.length = 0
    }
  }

  #tell(task: LiveTask): void {
    const { cancel, dispatcher } = this.#parts
    const children = takeChildren(task)
    if (children.length > 0) {
      // A child that waits must not have the slot that another one has just left.
      dispatcher.asOne(() => {
        for (const child of waitingFirst(children)) cancel(child, reasons.cancelledWith(child, task))
      })
    }
    const { onEnded } = task
    task.onEnded = null
    for (const tell of onEnded ?? []) tell()
  }

  /** Why a child of such a parent is cancelled as soon as it is there, if it is. */
  bornCancelled(task: LiveTask, parent: LiveTask | null): TaskwardError | null {
    return parent && endsWith(task, parent) ? reasons.cancelledWith(task, parent) : null
  }
}

import type { TaskwardError } from '../core/errors.js'
import type { HostParts } from './attempt-host.js'
import type { LiveTask } from './live-task.js'
import type { OutcomeParts } from './outcomes.js'
import type { RelationParts } from './relations.js'

export interface PipelineParts
  extends OutcomeParts, Pick<HostParts, 'spawnChild'>, Pick<RelationParts, 'find' | 'read' | 'storeTimeoutMs'> {
  /** Called after each step that may have been the last. */
  readonly onStep: () => void
}

/** How a task comes in. */
export interface Entry {
  /** Why it may not enter, if it may not. */
  readonly refusal: TaskwardError | null
  /** Whether its id is another's, of whose record nothing may change. */
  readonly isDuplicate: boolean
  /** Why it is cancelled as soon as it is there: what it belongs to is. */
  readonly bornCancelled: TaskwardError | null
  /** The task of its dedupe key that is cancelled for it, once it is there. */
  readonly replaces: LiveTask | null
}

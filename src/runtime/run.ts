import type { TaskwardError } from '../core/errors.js'
import { storableText } from '../core/text.js'
import type { ListEntry } from '../core/linked-list.js'
import type { Deadline } from './deadlines.js'
import { NO_GATES, type Gate } from './gate.js'

const MAX_LABELS = 5
const MAX_LABEL = 200

/** A task, as far as a run of it looks at it. */
export interface RunOwner {
  readonly order: number
  /** The number of its last attempt. */
  readonly attempt: number
}

/**
 * One attempt's function (or the promise handed over), from its call to its real end. It holds the slot, and may outlive the
 * attempt's outcome, and the task's: then it is stopping, for its grace, and abandoned afterwards.
 */
export class Run<T extends RunOwner = RunOwner> implements Deadline, ListEntry<Run<T>> {
  // Places in the ledger's lists and among the deadlines, each written by its keeper alone.
  list: object | null = null
  previous: Run<T> | null = null
  next: Run<T> | null = null
  heapIndex = -1
  dueAt = NaN
  readonly order: number

  readonly task: T
  /** The attempt's number, from 1. */
  readonly attempt: number
  holdsSlot: boolean
  /** Where it holds a place as long as it holds its slot. */
  gates: readonly Gate[]
  /** Whether it is counted among those that are stopping with a slot; the ledger's. */
  isStoppingWithSlot = false
  /** The run in whose slot it runs, and the one that runs in its slot. */
  lender: Run<T> | null = null
  borrower: Run<T> | null = null
  /** The function has been called (or the promise handed over), and has not settled. */
  isActive = false
  isAbandoned = false
  /** Its function is called by the policy of its lane, which says when it is active. */
  isByPolicy = false
  /** Called once its slot has been given back. */
  onReleased: (() => void) | null = null
  /** Why it was told to stop: the reason its signal aborts with. */
  stopReason: TaskwardError | null = null
  controller: AbortController | null = null
  /** Monotonic, as are the other `…Mono`: when the attempt had its outcome. */
  endedMono = NaN
  lastBeatMono = NaN
  #labels: string[] | null = null

  constructor(task: T, holdsSlot: boolean, gates: readonly Gate[] = NO_GATES) {
    this.task = task
    // What falls due at one instant comes to the task first, then to what is left of its last attempt.
    this.order = task.order + 0.5
    this.attempt = task.attempt + 1
    this.holdsSlot = holdsSlot
    this.gates = gates
  }

  /** It is alive. The last labels are kept for the error of one that stalls. */
  beat(atMono: number, label: unknown): void {
    this.lastBeatMono = atMono
    if (typeof label !== 'string') return
    this.#labels ??= []
    this.#labels.push(storableText(label.slice(0, MAX_LABEL)))
    if (this.#labels.length > MAX_LABELS) this.#labels.shift()
  }

  /** The last heartbeats' labels, oldest first. */
  get labels(): readonly string[] {
    return this.#labels ?? []
  }

  /** Whether the attempt has its outcome. */
  get hasEnded(): boolean {
    return !Number.isNaN(this.endedMono)
  }

  /** Told to stop, or overtaken by the task's outcome, it runs on within its grace. */
  get isStopping(): boolean {
    return this.isActive && !this.isAbandoned && this.hasEnded
  }
}

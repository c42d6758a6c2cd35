import { isTaskTimeoutError, type StatusTotals, type TaskError, type TaskHandle, type TaskSupervisor } from 'taskward'
import { kindOf } from './format.js'

/** Errors of one kind, and the first of them. */
export interface ErrorKind {
  kind: string
  ended: 'failed' | 'cancelled'
  count: number
  example: { task: string; message: string }
}

type Counts = Pick<StatusTotals, 'spawned' | 'completed' | 'failed' | 'cancelled' | 'timedOut' | 'abandoned' | 'late'>

/**
 * The demo's own account of its tasks, kept from handles and events alone, to be held against what the supervisor says at
 * the end. Nothing in it grows with the tasks: it keeps counts, and forgets a handle once it has settled.
 */
export class Books {
  readonly counts: Counts = { spawned: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, abandoned: 0, late: 0 }
  readonly #kinds = new Map<string, ErrorKind>()
  readonly #open = new Set<Promise<void>>()

  constructor(supervisor: TaskSupervisor) {
    supervisor.on('task:abandoned', () => (this.counts.abandoned += 1))
    supervisor.on('task:late', () => (this.counts.late += 1))
  }

  /** Enters a task, and tells `onCompleted` what it came to, unless it fails or is cancelled. */
  enter<T>(handle: TaskHandle<T>, onCompleted?: (value: T) => void): TaskHandle<T> {
    this.counts.spawned += 1
    const entry = handle.settled.then((outcome) => {
      this.#open.delete(entry)
      this.counts[outcome.status] += 1
      if (outcome.status === 'completed') return onCompleted?.(outcome.value)
      if (isTaskTimeoutError(outcome.reason)) this.counts.timedOut += 1
      this.#count(handle.name, outcome.status, outcome.error)
    })
    this.#open.add(entry)
    return handle
  }

  /** The kinds of errors so far, the most frequent first. */
  get kinds(): ErrorKind[] {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count)
  }

  /** Resolves once every task entered has settled. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  #count(task: string, ended: ErrorKind['ended'], error: TaskError): void {
    const kind = kindOf(error)
    const known = this.#kinds.get(`${ended} ${kind}`)
    if (known) known.count += 1
    else this.#kinds.set(`${ended} ${kind}`, { kind, ended, count: 1, example: { task, message: error.message } })
  }
}

/**
 * Gives each way in which the two accounts differ from each other, or one of them from itself: spawned = completed + failed +
 * cancelled. None, if all is well.
 */
export function differencesOf(own: Counts, totals: StatusTotals): string[] {
  const differences: string[] = []
  for (const [whose, { spawned, completed, failed, cancelled }] of Object.entries({
    supervisor: totals,
    handles: own,
  })) {
    const ended = completed + failed + cancelled
    if (spawned !== ended) differences.push(`${whose}: spawned ${spawned}, but ended ${ended}`)
  }
  for (const [name, count] of Object.entries(own)) {
    const total = totals[name as keyof Counts]
    if (count !== total) differences.push(`${name}: the supervisor says ${total}, the handles and events say ${count}`)
  }
  return differences
}

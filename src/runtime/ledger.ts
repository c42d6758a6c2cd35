import { Histogram } from '../core/histogram.js'
import { LinkedList } from '../core/linked-list.js'
import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { SupervisorStatus, StatusTotals } from '../status.js'
import type { LiveTask } from './live-task.js'
import { Names } from './names.js'
import { Rate } from './rates.js'

const MAX_RECENT_ERRORS = 20

/**
 * Who is where, and how many there have been. A task is in one of the lists as long as it is pending or its function runs,
 * so nothing here grows with the tasks already finished.
 */
export class Ledger {
  readonly pending = new LinkedList<LiveTask>()
  readonly running = new LinkedList<LiveTask>()
  /** Told to stop, still running, within their grace. */
  readonly stopping = new LinkedList<LiveTask>()
  /** Still running when their grace was over. */
  readonly abandoned = new LinkedList<LiveTask>()

  /** How many of those that are stopping hold a slot. */
  stoppingWithSlot = 0

  readonly totals: StatusTotals = {
    spawned: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    retried: 0,
    timedOut: 0,
    rejected: 0,
    abandoned: 0,
    late: 0,
  }
  readonly #names = new Names()
  readonly #waitMs = new Histogram()
  readonly #runMs = new Histogram()
  readonly #rates = { spawned: new Rate(), completed: new Rate(), failed: new Rate() }
  readonly #recentErrors: TaskErrorRecord[] = []

  /** Nothing is pending, running or stopping. What is abandoned is not waited for. */
  get isIdle(): boolean {
    return this.pending.size === 0 && this.running.size === 0 && this.stopping.size === 0
  }

  spawned(task: LiveTask): void {
    this.totals.spawned++
    this.#rates.spawned.add(task.createdMono)
    task.tally = this.#names.tallyOf(task.settings.name)
    task.tally.counts.pending++
    this.pending.add(task)
  }

  started(task: LiveTask): void {
    this.pending.remove(task)
    this.running.add(task)
    task.tally!.counts.pending--
    task.tally!.counts.running++
    this.#waitMs.add(task.startedMono - task.createdMono)
  }

  /** Called when the outcome has been decided; a function that still runs is listed as stopping. */
  ended(task: LiveTask): void {
    const { status } = task.outcome!
    const counts = task.tally!.counts
    const from = task.list === this.pending ? this.pending : this.running
    from.remove(task)
    counts[from === this.pending ? 'pending' : 'running']--
    counts[status]++
    this.totals[status]++
    if (status !== 'cancelled') this.#rates[status].add(task.finishedMono)
    if (from === this.running) {
      this.#runMs.add(task.finishedMono - task.startedMono)
      task.tally!.runMs.add(task.finishedMono - task.startedMono)
    }
    if (!task.isActive) return
    this.stopping.add(task)
    if (task.holdsSlot) this.stoppingWithSlot++
  }

  failed(record: TaskErrorRecord): void {
    this.#recentErrors.unshift(record)
    if (this.#recentErrors.length > MAX_RECENT_ERRORS) this.#recentErrors.pop()
  }

  /** Called while the task still holds its slot. */
  wasAbandoned(task: LiveTask): void {
    this.stopped(task)
    this.abandoned.add(task)
    this.totals.abandoned++
  }

  /** The function of a task that had its outcome has settled at last. Called while the task still holds its slot. */
  stopped(task: LiveTask): void {
    const list = task.list === this.stopping ? this.stopping : this.abandoned
    if (list === this.stopping && task.holdsSlot) this.stoppingWithSlot--
    list.remove(task)
  }

  /** Milliseconds that the longest waiting has waited. */
  oldestWaitMs(nowMono: number): number {
    const oldest = this.pending.first
    return oldest === null ? 0 : Math.max(0, Math.floor(nowMono - oldest.createdMono))
  }

  /** At most `limit` records: running first, then stopping, abandoned and pending, each oldest first. */
  records(limit: number): TaskRecord[] {
    const records: TaskRecord[] = []
    for (const list of [this.running, this.stopping, this.abandoned, this.pending]) {
      for (const task of list) {
        if (records.length >= limit) return records
        records.push(task.snapshot())
      }
    }
    return records
  }

  status(
    nowMono: number,
    startedMono: number,
  ): Pick<SupervisorStatus, 'totals' | 'perSecond' | 'waitMs' | 'runMs' | 'names' | 'recentErrors'> {
    const { spawned, completed, failed } = this.#rates
    return {
      totals: { ...this.totals },
      perSecond: {
        spawned: spawned.perSecond(nowMono, startedMono),
        completed: completed.perSecond(nowMono, startedMono),
        failed: failed.perSecond(nowMono, startedMono),
      },
      waitMs: this.#waitMs.percentiles(),
      runMs: this.#runMs.percentiles(),
      names: this.#names.status(),
      recentErrors: [...this.#recentErrors],
    }
  }
}

import { Histogram } from '../core/histogram.js'
import { LinkedList } from '../core/linked-list.js'
import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { SupervisorStatus, StatusTotals } from '../status.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { Names } from './names.js'
import { Rate } from './rates.js'

const MAX_RECENT_ERRORS = 20

/**
 * Who is where, and how many there have been. A task is in one of the lists as long as it is pending or its function runs,
 * so nothing here grows with the tasks already finished.
 */
export class Ledger {
  /** Those that could run, had they a slot. */
  readonly waiting = new LinkedList<LiveTask>()
  /** Those whose time has yet to come: delayed, or to be tried again. */
  readonly delayed = new LinkedList<LiveTask>()
  readonly running = new LinkedList<LiveTask>()
  /** Told to stop, still running, within their grace. */
  readonly stopping = new LinkedList<TaskRun>()
  /** Still running when their grace was over. */
  readonly abandoned = new LinkedList<TaskRun>()

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
    return this.waiting.size + this.delayed.size + this.running.size + this.stopping.size === 0
  }

  /** Whether the task is one of this supervisor's that have no outcome yet. */
  isLive({ list }: LiveTask): boolean {
    return list === this.waiting || list === this.delayed || list === this.running
  }

  /** All that have no outcome yet: those who wait first, each oldest first. */
  *live(): Generator<LiveTask> {
    yield* this.waiting
    yield* this.delayed
    yield* this.running
  }

  spawned(task: LiveTask): void {
    this.totals.spawned++
    this.#rates.spawned.add(task.createdMono)
    task.tally = this.#names.tallyOf(task.settings.name)
    task.tally.counts.pending++
    if (task.runAt === null) this.waiting.add(task)
    else this.delayed.add(task)
  }

  /** Its time has come. */
  due(task: LiveTask): void {
    this.delayed.remove(task)
    this.waiting.add(task)
  }

  started(task: LiveTask): void {
    this.waiting.remove(task)
    this.running.add(task)
    task.tally!.counts.pending--
    task.tally!.counts.running++
    this.#waitMs.add(task.startedMono - task.dueMono)
  }

  /** Its attempt has failed, and another follows. */
  retried(task: LiveTask): void {
    this.#leaveRunning(task)
    this.delayed.add(task)
    task.tally!.counts.pending++
    this.totals.retried++
  }

  /** Called when the outcome has been decided. */
  ended(task: LiveTask): void {
    const { status } = task.outcome!
    const { counts } = task.tally!
    if (task.list === this.running) this.#leaveRunning(task)
    else {
      const list = task.list === this.waiting ? this.waiting : this.delayed
      list.remove(task)
      counts.pending--
    }
    counts[status]++
    this.totals[status]++
    if (status !== 'cancelled') this.#rates[status].add(task.finishedMono)
  }

  /** A function that still runs is listed as stopping. */
  #leaveRunning(task: LiveTask): void {
    const run = task.run!
    this.running.remove(task)
    task.tally!.counts.running--
    this.#runMs.add(run.endedMono - task.startedMono)
    task.tally!.runMs.add(run.endedMono - task.startedMono)
    if (!run.isActive) return
    this.stopping.add(run)
    if (run.holdsSlot) this.stoppingWithSlot++
  }

  failed(record: TaskErrorRecord): void {
    this.#recentErrors.unshift(record)
    if (this.#recentErrors.length > MAX_RECENT_ERRORS) this.#recentErrors.pop()
  }

  /** Called while the run still holds its slot. */
  wasAbandoned(run: TaskRun): void {
    this.stopped(run)
    this.abandoned.add(run)
    this.totals.abandoned++
  }

  /** A function that had been told to stop has settled at last. Called while its run still holds its slot. */
  stopped(run: TaskRun): void {
    const list = run.list === this.stopping ? this.stopping : this.abandoned
    if (list === this.stopping && run.holdsSlot) this.stoppingWithSlot--
    list.remove(run)
  }

  /** Milliseconds that the longest waiting has waited for a slot. */
  oldestWaitMs(nowMono: number): number {
    const oldest = this.waiting.first
    return oldest === null ? 0 : Math.max(0, Math.floor(nowMono - oldest.dueMono))
  }

  /** At most `limit` records, each once: running first, then stopping, abandoned, waiting and delayed, each oldest first. */
  records(limit: number): TaskRecord[] {
    const listed = new Set<LiveTask>()
    for (const task of this.#inOrder()) {
      if (listed.size >= limit) break
      listed.add(task)
    }
    return [...listed].map((task) => task.snapshot())
  }

  *#inOrder(): Generator<LiveTask> {
    yield* this.running
    for (const { task } of this.stopping) yield task
    for (const { task } of this.abandoned) yield task
    yield* this.waiting
    yield* this.delayed
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

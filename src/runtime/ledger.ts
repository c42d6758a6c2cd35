import { LinkedList } from '../core/linked-list.js'
import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { StatusTotals } from '../status.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { Tallies, type Phase } from './tallies.js'

/**
 * Who is where, and how many there have been; the same for each scope. A task is in one of the lists as long as it is pending
 * or its function runs, so nothing here grows with the tasks already finished.
 */
export class Ledger {
  /** Those that could run, had they a slot. */
  readonly waiting = new LinkedList<LiveTask>()
  /** Those whose time has yet to come: delayed, waiting for others, or to be tried again. */
  readonly delayed = new LinkedList<LiveTask>()
  readonly running = new LinkedList<LiveTask>()
  /** Told to stop, still running, within their grace. */
  readonly stopping = new LinkedList<TaskRun>()
  /** Still running when their grace was over. */
  readonly abandoned = new LinkedList<TaskRun>()

  readonly tallies = new Tallies()
  readonly #ofAll: readonly Tallies[]

  constructor() {
    // Not as an initializer: in the CommonJS build those of private fields run before those of public ones.
    this.#ofAll = [this.tallies]
  }

  get isIdle(): boolean {
    return this.tallies.isIdle
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

  count(task: LiveTask, total: keyof StatusTotals): void {
    for (const tallies of this.#talliesOf(task)) tallies.totals[total]++
  }

  spawned(task: LiveTask): void {
    const where = task.isHeldBack ? 'delayed' : 'waiting'
    this[where].add(task)
    task.scope?.joined(task, where)
    for (const tallies of this.#talliesOf(task)) tallies.spawned(task, where)
  }

  /** Its time has come. */
  due(task: LiveTask): void {
    this.delayed.remove(task)
    this.waiting.add(task)
    task.scope?.moved(task, 'delayed', 'waiting')
    for (const tallies of this.#talliesOf(task)) tallies.due()
  }

  started(task: LiveTask): void {
    this.waiting.remove(task)
    this.running.add(task)
    task.scope?.moved(task, 'waiting', 'running')
    for (const tallies of this.#talliesOf(task)) tallies.started(task)
  }

  /** Its attempt has failed, and another follows. */
  retried(task: LiveTask): void {
    this.#leaveRunning(task)
    this.delayed.add(task)
    task.scope?.moved(task, 'running', 'delayed')
    for (const tallies of this.#talliesOf(task)) tallies.retried(task)
  }

  /** Called when the outcome has been decided. */
  ended(task: LiveTask): void {
    let where: Phase | null = null
    if (task.list === this.running) this.#leaveRunning(task)
    else {
      where = task.list === this.waiting ? 'waiting' : 'delayed'
      this[where].remove(task)
    }
    for (const tallies of this.#talliesOf(task)) tallies.ended(task, where)
    task.scope?.tasks[where ?? 'running'].delete(task)
    this.#left(task)
  }

  /** A function that still runs is listed as stopping. */
  #leaveRunning(task: LiveTask): void {
    const run = task.run!
    this.running.remove(task)
    run.isStoppingWithSlot = run.isActive && run.holdsSlot
    for (const tallies of this.#talliesOf(task)) {
      tallies.attempted(task, run.endedMono - task.startedMono)
      if (!run.isActive) continue
      tallies.stopping++
      if (run.isStoppingWithSlot) tallies.stoppingWithSlot++
    }
    if (!run.isActive) return
    this.stopping.add(run)
    task.scope?.straggles(run)
  }

  failed(task: LiveTask, record: TaskErrorRecord): void {
    for (const tallies of this.#talliesOf(task)) tallies.failed(record)
  }

  /** Called while the run still holds its slot. */
  wasAbandoned(run: TaskRun): void {
    this.#leaveStopping(run)
    this.abandoned.add(run)
    for (const tallies of this.#talliesOf(run.task)) {
      tallies.abandoned++
      tallies.totals.abandoned++
    }
    this.#left(run.task)
  }

  /** A function that had been told to stop has settled at last. Called while its run still holds its slot. */
  stopped(run: TaskRun): void {
    if (run.list === this.stopping) this.#leaveStopping(run)
    else {
      this.abandoned.remove(run)
      for (const tallies of this.#talliesOf(run.task)) tallies.abandoned--
    }
    run.task.scope?.stragglers.delete(run)
    this.#left(run.task)
  }

  #leaveStopping(run: TaskRun): void {
    this.stopping.remove(run)
    for (const tallies of this.#talliesOf(run.task)) {
      tallies.stopping--
      if (run.isStoppingWithSlot) tallies.stoppingWithSlot--
    }
  }

  /** Tells the scopes that somebody has gone. */
  #left({ scope }: LiveTask): void {
    for (let each = scope; each !== null; each = each.parent) each.rested()
  }

  /** Those of all, and of each scope that the task is in. */
  #talliesOf({ scope }: LiveTask): readonly Tallies[] {
    return scope === null ? this.#ofAll : scope.allTallies
  }

  /** Milliseconds that the longest waiting has waited for a slot. */
  oldestWaitMs(nowMono: number): number {
    const oldest = this.waiting.first
    return oldest === null ? 0 : Math.max(0, Math.floor(nowMono - oldest.dueMono))
  }

  /** At most `limit` records, each once: running first, then stopping, abandoned, waiting and delayed, each oldest first. */
  records(limit: number): TaskRecord[] {
    return recordsOf(this.#inOrder(), limit)
  }

  *#inOrder(): Generator<LiveTask> {
    yield* this.running
    for (const { task } of this.stopping) yield task
    for (const { task } of this.abandoned) yield task
    yield* this.waiting
    yield* this.delayed
  }
}

/** The first `limit` of the tasks, each once. */
export function recordsOf(tasks: Iterable<LiveTask>, limit: number): TaskRecord[] {
  const listed = new Set<LiveTask>()
  for (const task of tasks) {
    if (listed.size >= limit) break
    listed.add(task)
  }
  return [...listed].map((task) => task.snapshot())
}

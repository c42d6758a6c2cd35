import { Histogram } from '../core/histogram.js'
import type { TaskErrorRecord, TaskOutcome } from '../core/record.js'
import type { StatusTotals, SupervisorStatus } from '../status.js'
import { Names } from './names.js'
import { Rate } from './rates.js'

const MAX_RECENT_ERRORS = 20

/** A task, as far as it is counted. */
export interface Counted {
  readonly settings: { readonly name: string }
  readonly createdMono: number
  readonly dueMono: number
  readonly startedMono: number
  readonly finishedMono: number
  readonly outcome: TaskOutcome<unknown> | null
}

/** Where a task without an outcome is. */
export type Phase = 'waiting' | 'delayed' | 'running'

/** How many tasks are where, and how many there have been, of a supervisor or of a scope; in bounded space. */
export class Tallies {
  /** Tasks that could run, had they a slot; those whose time has yet to come; and those that run. */
  readonly now: Record<Phase, number> = { waiting: 0, delayed: 0, running: 0 }
  /** Functions that run on although their attempt has its outcome: within their grace, and after it. */
  stopping = 0
  /** How many of those that are stopping hold a slot. */
  stoppingWithSlot = 0
  abandoned = 0
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
    const { waiting, delayed, running } = this.now
    return waiting + delayed + running + this.stopping === 0
  }

  spawned(task: Counted, where: Phase): void {
    this.totals.spawned++
    this.#rates.spawned.add(task.createdMono)
    this.#countsOf(task).pending++
    this.now[where]++
  }

  /** Its time has come. */
  due(): void {
    this.now.delayed--
    this.now.waiting++
  }

  started(task: Counted): void {
    this.now.waiting--
    this.now.running++
    const counts = this.#countsOf(task)
    counts.pending--
    counts.running++
    this.#waitMs.add(task.startedMono - task.dueMono)
  }

  /** Its attempt has ended after so many milliseconds. */
  attempted(task: Counted, runMs: number): void {
    const tally = this.#names.tallyOf(task.settings.name)
    this.now.running--
    tally.counts.running--
    tally.runMs.add(runMs)
    this.#runMs.add(runMs)
  }

  /** Its attempt has failed, and another follows. */
  retried(task: Counted): void {
    this.now.delayed++
    this.#countsOf(task).pending++
    this.totals.retried++
  }

  /** Called when the outcome has been decided; for one that did not run, with where it was. */
  ended(task: Counted, where: Phase | null): void {
    const { status } = task.outcome!
    const counts = this.#countsOf(task)
    if (where !== null) {
      this.now[where]--
      counts.pending--
    }
    counts[status]++
    this.totals[status]++
    if (status !== 'cancelled') this.#rates[status].add(task.finishedMono)
  }

  failed(record: TaskErrorRecord): void {
    this.#recentErrors.unshift(record)
    if (this.#recentErrors.length > MAX_RECENT_ERRORS) this.#recentErrors.pop()
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

  #countsOf(task: Counted): ReturnType<Names['tallyOf']>['counts'] {
    return this.#names.tallyOf(task.settings.name).counts
  }
}

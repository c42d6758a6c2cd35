import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import { nextTurn, systemClock } from './clock.js'
import { taskInContext } from './context.js'
import { stuckTasks } from './deadlock.js'
import type { Dispatcher } from './dispatcher.js'
import type { Ledger } from './ledger.js'
import { LiveTask, type TaskRun } from './live-task.js'
import * as reasons from './reasons.js'

const MAX_CHAIN = 20

/** How long a task has to be stuck before it is ended: who awaits it may have something else to wake him. */
export const STUCK_MS = 1_000

interface Suspect {
  isRipe: boolean
}

export interface WaitParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly dispatcher: Dispatcher
  /** Ends a task that can never start. */
  readonly refuse: (task: LiveTask, error: TaskwardError) => void
}

/**
 * Which running task awaits which other, so that a task that can never start, because those who hold what it lacks all wait
 * for it or its like, is found instead of left hanging. Costs nothing where no task awaits another.
 */
export class Waits {
  readonly #parts: WaitParts
  /** With the number of the wait: the later, the higher. */
  readonly #waits = new Map<TaskRun, Map<LiveTask, number>>()
  /** Those that are stuck, since when that was first seen. */
  readonly #suspects = new Map<LiveTask, Suspect>()
  #count = 0
  #isLooking = false

  constructor(parts: WaitParts) {
    this.#parts = parts
  }

  /** What is to be called when the task is awaited by the running task in whose context this is asked; null where it is none. */
  watcherOf(task: LiveTask): (() => void) | null {
    if (task.isSettled) return null
    const waiter = taskInContext()
    if (!(waiter instanceof LiveTask) || waiter === task || !this.#parts.ledger.isLive(waiter)) return null
    const { run } = waiter
    if (!run?.isActive || run.hasEnded) return null
    return () => {
      if (task.isSettled || !run.isActive || run.hasEnded) return
      let waits = this.#waits.get(run)
      if (waits === undefined) this.#waits.set(run, (waits = new Map<LiveTask, number>()))
      waits.set(task, this.#count++)
      this.look()
    }
  }

  /** To be called when the function has stopped. */
  forget(run: TaskRun): void {
    this.#waits.delete(run)
  }

  /** Looks in the next turn, if anybody waits: what happens in this one may resolve it. */
  look(): void {
    if (this.#isLooking || this.#waits.size === 0) return
    this.#isLooking = true
    nextTurn(() => {
      this.#isLooking = false
      this.#forgetSettled()
      if (this.#waits.size === 0 || this.#parts.dispatcher.isPaused) this.#suspects.clear()
      else if (!this.#lend()) this.#report()
    })
  }

  #forgetSettled(): void {
    for (const [run, waits] of this.#waits) {
      for (const task of waits.keys()) if (task.isSettled) waits.delete(task)
      if (waits.size === 0 || run.hasEnded) this.#waits.delete(run)
    }
  }

  /** Lets awaited tasks that may run in the slots of those who await them. Gives whether any could. */
  #lend(): boolean {
    let hasLent = false
    for (const [run, waits] of [...this.#waits]) {
      for (const task of waits.keys()) {
        if (mayBorrow(task) && this.#parts.dispatcher.lend(run, task)) hasLent = true
      }
    }
    return hasLent
  }

  /** Ends one task that can never start: the one that was awaited last. The others may start then. */
  #report(): void {
    const { dispatcher, ledger, refuse } = this.#parts
    const runs = [...ledger.stopping, ...[...ledger.running].map(({ run }) => run!)]
    const stuck = stuckTasks({
      awaited: (task) => this.#waits.get(task.run!)?.keys() ?? [],
      runs: runs.filter(({ holdsSlot, lender }) => holdsSlot || lender !== null),
      areSlotsTaken: dispatcher.slots.held >= dispatcher.slots.limit,
      mayBorrowLater: (task) => mayBorrow(task) && dispatcher.gates.laneOf(task)?.getsToken === true,
      gatesOf: (task) => dispatcher.gatesOf(task),
    })
    const ripe = this.#ripe(stuck)
    if (ripe.length === 0) return
    const numberOf = (task: LiveTask): number =>
      Math.max(-1, ...[...this.#waits.values()].map((waits) => waits.get(task) ?? -1))
    // One in the queue, where there is one: those that come after it end with it.
    const inQueue = ripe.filter(({ ticket }) => ticket !== null)
    const [victim] = (inQueue.length > 0 ? inQueue : ripe).sort((a, b) => numberOf(b) - numberOf(a))
    refuse(victim!, reasons.deadlock(victim!, this.#chainTo(victim!)))
  }

  /** Those of the stuck that have been so for long enough. */
  #ripe(stuck: ReadonlySet<LiveTask>): LiveTask[] {
    for (const task of this.#suspects.keys()) if (!stuck.has(task)) this.#suspects.delete(task)
    const found: Suspect[] = []
    for (const task of stuck) {
      if (this.#suspects.has(task)) continue
      const suspect = { isRipe: false }
      found.push(suspect)
      this.#suspects.set(task, suspect)
    }
    if (found.length > 0) this.#ripen(found)
    return [...stuck].filter((task) => this.#suspects.get(task)!.isRipe)
  }

  #ripen(found: readonly Suspect[]): void {
    const { clock } = this.#parts
    const ripen = (): void => {
      for (const suspect of found) suspect.isRipe = true
      for (const cancelTimer of timers) cancelTimer()
      this.look()
    }
    // By the machine's time too: who is stuck waits for real, also where the clock stands still.
    const timers = [...new Set([clock, systemClock])].map((each) => each.setTimer(STUCK_MS, ripen))
  }

  /** The names of those who wait, each for the next, down to the task. */
  #chainTo(task: LiveTask): string[] {
    const chain = [task]
    for (let next = this.#waiterOf(task, chain); next && chain.length < MAX_CHAIN; next = this.#waiterOf(next, chain)) {
      chain.unshift(next)
    }
    return chain.map(({ settings }) => settings.name)
  }

  #waiterOf(task: LiveTask, known: readonly LiveTask[]): LiveTask | undefined {
    for (const [{ task: waiter }, waits] of this.#waits) if (waits.has(task) && !known.includes(waiter)) return waiter
    for (const waiter of this.#parts.ledger.delayed) {
      if (waiter.waitsFor?.has(task) && !known.includes(waiter)) return waiter
    }
    return undefined
  }
}

const mayBorrow = ({ settings }: LiveTask): boolean => settings.reentrant === 'borrow'

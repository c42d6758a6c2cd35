import type { Clock } from '../clock.js'
import { TaskStoreError } from '../core/errors.js'
import type { TaskError, TaskErrorRecord } from '../core/record.js'
import type { SupervisorStatus } from '../status.js'
import type { CommitAnswer } from '../store.js'
import { Backlog } from './backlog.js'
import { nextTurn, type ProcessHold } from './clock.js'
import { Delivery, MAX_BATCH, type Sent } from './delivery.js'
import type { GuardedStore } from './guarded-store.js'
import type { LiveTask } from './live-task.js'
import type { Sanitizer } from './sanitizer.js'

/** How many settled tasks may wait for a store that does not take them. */
export const MAX_BUFFERED = 10_000
const MAX_REFUSED = 1_000
/** How often `flush` tries while the store fails. */
const FLUSH_RETRY_MS = 100

export interface RecorderEvents {
  storeFailed(error: TaskError, buffered: number): void
  storeRecovered(buffered: number): void
  /** So many tasks that have ended are newly in the store. */
  recorded(finished: number): void
  /** Nothing waits for the store any more. */
  emptied?(): void
}

/**
 * The way of records into the store, and the only writer. Changes of a task are gathered until the store is free, so that one
 * commit carries all that happened meanwhile, in order. A store that keeps nothing beyond the process is told only of tasks
 * that have ended: until then the process knows better. A store that fails, hangs or is slow stops no task.
 */
export class Recorder {
  readonly #store: GuardedStore
  readonly #clock: Clock
  readonly #sanitizer: Sanitizer
  readonly #events: RecorderEvents
  /** Every task the store may not know in full: those alive, and those not yet confirmed. */
  readonly #known = new Set<LiveTask>()
  /** Those of them that have an id, which is made for who asks. */
  readonly #byId = new Map<string, LiveTask>()
  readonly #backlog = new Backlog()
  #dropped = 0
  #state: SupervisorStatus['store']['state'] = 'ok'
  #lastError: TaskError | null = null
  #isScheduled = false
  #cancelRetry: (() => void) | null = null
  readonly #delivery: Delivery

  constructor(
    store: GuardedStore,
    clock: Clock,
    sanitizer: Sanitizer,
    events: RecorderEvents,
    delivery: { random?: () => number; hold?: ProcessHold | null } = {},
  ) {
    this.#sanitizer = sanitizer
    this.#store = store
    this.#clock = clock
    this.#events = events
    this.#delivery = new Delivery(
      store,
      clock,
      {
        take: (most) => this.#take(most),
        answered: this.#answered.bind(this),
        refused: this.#refused.bind(this),
        failed: this.#failed.bind(this),
      },
      delivery,
    )
  }

  get status(): SupervisorStatus['store'] {
    return {
      kind: this.#store.kind,
      state: this.#state,
      buffered: this.#backlog.size + this.#delivery.size,
      dropped: this.#dropped,
      lastError: this.#lastError,
    }
  }

  find(id: string): LiveTask | undefined {
    return this.#byId.get(id)
  }

  /** The tasks of which this process knows more than the store may. */
  known(): Iterable<LiveTask> {
    return this.#known
  }

  /** Changes that have been sent and not been answered: each may have been written. */
  get unanswered(): readonly Sent[] {
    return this.#delivery.unanswered
  }

  /** Whether the id belongs to a task that has been here before; undefined where only the store's commit can tell. */
  isTaken(id: string): boolean | undefined {
    return this.#byId.has(id) || this.#store.knows(id)
  }

  track(task: LiveTask): void {
    if (this.#state === 'closed') {
      this.refuse(task)
      return
    }
    task.isTracked = true
    this.#known.add(task)
    if (task.hasId) this.#byId.set(task.id, task)
    if (this.#store.capabilities.durable) this.changed(task)
    else task.tellAccepted(true)
  }

  /** To be called when an id has been made. */
  named(task: LiveTask, id: string): void {
    if (this.#known.has(task)) this.#byId.set(id, task)
  }

  /** Failures of tasks that the store knows by another's record, so that they have none of their own: the last ones. */
  readonly refused: TaskErrorRecord[] = []

  /** A failure that belongs to no record in the store. */
  keepRefused(failure: TaskErrorRecord): void {
    this.refused.push(failure)
    if (this.refused.length > MAX_REFUSED) this.refused.shift()
  }

  /** A task of which the store shall hear nothing. */
  refuse(task: LiveTask): void {
    task.tellAccepted(false)
    task.tellPersisted(false)
  }

  /** To be called with each change; does nothing for a task that is not tracked. */
  changed(task: LiveTask): void {
    if (!task.isTracked) {
      if (task.isSettled) this.#forget(task)
      return
    }
    if (!task.isSettled && !this.#store.capabilities.durable) return
    if (this.#state === 'closed') {
      this.#giveUp(task)
      return
    }
    this.#backlog.add(task)
    this.#trim()
    const isFull = this.#backlog.endedSize >= MAX_BATCH
    if (isFull && !this.#delivery.isUnderWay && this.#delivery.retryInMs === 0) void this.#send()
    else this.#schedule()
  }

  /** Writes all there is, as often as it takes; gives true when nothing is left, false when `isOver` came first. */
  async flush(isOver: () => boolean): Promise<boolean> {
    while (this.hasWork && this.#state !== 'closed') {
      await this.#send()
      if (!this.hasWork) break
      if (isOver()) return false
      if (this.#delivery.retryInMs > 0) await this.#pause(FLUSH_RETRY_MS)
    }
    return !this.hasWork
  }

  /** To be called when somebody has waited for the store for longer than it may take. */
  overdue(limitMs: number): void {
    const text = `The ${this.#store.kind} store has not answered within ${String(limitMs)} ms: tasks go on without it`
    this.#degrade(new TaskStoreError('STORE_UNAVAILABLE', text))
  }

  /** The end: what is not in the store by now is given up, and everybody told. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#cancelRetry?.()
    for (const task of this.#backlog.take(Infinity)) this.#drop(task)
    for (const { task } of this.#delivery.abandon()) this.#drop(task)
  }

  get hasWork(): boolean {
    return this.#backlog.size > 0 || this.#delivery.size > 0
  }

  /** Sends what there is, in its time: at the end of the turn, or when the store is to be tried again. */
  #schedule(): void {
    if (this.#isScheduled || this.#delivery.isUnderWay || !this.hasWork || this.#state === 'closed') return
    this.#isScheduled = true
    const go = (): void => {
      this.#isScheduled = false
      this.#cancelRetry = null
      if (this.hasWork && this.#state !== 'closed') void this.#send()
    }
    const delayMs = this.#delivery.retryInMs
    if (delayMs > 0) this.#cancelRetry = this.#clock.setTimer(delayMs, go)
    else nextTurn(go)
  }

  async #send(): Promise<void> {
    await this.#delivery.send()
    this.#schedule()
  }

  #take(most: number): Sent[] {
    const tasks = this.#backlog.take(most, (task) => !this.#delivery.holds(task))
    return tasks.map((task) => ({ task, change: task.change() }))
  }

  #answered(sent: readonly Sent[], answers: readonly CommitAnswer[]): void {
    if (this.#delivery.size === 0) this.#recovered()
    let finished = 0
    sent.forEach(({ task, change }, index) => {
      // What is missing after it was there has been pruned in the meantime, as it should.
      const isApplied = answers[index] === 'applied' || (answers[index] === 'missing' && task.isRecorded)
      // Given up already, or for ever now: what the store has of it is another's.
      if (!isApplied) {
        task.isDuplicate = change.expected === 0
        this.#drop(task)
        return
      }
      if (change.expected === 0) task.tellAccepted(true)
      task.confirm(change)
      if (change.record.finishedAt === null) return
      if (!task.isRecorded) finished++
      task.isRecorded = true
      task.tellPersisted(true)
      if (!task.run?.isStopping) this.#forget(task)
    })
    if (finished > 0) this.#events.recorded(finished)
    if (!this.hasWork) this.#events.emptied?.()
  }

  #forget(task: LiveTask): void {
    if (!this.#backlog.has(task)) this.#unknow(task)
  }

  /**
   * Keeps the buffer bounded once the store cannot keep up. A burst within one turn is no sign of that: nothing, the store
   * included, has had its turn yet.
   */
  #trim(): void {
    if (this.#state !== 'degraded' && !this.#delivery.isSlow) return
    while (this.#delivery.size + this.#backlog.endedSize > MAX_BUFFERED) {
      const oldest = this.#delivery.shed()
      if (!oldest) break
      this.#drop(oldest.task)
    }
    for (const task of this.#backlog.trim(MAX_BUFFERED)) this.#drop(task)
  }

  /** Counts a task once, however often its changes are refused. */
  #drop(task: LiveTask): void {
    if (task.isTracked) {
      // A duplicate that has not run has nothing to lose.
      if (!task.isDuplicate || task.attempt > 0) this.#dropped++
      for (const failure of task.failures) this.keepRefused(failure)
    }
    this.#backlog.remove(task)
    this.#giveUp(task)
  }

  #giveUp(task: LiveTask): void {
    this.refuse(task)
    task.isTracked = false
    if (task.isSettled) this.#unknow(task)
  }

  #unknow(task: LiveTask): void {
    if (this.#known.delete(task) && task.hasId && this.#byId.get(task.id) === task) this.#byId.delete(task.id)
  }

  /** One that the store takes from nobody, while it takes the others. */
  #refused({ task }: Sent, thrown: unknown): void {
    this.#degrade(thrown)
    this.#drop(task)
    if (this.#delivery.size === 0) this.#recovered()
    if (!this.hasWork) this.#events.emptied?.()
  }

  #failed(thrown: unknown): void {
    this.#degrade(thrown)
    this.#trim()
  }

  #degrade(thrown: unknown): void {
    this.#lastError = this.#sanitizer.error(thrown)
    if (this.#state !== 'ok') return
    this.#state = 'degraded'
    this.#events.storeFailed(this.#lastError, this.status.buffered)
  }

  #recovered(): void {
    if (this.#state !== 'degraded') return
    this.#state = 'ok'
    this.#events.storeRecovered(this.#backlog.size)
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimer(delayMs, resolve))
  }
}

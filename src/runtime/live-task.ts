import { isTerminal, transition } from '../core/lifecycle.js'
import type { ListEntry } from '../core/linked-list.js'
import type {
  JsonValue,
  TaskError,
  TaskErrorRecord,
  TaskOutcome,
  TaskProgress,
  TaskRecord,
  TaskStatus,
  TaskTransition,
} from '../core/record.js'
import type { TaskChange } from '../store.js'
import type { TaskFunction } from '../work.js'
import type { CapturedContext } from './context.js'
import type { Deadline } from './deadlines.js'
import { Eventual, eventualOf, told } from './eventual.js'
import { Confirmed, Journal, transitionsOf } from './journal.js'
import type { LanePlace } from './lane.js'
import type { Ticket } from './queue.js'
import type { Run } from './run.js'
import type { ScopeNode } from './scope-node.js'
import { recordOf } from './task-record.js'
import type { Made, TaskSettings } from './task-settings.js'

/** A run of a task. */
export type TaskRun = Run<LiveTask>

/** A scope of tasks. */
export type TaskScopeNode = ScopeNode<LiveTask, TaskRun>

/** What a task under supervision is, to the runtime. Changes only by its methods; they decide nothing, they keep the record true. */
export class LiveTask implements Deadline, ListEntry<LiveTask> {
  // Places in the ledger's lists, the queue and the deadlines, each written by its keeper alone.
  list: object | null = null
  previous: LiveTask | null = null
  next: LiveTask | null = null
  ticket: Ticket | null = null
  /** Its place among those who wait in its lane; the dispatcher's. */
  lanePlace: LanePlace | null = null
  heapIndex = -1
  dueAt = NaN

  readonly order: number
  readonly settings: TaskSettings
  readonly instanceId: string
  readonly createdAt: number
  /** Monotonic, as are the other `…Mono`: durations come from these, stamps from the wall clock. */
  readonly createdMono: number
  /** When it must have ended, whatever the attempts. */
  readonly deadlineMono: number
  /** Since when it could have run, had there been a slot. */
  dueMono: number
  readonly #makeId: Made<LiveTask, TaskScopeNode>['makeId']
  /** The place of its id among all. */
  readonly #stamp: number
  #id: string | null
  /** As the record has it. */
  readonly metadata: Record<string, JsonValue>
  /** The innermost scope it is in; null where it is in none. */
  readonly scope: TaskScopeNode | null
  readonly parentId: string | null
  /** As long as both live. */
  parent: LiveTask | null
  /** Its children that live. */
  children: Set<LiveTask> | null = null
  /** The tasks it has to come after, until that is looked at; ids are of those that may be known elsewhere. */
  dependencies: readonly (LiveTask | string)[] | null
  /** Those of them it still waits for, each with what takes that back. */
  waitsFor: Map<LiveTask | string, () => void> | null = null
  /** Told when it has its outcome. */
  onEnded: Set<() => void> | null = null

  status: TaskStatus = 'pending'
  priority: number
  attempt = 0
  startedAt: number | null = null
  startedMono = NaN
  finishedAt: number | null = null
  finishedMono = NaN
  /** When it may run, where that is not now. */
  runAt: number | null = null
  /** Its delay, or the pause before its next attempt, has been waited out: said by its timer alone, whatever the clock says. */
  isPauseOver = false
  stoppingSince: number | null = null
  abandoned = false
  version = 1
  /** The function, as long as it may be called. */
  fn: TaskFunction<unknown> | null = null
  /** The context of the spawn, where the task has to wait, or may have to. */
  context: CapturedContext | null = null
  /** The last attempt's; the only one that may hold a slot. */
  run: TaskRun | null = null
  progress: TaskProgress | null = null
  progressToldMono = NaN
  outcome: TaskOutcome<unknown> | null = null
  /** The value it completed with, where that is kept. */
  result: JsonValue | null = null
  /** Takes the task off its caller's signal. */
  unlinkSignal: (() => void) | null = null

  // Promises are made only for those who ask; until then the bare answer will do.
  #settled: Eventual<TaskOutcome<unknown>> | null = null
  #isTold = false
  #accepted: Eventual<boolean> | boolean | null = null
  #persisted: Eventual<boolean> | boolean | null = null

  /** Whether the store is to hear of it. */
  isTracked = false
  /** Whether the store has the outcome. */
  isRecorded = false
  /** Whether its record is in the store before it starts, and its outcome before that is told: `durability: 'ahead'`. */
  isAhead = false
  /** Whether only the store can tell that its id is not another's: then it is asked before the start. */
  isUnsureOfId = false
  /** Whether the store has another's record under its id. */
  isDuplicate = false
  #journal: Journal | null = null
  /** Whether it has its outcome from an attempt. */
  #hasRun = false
  /** What the history says of a completed one. */
  #note: string | null = null
  #confirmed: Confirmed | null = null

  constructor(order: number, settings: TaskSettings, made: Made<LiveTask, TaskScopeNode>) {
    this.order = order
    this.settings = settings
    this.priority = settings.priority
    this.instanceId = made.instanceId
    this.createdAt = made.atMs
    this.createdMono = made.atMono
    this.dueMono = made.atMono + settings.delayMs
    this.deadlineMono = made.atMono + (settings.deadlineAt - made.atMs)
    if (settings.delayMs > 0) this.runAt = made.atMs + settings.delayMs
    this.#id = made.id
    this.#makeId = made.makeId
    this.#stamp = made.stamp
    this.metadata = made.metadata
    this.scope = made.scope
    this.parent = made.parent
    this.parentId = made.parent?.id ?? null
    this.dependencies = made.dependencies
  }

  get id(): string {
    return (this.#id ??= this.#makeId(this, this.#stamp))
  }

  get hasId(): boolean {
    return this.#id !== null
  }

  /** Known once the outcome is. */
  get settled(): Eventual<TaskOutcome<unknown>> {
    if (this.#settled === null) {
      this.#settled = new Eventual()
      if (this.outcome && this.#isTold) this.#settled.set(this.outcome)
    }
    return this.#settled
  }

  get accepted(): Eventual<boolean> {
    return (this.#accepted = eventualOf(this.#accepted))
  }

  get persisted(): Eventual<boolean> {
    return (this.#persisted = eventualOf(this.#persisted))
  }

  /** Tells those who wait for the outcome. */
  tellSettled(): void {
    this.#isTold = true
    this.#settled?.set(this.outcome!)
  }

  /** Only the first answer counts. */
  tellAccepted(isAccepted: boolean): void {
    this.#accepted = told(this.#accepted, isAccepted)
  }

  /** Only the first answer counts. */
  tellPersisted(isPersisted: boolean): void {
    this.#persisted = told(this.#persisted, isPersisted)
  }

  /** Its time has yet to come. */
  get isHeldBack(): boolean {
    return this.runAt !== null || this.dependencies !== null
  }

  get isSettled(): boolean {
    return isTerminal(this.status)
  }

  /** Its function has been called, and has not settled: its outcome may be decided for all that. */
  get isActive(): boolean {
    return this.run?.isActive === true
  }

  begin(atMs: number, atMono: number): void {
    this.attempt++
    this.runAt = null
    this.stoppingSince = null
    this.startedAt = atMs
    this.startedMono = atMono
    this.run!.lastBeatMono = atMono
    this.#change('running')
  }

  /**
   * Decides the outcome, once.
   *
   * @param note what the history says of a completed one
   */
  end(outcome: TaskOutcome<unknown>, atMs: number, atMono: number, note: string | null = null): void {
    this.outcome = outcome
    this.finishedAt = atMs
    this.finishedMono = atMono
    this.runAt = null
    this.#hasRun = this.status === 'running'
    if (this.#hasRun) this.#leaveRun(atMs, atMono)
    this.fn = null
    this.context = null
    this.dependencies = null
    this.#note = note
    this.#change(outcome.status)
  }

  /** The attempt has failed, and another follows. */
  retry(error: TaskError, runAt: number, atMs: number, atMono: number): void {
    this.runAt = runAt
    this.#leaveRun(atMs, atMono)
    ;(this.#journal ??= new Journal()).retried(this, atMs, error)
    this.#change('pending')
  }

  #leaveRun(atMs: number, atMono: number): void {
    const run = this.run!
    run.endedMono = atMono
    if (run.isActive) this.stoppingSince = atMs
  }

  reprioritise(priority: number): void {
    this.priority = priority + 0
    this.version++
  }

  abandon(): void {
    this.abandoned = true
    this.version++
  }

  report(progress: TaskProgress): void {
    this.progress = progress
    this.version++
  }

  /** Told to stop, it has, within its grace. */
  stop(): void {
    this.stoppingSince = null
    this.version++
  }

  snapshot(): TaskRecord {
    return recordOf(this)
  }

  /** Every transition so far. */
  transitions(): TaskTransition[] {
    return transitionsOf(this, this.#journal, this.#hasRun, this.#note)
  }

  /** Every failed attempt so far. */
  get failures(): readonly TaskErrorRecord[] {
    return this.#journal?.failures ?? NONE
  }

  /** What the store has not confirmed, as one change. */
  change(): TaskChange {
    const all = { record: this.snapshot(), expected: 0, transitions: this.transitions(), errors: [...this.failures] }
    return this.#confirmed?.restOf(all) ?? all
  }

  /** The store has that change. */
  confirm(change: TaskChange): void {
    ;(this.#confirmed ??= new Confirmed()).add(change)
  }

  fail(failure: TaskErrorRecord): void {
    ;(this.#journal ??= new Journal()).failures.push(failure)
  }

  #change(to: TaskStatus): void {
    this.status = transition(this.status, to)
    this.version++
  }
}

const NONE: readonly never[] = []

import type { TaskwardError } from '../core/errors.js'
import { isTerminal, transition } from '../core/lifecycle.js'
import type { ListEntry } from '../core/linked-list.js'
import type { JsonValue, TaskErrorRecord, TaskOutcome, TaskRecord, TaskStatus, TaskTransition } from '../core/record.js'
import type { TaskChange } from '../store.js'
import type { TaskFunction } from '../work.js'
import type { CapturedContext } from './context.js'
import type { Deadline } from './deadlines.js'
import { Eventual } from './eventual.js'
import type { NameTally } from './names.js'
import type { Ticket } from './queue.js'

/** What a task is made of, once its options are checked and the defaults are filled in. */
export interface TaskSettings {
  readonly name: string
  readonly owner: string | null
  readonly priority: number
  readonly timeoutMs: number
  readonly queueTimeoutMs: number
  readonly graceMs: number
  readonly metadata: Readonly<Record<string, JsonValue>>
}

/** What a task is given besides its settings. */
export interface Made {
  readonly id: string | null
  readonly instanceId: string
  readonly atMs: number
  readonly atMono: number
  /** The metadata as the record shall have it. */
  readonly metadata: Record<string, JsonValue>
  readonly makeId: (nowMs: number) => string
}

type JournalEntry = Omit<TaskTransition, 'taskId' | 'instanceId'>

/** What a task under supervision is, to the runtime. Changes only by its methods; they decide nothing, they keep the record true. */
export class LiveTask implements Deadline, ListEntry<LiveTask> {
  // Places in the ledger's lists, the queue and the deadlines, each written by its keeper alone.
  list: object | null = null
  previous: LiveTask | null = null
  next: LiveTask | null = null
  ticket: Ticket | null = null
  heapIndex = -1
  dueAt = NaN

  readonly order: number
  readonly settings: TaskSettings
  readonly instanceId: string
  readonly createdAt: number
  /** Monotonic, as are the other `…Mono`: durations come from these, stamps from the wall clock. */
  readonly createdMono: number
  readonly #makeId: (nowMs: number) => string
  #id: string | null
  readonly #metadata: Record<string, JsonValue>

  status: TaskStatus = 'pending'
  priority: number
  attempt = 0
  startedAt: number | null = null
  startedMono = NaN
  finishedAt: number | null = null
  finishedMono = NaN
  stoppingSince: number | null = null
  abandoned = false
  version = 1
  /** The function, until it is called. */
  fn: TaskFunction<unknown> | null = null
  /** The context of the spawn, where the task had to wait. */
  context: CapturedContext | null = null
  /** Whether the function (or the promise handed over) has been started and has not settled. */
  isActive = false
  holdsSlot = false
  /** Why it was told to stop: the reason its signal aborts with. */
  stopReason: TaskwardError | null = null
  /** What is counted under its name; the ledger's. */
  tally: NameTally | null = null
  controller: AbortController | null = null
  outcome: TaskOutcome<unknown> | null = null
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
  // Entries get the task's id when they leave, as it may not have been made.
  #journal: JournalEntry[] | null = null
  #failures: TaskErrorRecord[] | null = null
  // How much of it the store has.
  #confirmedVersion = 0
  #confirmedTransitions = 0
  #confirmedErrors = 0

  constructor(order: number, settings: TaskSettings, made: Made) {
    this.order = order
    this.settings = settings
    this.priority = settings.priority
    this.instanceId = made.instanceId
    this.createdAt = made.atMs
    this.createdMono = made.atMono
    this.#id = made.id
    this.#makeId = made.makeId
    this.#metadata = made.metadata
  }

  get id(): string {
    return (this.#id ??= this.#makeId(this.createdAt))
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
    if (this.#accepted === null) this.#accepted = isAccepted
    else if (typeof this.#accepted === 'object') this.#accepted.set(isAccepted)
  }

  /** Only the first answer counts. */
  tellPersisted(isPersisted: boolean): void {
    if (this.#persisted === null) this.#persisted = isPersisted
    else if (typeof this.#persisted === 'object') this.#persisted.set(isPersisted)
  }

  get isSettled(): boolean {
    return isTerminal(this.status)
  }

  begin(atMs: number, atMono: number): void {
    this.attempt++
    this.startedAt = atMs
    this.startedMono = atMono
    this.#change('running', atMs, null)
  }

  /** Decides the outcome, once. */
  end(outcome: TaskOutcome<unknown>, atMs: number, atMono: number): void {
    this.outcome = outcome
    this.finishedAt = atMs
    this.finishedMono = atMono
    if (this.isActive) this.stoppingSince = atMs
    this.fn = null
    this.context = null
    this.#change(outcome.status, atMs, outcome.status === 'completed' ? null : outcome.error.code)
  }

  reprioritise(priority: number): void {
    this.priority = priority + 0
    this.version++
  }

  abandon(): void {
    this.abandoned = true
    this.version++
  }

  /** Told to stop, it has, within its grace. */
  stop(): void {
    this.stoppingSince = null
    this.version++
  }

  snapshot(): TaskRecord {
    const { outcome, settings } = this
    return {
      id: this.id,
      name: settings.name,
      lane: null,
      owner: settings.owner,
      parentId: null,
      scope: null,
      status: this.status,
      attempt: this.attempt,
      maxAttempts: 1,
      priority: this.priority,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      runAt: null,
      stoppingSince: this.stoppingSince,
      abandoned: this.abandoned,
      progress: null,
      input: null,
      result: null,
      error: outcome === null || outcome.status === 'completed' ? null : outcome.error,
      metadata: this.#metadata,
      after: [],
      retryOf: null,
      definitionVersion: null,
      instanceId: this.instanceId,
      version: this.version,
    }
  }

  /** Every transition so far. */
  transitions(): TaskTransition[] {
    const { id: taskId, instanceId } = this
    const born = { from: null, to: 'pending', at: this.createdAt, attempt: 0, reason: null, error: null } as const
    return [born, ...(this.#journal ?? [])].map(({ from, to, at, attempt, reason, error }) => {
      return { taskId, from, to, at, attempt, instanceId, reason, error }
    })
  }

  /** Every failed attempt so far. */
  get failures(): readonly TaskErrorRecord[] {
    return this.#failures ?? []
  }

  /** What the store has not confirmed, as one change. */
  change(): TaskChange {
    return {
      record: this.snapshot(),
      expected: this.#confirmedVersion,
      transitions: this.transitions().slice(this.#confirmedTransitions),
      errors: this.failures.slice(this.#confirmedErrors),
    }
  }

  /** The store has that change. */
  confirm({ record, transitions, errors }: TaskChange): void {
    this.#confirmedVersion = record.version
    this.#confirmedTransitions += transitions.length
    this.#confirmedErrors += errors.length
  }

  fail(failure: TaskErrorRecord): void {
    ;(this.#failures ??= []).push(failure)
  }

  #change(to: TaskStatus, atMs: number, reason: string | null): void {
    const from = this.status
    this.status = transition(from, to)
    this.version++
    this.#enter(from, to, atMs, reason)
  }

  #enter(from: TaskStatus | null, to: TaskStatus, atMs: number, reason: string | null): void {
    const error = this.outcome === null || this.outcome.status === 'completed' ? null : this.outcome.error
    ;(this.#journal ??= []).push({ from, to, at: atMs, attempt: this.attempt, reason, error })
  }
}

function eventualOf(known: Eventual<boolean> | boolean | null): Eventual<boolean> {
  if (typeof known === 'object' && known !== null) return known
  const eventual = new Eventual<boolean>()
  if (known !== null) eventual.set(known)
  return eventual
}

import type { Clock } from '../clock.js'
import { admit, type Admission, type OverflowPolicy } from '../core/admission.js'
import { captureContext } from './context.js'
import { areOpen, NO_GATES, type Gate } from './gate.js'
import { Gates, gatesAt, type GatesOptions } from './gates.js'
import { LanePlace, type Lane } from './lane.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { WaitingQueue, type Whereabouts } from './queue.js'
import { Run } from './run.js'
import { Slots } from './slots.js'

// A chain of functions that each spawn the next within themselves would exhaust the stack.
const MAX_NESTED_STARTS = 100

export interface DispatcherOptions extends GatesOptions {
  readonly concurrency: number
  readonly queueLimit: number
  readonly onOverflow: OverflowPolicy
  readonly context: 'inherit' | 'detach'
}

export interface DispatcherParts {
  readonly clock: Clock
  /** Begins the run of a task that has got its slot; returns when its function has. */
  readonly start: (task: LiveTask) => void
  /** Told when all have been started that could be. */
  readonly onServed: () => void
  readonly onSaturated: (reason: 'concurrency' | 'queue') => void
}

/** What became of a newcomer, and whose queue was full where one was: the lane's, or that of all (null). */
export interface Offer {
  readonly admission: Admission | 'start'
  readonly lane: Lane | null
}

/** Decides who runs next: the slots, the gates, and the queue before them. */
export class Dispatcher {
  readonly slots: Slots
  readonly gates: Gates
  readonly #options: DispatcherOptions
  readonly #queue: WaitingQueue<LiveTask>
  readonly #parts: DispatcherParts
  #isPaused = false
  #isPumping = false
  /** How many steps that belong together are under way: nobody is started between them. */
  #steps = 0
  /** A start nested too deeply waits for the next microtask, and so does all that comes after it. */
  #isDeferring = false
  /** How many functions are being called, each within the one before. */
  #nesting = 0
  #saturated: 'no' | 'concurrency' | 'queue' = 'no'

  constructor(options: DispatcherOptions, parts: DispatcherParts) {
    this.#options = options
    this.#parts = parts
    const pump = this.pump.bind(this)
    this.slots = new Slots(options.concurrency, pump)
    this.gates = new Gates(options, parts.clock, pump)
    this.#queue = new WaitingQueue(options.onOverflow === 'drop-oldest')
  }

  get waiting(): number {
    return this.#queue.size
  }

  get queueState(): { limit: number; isFull: boolean } {
    const { queueLimit: limit } = this.#options
    return { limit, isFull: this.#queue.size >= limit }
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused
    this.pump()
  }

  set limit(limit: number) {
    this.slots.limit = limit
    this.pump()
  }

  /** Starts the task, or lets it wait; where it can do neither it says so. */
  offer(task: LiveTask): Offer {
    const where = this.gates.whereabouts(task)
    where.lane?.refresh()
    const free = this.#isPaused ? 0 : this.slots.free
    const { hasEligible } = this.#queue
    if (free > 0 && !hasEligible && areOpen(gatesAt(where))) {
      if (this.#nesting <= MAX_NESTED_STARTS) this.#run(task, where)
      else this.#wait(task, where)
      return { admission: 'start', lane: null }
    }
    const offer = this.#admit(where.lane, hasEligible ? free : 0)
    if (offer.admission === 'wait') this.#wait(task, where)
    else this.gates.tidy(task)
    return offer
  }

  #admit(lane: Lane | null, spokenFor: number): Offer {
    const { queueLimit, onOverflow } = this.#options
    if (lane !== null) {
      const waiting = lane.waiting.size
      const ownSpokenFor = this.#queue.hasEligibleIn(lane) ? Math.min(spokenFor, lane.limit - lane.held) : 0
      const { queueLimit } = lane.settings
      const admission = admit({ waiting, spokenFor: ownSpokenFor, queueLimit, onOverflow })
      if (admission !== 'wait') return { admission, lane }
    }
    return { admission: admit({ waiting: this.#queue.size, spokenFor, queueLimit, onOverflow }), lane: null }
  }

  /** To be called when what overflowed has been dealt with: those who are told may call back in. */
  overflowed(): void {
    if (this.#saturated !== 'queue') this.#saturate('queue')
  }

  /** Lets the task wait, whatever the limits. */
  wait(task: LiveTask): void {
    this.#wait(task, this.gates.whereabouts(task))
  }

  #wait(task: LiveTask, where: Whereabouts): void {
    const { lane } = where
    lane?.refresh()
    task.context ??= captureContext(this.#options.context)
    if (lane) lane.waiting.add((task.lanePlace = new LanePlace(task.dueMono)))
    this.#queue.add(task, where)
    if (this.#nesting > MAX_NESTED_STARTS) this.#defer()
    if (this.#saturated === 'no' && this.slots.held >= this.slots.limit) this.#saturate('concurrency')
    this.pump()
    lane?.watch()
  }

  /** Who goes when a newcomer displaces somebody: the longest waiting of the lowest priority. */
  leastUrgent(lane: Lane | null): LiveTask | undefined {
    return this.#queue.leastUrgent(lane)
  }

  leave(task: LiveTask): void {
    if (!this.#queue.remove(task)) return
    this.#left(task)
    this.gates.tidy(task)
    this.#calmDown()
  }

  /** Puts a waiting task behind those of that priority. False when it does not wait. */
  setPriority(task: LiveTask, priority: number): boolean {
    if (task.ticket === null) return false
    if (task.priority === priority) return true
    const where = this.gates.whereabouts(task)
    this.#queue.remove(task)
    task.reprioritise(priority)
    this.#queue.add(task, where)
    return true
  }

  /** What the task has to pass besides the slots. */
  gatesOf(task: LiveTask): readonly Gate[] {
    return gatesAt(this.gates.whereabouts(task))
  }

  /**
   * Starts a waiting task in the slot of the run that awaits it, and in the places at the gates that this has; false where
   * the run has lent its slot already, or the task lacks more than that.
   */
  lend(lender: TaskRun, task: LiveTask): boolean {
    if (task.ticket === null || lender.borrower || !(lender.holdsSlot || lender.lender)) return false
    const where = this.gates.whereabouts(task)
    const shared = gatesWithin(lender)
    const own = gatesAt(where).filter((gate) => !shared.has(gate))
    if (where.lane?.lacksToken || !areOpen(own)) return false
    if (where.lane && shared.has(where.lane)) where.lane.takeToken()
    this.#queue.remove(task)
    this.#left(task)
    const run = this.#hold(task, own)
    run.lender = lender
    lender.borrower = run
    this.#call(task)
    return true
  }

  /** Takes back the slot of the run, and its places at the gates, if it holds them. The queue is not served before `pump`. */
  release(run: TaskRun | null): void {
    if (!run || !(run.holdsSlot || run.lender)) return
    if (run.borrower) handOn(run, run.borrower, this.gatesOf(run.borrower.task))
    for (const gate of run.gates) gate.leave()
    run.gates = NO_GATES
    if (run.holdsSlot) this.slots.release()
    if (run.lender) run.lender.borrower = null
    run.holdsSlot = false
    run.lender = null
    this.gates.tidy(run.task)
    run.onReleased?.()
  }

  /** Fills free slots from the queue; while a function is being called, that waits until it has returned. */
  pump(): void {
    if (this.#isPumping || this.#nesting > 0 || this.#steps > 0) return
    this.#isPumping = true
    while (this.#queue.hasEligible && this.slots.free > 0 && !this.#isPaused && !this.#isDeferring) {
      const task = this.#queue.take()!
      this.#left(task)
      this.#run(task, this.gates.whereabouts(task))
    }
    this.#isPumping = false
    this.#calmDown()
    this.#parts.onServed()
  }

  /** Makes several steps as one: nobody who waits is started before the last of them. */
  asOne(steps: () => void): void {
    this.#steps++
    try {
      steps()
    } finally {
      this.#steps--
    }
    this.pump()
  }

  #run(task: LiveTask, where: Whereabouts): void {
    if (!this.slots.acquire()) throw new Error('BUG: a free slot could not be taken; please report this')
    this.#hold(task, gatesAt(where)).holdsSlot = true
    this.#call(task)
  }

  #hold(task: LiveTask, gates: readonly Gate[]): TaskRun {
    for (const gate of gates) gate.enter()
    return (task.run = new Run(task, false, gates))
  }

  #call(task: LiveTask): void {
    if (this.#options.context === 'detach') task.context = captureContext('detach')
    this.#nesting++
    try {
      this.#parts.start(task)
    } finally {
      this.#nesting--
    }
    this.pump()
  }

  /** It waits no more. */
  #left(task: LiveTask): void {
    if (task.lanePlace === null) return
    this.gates.laneOf(task)!.waiting.remove(task.lanePlace)
    task.lanePlace = null
  }

  #defer(): void {
    if (this.#isDeferring) return
    this.#isDeferring = true
    queueMicrotask(() => {
      this.#isDeferring = false
      this.pump()
    })
  }

  #saturate(reason: 'concurrency' | 'queue'): void {
    this.#saturated = reason
    this.#parts.onSaturated(reason)
  }

  #calmDown(): void {
    // A queue that may hold nobody is always empty; then a free slot is the end of it.
    const isCalm = this.#options.queueLimit > 0 || this.slots.held < this.slots.limit
    if (this.#queue.size === 0 && isCalm) this.#saturated = 'no'
  }
}

/** The places that a run has, be they its own or those of the run in whose slot it runs. */
function gatesWithin(run: TaskRun): ReadonlySet<Gate> {
  const gates = new Set<Gate>()
  for (let each: TaskRun | null = run; each !== null; each = each.lender) for (const gate of each.gates) gates.add(gate)
  return gates
}

/** What a run has lent is the borrower's when it ends: the slot, and those of its places that the borrower needs. */
function handOn(run: TaskRun, borrower: TaskRun, needed: readonly Gate[]): void {
  const isNeeded = (gate: Gate): boolean => needed.includes(gate)
  borrower.gates = [...borrower.gates, ...run.gates.filter(isNeeded)]
  run.gates = run.gates.filter((gate) => !isNeeded(gate))
  borrower.lender = run.lender
  if (run.lender) run.lender.borrower = borrower
  borrower.holdsSlot = run.holdsSlot
  run.borrower = run.lender = null
  run.holdsSlot = false
}

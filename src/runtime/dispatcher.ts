import { admit, type Admission, type OverflowPolicy } from '../core/admission.js'
import { captureContext } from './context.js'
import type { LiveTask, TaskRun } from './live-task.js'
import { WaitingQueue } from './queue.js'
import { Run } from './run.js'
import { Slots } from './slots.js'

// A chain of functions that each spawn the next within themselves would exhaust the stack.
const MAX_NESTED_STARTS = 100

export interface DispatcherOptions {
  readonly concurrency: number
  readonly queueLimit: number
  readonly onOverflow: OverflowPolicy
  readonly context: 'inherit' | 'detach'
}

/** Decides who runs next: the slots, and the queue before them. */
export class Dispatcher {
  readonly slots: Slots
  readonly #options: DispatcherOptions
  readonly #queue = new WaitingQueue<LiveTask>()
  readonly #start: (task: LiveTask) => void
  readonly #onSaturated: (reason: 'concurrency' | 'queue') => void
  #isPaused = false
  #isPumping = false
  /** A start nested too deeply waits for the next microtask, and so does all that comes after it. */
  #isDeferring = false
  /** How many functions are being called, each within the one before. */
  #nesting = 0
  #saturated: 'no' | 'concurrency' | 'queue' = 'no'

  /** @param start begins the run of a task that has got its slot; returns when its function has */
  constructor(
    options: DispatcherOptions,
    start: (task: LiveTask) => void,
    onSaturated: (reason: 'concurrency' | 'queue') => void,
  ) {
    this.#options = options
    this.#start = start
    this.#onSaturated = onSaturated
    this.slots = new Slots(options.concurrency, () => {
      this.pump()
    })
  }

  get waiting(): number {
    return this.#queue.size
  }

  get isFull(): boolean {
    return this.#queue.size >= this.#options.queueLimit
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
  offer(task: LiveTask): Admission {
    const free = this.#isPaused ? 0 : this.slots.free
    const { queueLimit, onOverflow } = this.#options
    const admission = admit({ free, waiting: this.#queue.size, queueLimit, onOverflow })
    if (admission === 'start' && this.#nesting <= MAX_NESTED_STARTS) this.#run(task)
    else if (admission === 'start' || admission === 'wait') this.wait(task)
    return admission
  }

  /** To be called when what overflowed has been dealt with: those who are told may call back in. */
  overflowed(): void {
    if (this.#saturated !== 'queue') this.#saturate('queue')
  }

  wait(task: LiveTask): void {
    task.context ??= captureContext(this.#options.context)
    this.#queue.add(task)
    if (this.#nesting > MAX_NESTED_STARTS) this.#defer()
    if (this.#saturated === 'no' && this.slots.held >= this.slots.limit) this.#saturate('concurrency')
    this.pump()
  }

  /** Who goes when a newcomer displaces somebody: the longest waiting of the lowest priority. */
  get leastUrgent(): LiveTask | undefined {
    return this.#queue.leastUrgent
  }

  leave(task: LiveTask): void {
    if (this.#queue.remove(task)) this.#calmDown()
  }

  /** Puts a waiting task behind those of that priority. False when it does not wait. */
  setPriority(task: LiveTask, priority: number): boolean {
    if (task.ticket === null) return false
    if (task.priority === priority) return true
    this.#queue.remove(task)
    task.reprioritise(priority)
    this.#queue.add(task)
    return true
  }

  /** Takes the run's slot back, if it holds one. The queue is not served before `pump`. */
  release(run: TaskRun | null): void {
    if (!run?.holdsSlot) return
    run.holdsSlot = false
    this.slots.release()
  }

  /** Fills free slots from the queue; while a function is being called, that waits until it has returned. */
  pump(): void {
    if (this.#isPumping || this.#nesting > 0) return
    this.#isPumping = true
    while (this.#queue.size > 0 && this.slots.free > 0 && !this.#isPaused && !this.#isDeferring) {
      this.#run(this.#queue.take()!)
    }
    this.#isPumping = false
    this.#calmDown()
  }

  #run(task: LiveTask): void {
    if (!this.slots.acquire()) throw new Error('BUG: a free slot could not be taken; please report this')
    task.run = new Run(task, true)
    if (this.#options.context === 'detach') task.context = captureContext('detach')
    this.#nesting++
    try {
      this.#start(task)
    } finally {
      this.#nesting--
    }
    this.pump()
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
    this.#onSaturated(reason)
  }

  #calmDown(): void {
    // A queue that may hold nobody is always empty; then a free slot is the end of it.
    const isCalm = this.#options.queueLimit > 0 || this.slots.held < this.slots.limit
    if (this.#queue.size === 0 && isCalm) this.#saturated = 'no'
  }
}

import PQueue from 'p-queue'
import { nextTurn } from './clock.js'

/**
 * The rights to run. Each slot is a job of p-queue that ends when the slot is given back for good; p-queue never sees a
 * timeout, a signal or a task's function, since it frees a job's place while a function it gave up on still runs.
 *
 * A slot that is given back stays parked to the end of the turn, so that a burst of a hundred thousand tasks costs p-queue
 * as many jobs as run at once, not as many as there are tasks.
 */
export class Slots {
  readonly #queue: PQueue
  /** What ends each job, parked ones included; jobs are alike, so it does not matter which belongs to whom. */
  readonly #endJob: (() => void)[] = []
  #limit: number
  #held = 0
  #isRetiring = false

  /** @param onFree called when a slot has become free outside of `release` */
  constructor(limit: number, onFree: () => void) {
    this.#limit = limit
    this.#queue = new PQueue({ concurrency: limit })
    this.#queue.on('next', onFree)
  }

  get limit(): number {
    return this.#limit
  }

  set limit(limit: number) {
    this.#limit = limit
    this.#queue.concurrency = limit
  }

  /** How many functions hold a slot. */
  get held(): number {
    return this.#held
  }

  /** How many `acquire` would now grant. */
  get free(): number {
    const parked = this.#endJob.length - this.#held
    return Math.max(
      0,
      Math.min(this.#limit - this.#held, parked + Math.max(0, this.#queue.concurrency - this.#queue.pending)),
    )
  }

  acquire(): boolean {
    if (this.#held >= this.#limit) return false
    if (this.#endJob.length === this.#held && !this.#startJob()) return false
    this.#held++
    return true
  }

  release(): void {
    if (this.#held === 0) throw new Error('BUG: a slot was given back twice; please report this')
    this.#held--
    if (this.#isRetiring) return
    this.#isRetiring = true
    nextTurn(() => {
      this.#isRetiring = false
      while (this.#endJob.length > this.#held) this.#endJob.pop()!()
    })
  }

  #startJob(): boolean {
    // While the jobs of an earlier turn are still ending, p-queue would make a new one wait.
    if (this.#queue.pending >= this.#queue.concurrency) return false
    void this.#queue.add(() => new Promise<void>((resolve) => this.#endJob.push(resolve)))
    return true
  }
}

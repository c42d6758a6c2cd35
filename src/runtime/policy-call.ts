import type { Clock } from '../clock.js'
import type { Settlement } from './attempt.js'
import { runInTask } from './context.js'
import { HOOK_LIMIT_MS } from './hooks.js'
import type { Lane } from './lane.js'
import type { TaskRun } from './live-task.js'
import * as reasons from './reasons.js'
import { silence, whenSettled } from './thenable.js'

export interface PolicyCallParts {
  readonly clock: Clock
  /** The attempt has its outcome, or its function has stopped after it. */
  readonly settled: (run: TaskRun, settlement: Settlement) => void
  readonly hookFailed: (where: string, thrown: unknown) => void
}

/**
 * One attempt whose function is called by the policy of its lane: the outcome is what the policy makes of it. The run is active
 * only while the function itself is, so a policy that holds it back, or answers before it has stopped, frees no slot too early
 * and none too late. A policy that takes longer than 5 s of its own is given up.
 */
export class PolicyCall {
  readonly #lane: Lane
  readonly #run: TaskRun
  readonly #call: () => unknown
  readonly #parts: PolicyCallParts
  /** Whether the policy has asked for the function, be it in vain. */
  #hasCalled = false
  /** What the function came to, the last time it was called. */
  #last: Settlement | null = null
  /** What a thenable has settled with again, before the attempt had its outcome. */
  readonly #again: Settlement[] = []
  #isOver = false
  #cancelTimer: (() => void) | null = null

  /** @param call calls the function, in the context of its task */
  constructor(lane: Lane, run: TaskRun, call: () => unknown, parts: PolicyCallParts) {
    this.#lane = lane
    this.#run = run
    this.#call = call
    this.#parts = parts
  }

  begin(): void {
    this.#run.isActive = false
    // A task that ends while it is held back leaves no timer behind.
    this.#run.onReleased = () => this.#cancelTimer?.()
    const fulfilled = (value: unknown): void => {
      this.#answered({ isFulfilled: true, value })
    }
    const rejected = (reason: unknown): void => {
      this.#answered({ isFulfilled: false, reason })
    }
    const { task } = this.#run
    let answer: unknown
    try {
      // In the task's context, like the function: what has just ended may be another's.
      answer = runInTask(task, task.context, () => this.#lane.settings.policy!.execute(() => this.#callFunction()))
    } catch (thrown) {
      rejected(thrown)
      return
    }
    this.#limit()
    if (!whenSettled(answer, fulfilled, rejected)) fulfilled(answer)
  }

  /** What the policy is given to call. Never rejects unheard: the policy may let it go. */
  #callFunction(): Promise<unknown> {
    const run = this.#run
    this.#hasCalled = true
    const called = new Promise<unknown>((resolve, reject) => {
      // Nobody wants it any more, or it would run twice at once.
      if (this.#isOver || run.hasEnded || run.isActive) throw reasons.notCalled(run.task)
      this.#cancelTimer?.()
      this.#lane.hasRefused = false
      run.isActive = true
      let hasStopped = false
      const stopped = (settlement: Settlement): void => {
        if (hasStopped) {
          this.#settledAgain(settlement)
          return
        }
        hasStopped = true
        this.#stopped(settlement)
        if (settlement.isFulfilled) resolve(settlement.value)
        else reject(settlement.reason)
      }
      let returned: unknown
      try {
        returned = this.#call()
      } catch (reason) {
        stopped({ isFulfilled: false, reason })
        return
      }
      const isPending = whenSettled(
        returned,
        (value) => {
          stopped({ isFulfilled: true, value })
        },
        (reason) => {
          stopped({ isFulfilled: false, reason })
        },
      )
      if (!isPending) stopped({ isFulfilled: true, value: returned })
    })
    silence(called)
    return called
  }

  /** The function has really stopped; what that means is for the policy to say, unless the attempt is over. */
  #stopped(settlement: Settlement): void {
    this.#last = settlement
    if (this.#run.hasEnded) this.#parts.settled(this.#run, settlement)
    else {
      this.#run.isActive = false
      if (!this.#isOver) this.#limit()
    }
  }

  /** Stops nothing: the policy may be calling the function anew. Late, once there is an outcome to be late for. */
  #settledAgain(settlement: Settlement): void {
    const run = this.#run
    if (run.hasEnded && !run.isActive) this.#parts.settled(run, settlement)
    else this.#again.push(settlement)
  }

  #answered(settlement: Settlement): void {
    this.#cancelTimer?.()
    if (this.#isOver) return
    this.#isOver = true
    const { hookFailed, settled } = this.#parts
    const lane = this.#lane
    if (!settlement.isFulfilled && !this.#hasCalled && !lane.hasRefused) {
      // Once: an open circuit refuses whatever comes.
      lane.hasRefused = true
      hookFailed(`policy of lane ${lane.name}`, settlement.reason)
    }
    if (this.#run.hasEnded) return
    settled(this.#run, settlement)
    for (const again of this.#again.splice(0)) this.#settledAgain(again)
  }

  #limit(): void {
    this.#cancelTimer?.()
    if (this.#run.isActive || this.#run.hasEnded) return
    this.#cancelTimer = this.#parts.clock.setTimer(HOOK_LIMIT_MS, () => {
      if (this.#isOver || this.#run.isActive) return
      this.#isOver = true
      if (this.#run.hasEnded) return
      const error = reasons.heldBack(this.#run.task, this.#lane.name, HOOK_LIMIT_MS)
      this.#parts.hookFailed(`policy of lane ${this.#lane.name}`, error)
      this.#parts.settled(this.#run, this.#last ?? { isFulfilled: false, reason: error })
    })
  }
}

import type { TaskFunction, TaskHandle, TaskOutcome } from 'taskward'
import { Performance } from './performance.js'
import { kindOf } from './reference-facts.js'
import type { Order } from './reference-orders.js'

/** What an actor does while its function is being called is the business of whoever drives it. */
export interface Stage {
  entered(actor: Actor, performance: Performance): void
}

/** One task as the driver sees it from outside: its work, and all that the supervisor has told about it. */
export class Actor {
  readonly number: number
  readonly order: Order
  /** One for each attempt, in their order. */
  readonly performances: Performance[] = []
  readonly outcomes: TaskOutcome<unknown>[] = []
  readonly events: string[] = []
  /** Not yet there while the task is being spawned. */
  handle!: TaskHandle<unknown>
  hasBeenChecked = false
  hasOutcomeChecked = false
  /** The version that the last event or look told of. */
  version = 0
  /** How many of its events have been compared, and at which version its record was. */
  eventsCompared = 0
  versionCompared = 0

  constructor(number: number, order: Order) {
    this.number = number
    this.order = order
  }

  /** A promise already started, as it would be handed over. */
  promise(): PromiseLike<unknown> {
    return this.#next().promise()
  }

  fn(stage: Stage): TaskFunction<unknown> {
    return (context) => {
      const performance = this.#next()
      performance.enter(context)
      stage.entered(this, performance)
      return performance.act()
    }
  }

  /** Those whose work has been started and has not settled, abandoned ones aside. */
  get id(): string {
    // While its function is being called by its spawn there is no handle yet.
    return (this.handle as TaskHandle<unknown> | undefined)?.id ?? this.performances.at(-1)!.context!.id
  }

  /** As another one comes after it: by its handle, or by its id. */
  get reference(): TaskHandle<unknown> | string {
    return this.handle ?? this.id
  }

  /** It has no outcome yet. */
  get isLive(): boolean {
    return !this.events.includes('task:settled')
  }

  get alive(): Performance[] {
    return this.performances.filter(({ isRunning, isAbandoned }) => isRunning && !isAbandoned)
  }

  #next(): Performance {
    const attempt = this.performances.length + 1
    const { number, order } = this
    const part = { number, isForeign: order.plan.isForeign, code: `E${number}.${attempt}` }
    const performance = new Performance(part, attempt, kindOf(order, attempt))
    this.performances.push(performance)
    return performance
  }
}

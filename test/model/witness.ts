import type { TaskRecord, TaskSupervisor } from 'taskward'
import type { Actor } from './actor.js'
import { addsUp, holds, same } from './disagreement.js'
import { numberOf } from './options.js'
import type { Performance } from './performance.js'
import { TASK_EVENTS } from './task-events.js'

/** Of so many events one is looked at closely. */
const LOOKS_AT_EVERY = 16

/** Sees every task being called, hears every event of a task, and looks at once whether what must always hold does. */
export class Witness {
  /** Task and attempt of the functions that were called, in that order. */
  readonly called: string[] = []
  /** How many of them have been compared. */
  callsCompared = 0
  /** What must never be heard of. */
  readonly hookErrors: unknown[] = []
  /** How many tasks there were when `supervisor:idle` was last heard. */
  announcedIdleAfter = 0
  /** The first thing that was found wrong from within a task or a listener. */
  alarm: Error | null = null
  readonly #supervisor: TaskSupervisor
  readonly #actors: readonly Actor[]
  #events = 0

  constructor(supervisor: TaskSupervisor, actors: readonly Actor[], listenersThrow: boolean) {
    this.#supervisor = supervisor
    this.#actors = actors
    const bang = new Error('a listener of no concern')
    const bomb = () => {
      throw bang
    }
    for (const event of TASK_EVENTS) {
      if (listenersThrow) supervisor.on(event, bomb)
      supervisor.on(event, ({ task }) => this.#heard(event, task))
    }
    supervisor.on('supervisor:idle', () => this.#heardIdle())
    // A promise that runs already, though the live task of its key is taken in its place, may well fail.
    const isOfNoConcern = (where: string) => listenersThrow || where.includes('dedupe')
    supervisor.on('hook:error', (payload) => {
      if (!isOfNoConcern(payload.where)) this.hookErrors.push(payload)
    })
  }

  /** A function is being called: so many run now, those abandoned aside. */
  sees(actor: Actor, { attempt, context }: Performance): void {
    this.called.push(`${actor.number}.${context!.attempt}`)
    let alive = 0
    for (const one of this.#actors) if (!one.order.plan.isPromise) alive += one.alive.length
    this.#watch(() => {
      holds('no more functions run than the cap allows', alive <= this.#supervisor.concurrency)
      same('the attempts of a task that run at once, abandoned ones aside', actor.alive.length, 1)
      same('context.attempt', context!.attempt, attempt)
    })
  }

  #heard(event: string, record: TaskRecord): void {
    const actor = this.#actors[numberOf(record)]!
    actor.events.push(event)
    if (event === 'task:abandoned') actor.performances.at(-1)!.isAbandoned = true
    this.#watch(() => {
      holds('versions never go back', record.version >= actor.version)
      // Whoever is told of something may look at the whole, and finds it in order.
      if (this.#events++ % LOOKS_AT_EVERY === 0) addsUp(this.#supervisor.status({ tasks: 0 }))
    })
    actor.version = record.version
  }

  #heardIdle(): void {
    this.announcedIdleAfter = this.#actors.length
    this.#watch(() => {
      const { slots, queue, tasks } = this.#supervisor.status()
      const left = tasks.filter(({ status }) => status === 'pending' || status === 'running')
      holds(
        'supervisor:idle comes when nothing is left',
        left.length + slots.running + slots.stopping + queue.waiting === 0,
      )
    })
  }

  /** A failure in the supervisor's hands would be taken for the task's or the listener's, so it is kept for later. */
  #watch(check: () => void): void {
    try {
      check()
    } catch (thrown) {
      this.alarm ??= thrown as Error
    }
  }
}

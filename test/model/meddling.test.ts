import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { TaskSupervisor, type TaskEventName, type TaskRecord } from 'taskward'
import { manualClock } from 'taskward/testing'
import { describe, it } from 'vitest'
import { Actor } from './actor.js'
import { addsUp, holds, same } from './disagreement.js'
import { nextTurn } from './driver.js'
import { numberOf, supervisorOptions } from './options.js'
import type { Setup } from './reference-orders.js'
import { anySetup } from './any-order.js'
import { orderOf } from './order-of.js'
import { parametersOf, RUNS, withoutStacks } from './parameters.js'
import { TASK_EVENTS } from './task-events.js'

// What a listener does from within an event has no place in the reference model: nobody promises what comes first there.
// What must hold at any moment holds all the same.

type Act =
  | {
      do: 'spawn'
      kind: 'waits' | 'obeys' | 'yields' | 'returns' | 'throws'
      isPromise: boolean
      onSignal: boolean
      priority: number
      timeout: number
      delay: number
    }
  | { do: 'settle' | 'cancel' | 'set priority'; pick: number }
  | { do: 'resize'; limit: number }
  | { do: 'cancel all' | 'pause' | 'resume' | 'abort' | 'close' | 'close now' }

/** The first time that a listener hears of the event from that task on, it does something itself. */
interface Meddling {
  event: TaskEventName
  from: number
  act: Act
}

interface Schedule {
  setup: Setup
  steps: { act: Act; ms: number; turns: number }[]
  meddlings: Meddling[]
}

const pick = fc.nat(30)
const spawning = fc.record({
  do: fc.constant('spawn'),
  kind: fc.constantFrom('waits', 'waits', 'waits', 'obeys', 'yields', 'returns', 'throws'),
  isPromise: fc.constantFrom(false, false, false, true),
  onSignal: fc.boolean(),
  priority: fc.constantFrom(0, 0, 1),
  timeout: fc.constantFrom(Infinity, Infinity, 4),
  delay: fc.constantFrom(0, 0, 0, 4),
})
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: spawning },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('settle', 'settle', 'cancel', 'set priority'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize'), limit: fc.constantFrom(1, 2, 3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cancel all', 'pause', 'resume', 'resume', 'abort') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close', 'close now') }) },
)
const schedule: fc.Arbitrary<Schedule> = fc.record({
  setup: anySetup,
  steps: fc.array(fc.record({ act, ms: fc.constantFrom(0, 0, 2, 4, 10), turns: fc.constantFrom(0, 1, 2) }), {
    maxLength: 30,
    size: 'max',
  }),
  meddlings: fc.array(
    fc.record({
      event: fc.constantFrom(...TASK_EVENTS, 'supervisor:saturated' as const, 'supervisor:idle' as const),
      from: fc.nat(8),
      act,
    }),
    { maxLength: 10, size: 'max' },
  ),
})

/** Spawned, perhaps started, told to stop or not, perhaps tried again, its outcome; what has been left alone may be late at any time. */
const LIFE =
  /^spawned (started (late )*(stopping )?(late )*retrying ((late|abandoned) )*)*(started )?(late )*(stopping )?(late )*(completed|failed|cancelled) (late )*settled ((late|abandoned) )*$/

class Scene {
  readonly clock = manualClock()
  readonly supervisor: TaskSupervisor
  readonly actors: Actor[] = []
  /** Those whose function is about to be called. */
  readonly #starting = new Set<Actor>()
  readonly #caller = new AbortController()
  readonly #meddlings: Set<Meddling>
  readonly #alarms: unknown[] = []
  readonly #closings: Promise<unknown>[] = []

  constructor({ setup, meddlings }: Schedule) {
    this.supervisor = new TaskSupervisor({ ...supervisorOptions(setup), clock: this.clock })
    this.#meddlings = new Set(meddlings)
    for (const event of TASK_EVENTS) this.supervisor.on(event, ({ task }) => this.#heard(event, task))
    for (const event of ['supervisor:saturated', 'supervisor:idle'] as const)
      this.supervisor.on(event, () => this.#meddle(event, Infinity))
    this.supervisor.on('hook:error', (payload) => this.#alarms.push(payload))
  }

  act(what: Act): void {
    const { supervisor, actors } = this
    const target = 'pick' in what ? actors[what.pick % Math.max(1, actors.length)] : undefined
    switch (what.do) {
      case 'spawn':
        this.#spawn(what)
        return
      case 'settle':
        for (const one of target?.performances ?? []) if (one.canSettle) one.settle(target!.number % 2 ? 'ok' : 'err')
        return
      case 'cancel':
        return void target?.handle?.cancel()
      case 'set priority':
        return void target?.handle?.setPriority(target.number % 3)
      case 'resize':
        supervisor.concurrency = what.limit
        return
      case 'cancel all':
        return void supervisor.cancelAll()
      case 'abort':
        this.#caller.abort()
        return
      case 'close':
      case 'close now': {
        const mode = what.do === 'close' ? 'drain' : 'cancel'
        return void this.#closings.push(supervisor.close({ mode, timeout: 7, grace: 4 }))
      }
      case 'pause':
      case 'resume':
        supervisor[what.do]()
        return
    }
  }

  #spawn({ kind, isPromise, onSignal, priority, timeout, delay }: Extract<Act, { do: 'spawn' }>): void {
    const order = orderOf(kind, { isPromise: isPromise && kind === 'waits', isForeign: this.actors.length % 2 === 1 })
    const actor = new Actor(this.actors.length, order)
    this.actors.push(actor)
    const work = order.plan.isPromise ? actor.promise() : actor.fn(this)
    const options = {
      ...{ metadata: { number: actor.number }, priority, timeout },
      ...(!order.plan.isPromise && { delay }),
      ...(onSignal && { signal: this.#caller.signal }),
    }
    actor.handle = this.supervisor.spawn<unknown>(work, options)
    void actor.handle.settled.then((outcome) => actor.outcomes.push(outcome))
  }

  entered(actor: Actor): void {
    this.#starting.delete(actor)
  }

  #heard(event: (typeof TASK_EVENTS)[number], record: TaskRecord): void {
    const actor = this.actors[numberOf(record)]!
    actor.events.push(event.replace('task:', ''))
    if (event === 'task:abandoned') actor.performances.at(-1)!.isAbandoned = true
    if (event === 'task:started' && !actor.order.plan.isPromise) this.#starting.add(actor)
    // Ended by a listener of its start, its function is never called.
    if (event === 'task:cancelled') this.#starting.delete(actor)
    this.#watch(() => {
      const functions = this.actors.filter(({ order }) => !order.plan.isPromise)
      const alive = functions.flatMap((one) => one.alive).length + this.#starting.size
      holds(
        'nobody starts above the cap',
        event !== 'task:started' || alive <= this.supervisor.concurrency || actor.order.plan.isPromise,
      )
      addsUp(this.supervisor.status({ tasks: 0 }))
    })
    this.#meddle(event, actor.number)
  }

  #meddle(event: TaskEventName, number: number): void {
    for (const meddling of this.#meddlings) {
      if (meddling.event !== event || meddling.from > number) continue
      this.#meddlings.delete(meddling)
      this.act(meddling.act)
      return
    }
  }

  #watch(check: () => void): void {
    try {
      check()
    } catch (thrown) {
      this.#alarms.push(thrown)
    }
  }

  check(): void {
    if (this.#alarms.length > 0) throw this.#alarms[0] as Error
    addsUp(this.supervisor.status())
  }

  /** With nobody in the way any more, everything comes to an end. */
  async finish(): Promise<void> {
    const { supervisor, actors, clock } = this
    this.#meddlings.clear()
    supervisor.resume()
    for (
      let rounds = 0;
      rounds <= 5 * actors.length && actors.some((actor) => isBusy(actor) || !isOver(actor));
      rounds++
    ) {
      for (const one of actors.flatMap(({ performances }) => performances)) if (one.canSettle) one.settle('ok')
      await nextTurn()
      if (rounds % 2 === 1) supervisor.cancelAll()
      clock.advance(10)
      await nextTurn()
    }
    holds(
      'everything ends',
      actors.every(isOver),
      actors.map(({ handle }) => handle.status),
    )
    await supervisor.onIdle()
    this.act({ do: 'close' })
    await Promise.all(this.#closings)
    for (const actor of actors) {
      const life = actor.events.map((event) => `${event} `).join('')
      holds('every task has a life that makes sense', LIFE.test(life), life)
      same('how many outcomes a task has', actor.outcomes.length, 1)
      same('the outcome', actor.outcomes[0]!.status, actor.handle.status)
    }
    this.check()
    const { slots, queue } = supervisor.status()
    same('slots taken in the end', { ...slots, limit: 0 }, { limit: 0, running: 0, stopping: 0, abandoned: 0 })
    same('waiting in the end', queue.waiting, 0)
    same('timers left on the clock', clock.timers, 0)
    same("listeners on the caller's signal", getEventListeners(this.#caller.signal, 'abort').length, 0)
  }
}

const isBusy = ({ performances }: Actor) => performances.some(({ isRunning }) => isRunning)
const isOver = ({ handle }: Actor) => handle.status !== 'pending' && handle.status !== 'running'

describe('listeners that call back in', () => {
  it('bring no further attempt about by making one fail while close() tells the others to stop', async () => {
    const supervisor = new TaskSupervisor({ clock: manualClock(), retry: { attempts: 2 } })
    const [first, second] = ['obeys' as const, 'waits' as const].map((kind, number) => {
      const actor = new Actor(number, orderOf(kind, { isForeign: true }))
      actor.handle = supervisor.spawn(actor.fn({ entered: () => undefined }))
      return actor
    })
    supervisor.once('task:stopping', () => second!.performances[0]!.settle('err'))
    await supervisor.close({ mode: 'cancel' })
    same('who was told to stop, and who failed', [first!.handle.status, second!.handle.status], ['cancelled', 'failed'])
    same('totals.retried', supervisor.status().totals.retried, 0)
  })

  it('break nothing, whatever they do and when', { timeout: 0 }, async () => {
    const property = fc.asyncProperty(schedule, async (given) => {
      const scene = new Scene(given)
      for (const { act: what, ms, turns } of given.steps) {
        scene.act(what)
        scene.check()
        if (ms > 0) scene.clock.advance(ms)
        for (let passed = 0; passed < turns; passed++) await nextTurn()
        scene.check()
      }
      await scene.finish()
    })
    await withoutStacks(() => fc.assert(property, parametersOf(RUNS / 8)))
  })
})

import { TaskSupervisor, type CloseReport, type TaskRecord, type TaskScope } from 'taskward'
import { manualClock } from 'taskward/testing'
import { Actor } from './actor.js'
import { addsUp, holds, same } from './disagreement.js'
import { numberOf, scopeOptions, spawnOptions, supervisorOptions } from './options.js'
import type { How, Performance } from './performance.js'
import * as model from './reference-model.js'
import {
  createModel,
  hasStopped,
  isOver,
  pickedOf,
  runNamed,
  runsOf,
  scopePicked,
  type Order,
  type Run,
  type Setup,
  type Task,
  type Waiter,
} from './reference-state.js'
import { advance, nextDueAt, turn as passTurn } from './reference-time.js'
import { SIGNALS, type Act, type Pick, type Step } from './schedule.js'
import { TASK_EVENTS } from './task-events.js'

/** A closing takes a few turns after the last function has stopped. */
const TURNS_TO_CLOSE = 6

/** Of so many events one is looked at closely. */
const LOOKS_AT_EVERY = 16

/** Everything that is queued now has run, promise reactions included. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Does everything twice: to a supervisor, and to the reference model. */
export class Driver {
  readonly model
  readonly clock = manualClock()
  readonly startedAt = this.clock.now()
  readonly supervisor
  readonly actors: Actor[] = []
  readonly scopes: TaskScope[] = []
  /** Task and attempt of the functions that were called, in that order. */
  readonly called: string[] = []
  /** How many of them have been compared. */
  callsCompared = 0
  readonly signals = Array.from({ length: SIGNALS }, () => new AbortController())
  readonly waiters: { expected: Waiter; answer: boolean | null }[] = []
  readonly reports: CloseReport[] = []
  /** What must never be heard of. */
  readonly hookErrors: unknown[] = []
  /** How many tasks there were when `supervisor:idle` was last heard. */
  announcedIdleAfter = 0
  /** The first thing that was found wrong from within a task or a listener. */
  alarm: Error | null = null
  #events = 0

  constructor(setup: Setup, listenersThrow: boolean) {
    this.model = createModel(setup)
    this.supervisor = new TaskSupervisor({ ...supervisorOptions(setup), clock: this.clock, keepAlive: false })
    const bang = new Error('a listener of no concern')
    const bomb = () => {
      throw bang
    }
    for (const event of TASK_EVENTS) {
      if (listenersThrow) this.supervisor.on(event, bomb)
      this.supervisor.on(event, ({ task }) => this.#heard(event, task))
    }
    this.supervisor.on('supervisor:idle', () => this.#heardIdle())
    // A promise that runs already, though the live task of its key is taken in its place, may well fail.
    const isOfNoConcern = (where: string) => listenersThrow || where.includes('dedupe')
    this.supervisor.on('hook:error', (payload) => {
      if (!isOfNoConcern(payload.where)) this.hookErrors.push(payload)
    })
  }

  /** Does what the step says. Gives a promise only where turns have to pass: an await, too, is one. */
  play({ turns, ...act }: Step): Promise<number> | null {
    const acting = this.#act(act)
    return turns > 0 || acting ? this.#pass(turns, acting) : null
  }

  async #pass(turns: number, acting: Promise<void> | undefined): Promise<number> {
    await acting
    return this.#turns(turns)
  }

  /** Gives how many they were: a closing takes more of them. */
  async #turns(wanted: number): Promise<number> {
    if (wanted === 0) return 0
    const count = this.model.closing ? Math.max(wanted, TURNS_TO_CLOSE) : wanted
    passTurn(this.model)
    for (let passed = 0; passed < count; passed++) await nextTurn()
    return count
  }

  #act(act: Act): Promise<void> | undefined {
    const { supervisor } = this
    switch (act.do) {
      case 'spawn': {
        const from = act.from === null ? undefined : this.#pickRun(act.from, this.#canSpawn())
        const twin = act.sameIdAs === null ? undefined : this.#pick(act.sameIdAs, this.#canLendItsId())
        const order = { ...act.order, idOf: twin?.number ?? null, ...(twin && { after: [] }) }
        model.spawn(this.model, order, from?.task ?? null)
        if (from) this.performanceOf(from).inside(() => this.#spawn(order, this.performanceOf(from)))
        else this.#spawn(order)
        return
      }
      case 'settle': {
        const candidates = runsOf(this.model).filter((one) => this.canSettle(one))
        const run = this.#pickRun(act.pick, candidates)
        return run && this.#settle(run, act.how.split(', ') as How[])
      }
      case 'cancel': {
        const task = this.#anyOf(act.pick)
        if (!task) return
        const isTold = model.cancel(this.model, task)
        const { handle } = this.actors[task.number]!
        // By handle or by id: of two tasks with one id, the id means the first.
        const byId = task.number % 2 === 0 && task.order.idOf === null
        same('what cancel() gives', byId ? supervisor.cancel(handle.id) > 0 : handle.cancel('stop'), isTold)
        return
      }
      case 'cancel those': {
        const isAll = Object.keys(act.where).length === 0
        const told = model.cancelWhere(this.model, act.where)
        same('how many cancel() told', isAll ? supervisor.cancelAll() : supervisor.cancel(act.where), told)
        return
      }
      case 'abort':
        model.abortSignal(this.model, act.signal)
        this.signals[act.signal]!.abort('the caller has gone')
        return
      case 'advance':
        return this.#advance(act.ms, act.inOneLeap)
      case 'pause':
      case 'resume':
        model.setPaused(this.model, act.do === 'pause')
        supervisor[act.do]()
        return
      case 'resize':
        model.resize(this.model, act.limit)
        supervisor.concurrency = act.limit
        return
      case 'set priority': {
        const pending = this.model.tasks.filter(({ status }) => status === 'pending')
        const task = this.#pick(act.pick, pending) ?? this.#anyOf(act.pick)
        if (!task) return
        const isMoved = model.setPriority(this.model, task, act.priority)
        same('what setPriority() gives', this.actors[task.number]!.handle.setPriority(act.priority), isMoved)
        return
      }
      case 'await idle': {
        const { timeout } = act
        const waiter = { expected: model.waitForIdle(this.model, timeout), answer: null as boolean | null }
        this.waiters.push(waiter)
        const answer = timeout === Infinity ? supervisor.onIdle().then(() => true) : supervisor.drain({ timeout })
        void answer.then((isIdle) => (waiter.answer = isIdle))
        return
      }
      case 'make a scope': {
        const { number, parent } = model.makeScope(this.model, act.order)
        const options = scopeOptions(act.order)
        if (act.order.signal !== null) options.signal = this.signals[act.order.signal]!.signal
        this.scopes.push((parent ? this.scopes[parent.number]! : supervisor).scope(`scope ${number}`, options))
        return
      }
      case 'cancel a scope': {
        const scope = scopePicked(this.model.scopes, act.pick)
        if (!scope) return
        const told = model.cancelScope(this.model, scope)
        same("how many a scope's cancelAll() told", this.scopes[scope.number]!.cancelAll(), told)
        return
      }
      case 'close': {
        const { mode, timeout, grace } = act
        model.close(this.model, mode, timeout, grace)
        void supervisor.close({ mode, timeout, grace }).then((report) => this.reports.push(report))
        return
      }
    }
  }

  #settle(run: Run, hows: How[]): Promise<void> | undefined {
    if (this.performanceOf(run).isForeign) return this.#settleForeign(run, hows)
    this.#settleNow(run, hows[0]!)
    return
  }

  /** A foreign thenable may call back at once or a moment later, so it does between two turns. */
  async #settleForeign(run: Run, hows: How[]): Promise<void> {
    await this.#turns(1)
    for (const how of hows) this.#settleNow(run, how)
    await this.#turns(1)
  }

  #settleNow(run: Run, wanted: How): void {
    // Who has not been told to stop, or could not be, has no reason to give.
    const how = wanted === 'reason' && (!run.told || run.task.order.plan.isPromise) ? 'err' : wanted
    this.model.onTheirWay.push({ run, how })
    this.performanceOf(run).settle(how)
  }

  /** In one leap nothing gets a turn in between; else a turn passes at each instant at which something falls due. */
  #advance(ms: number, inOneLeap: boolean): Promise<void> | undefined {
    if (!inOneLeap || this.model.closing) return this.#walk(ms)
    this.#leap(ms)
    return
  }

  async #walk(ms: number): Promise<void> {
    const until = this.model.now + ms
    await this.#turns(1)
    this.#leap(0)
    await this.#turns(1)
    while (this.model.now < until) {
      const next = Math.min(until, nextDueAt(this.model))
      this.#leap(Math.max(0, next - this.model.now))
      await this.#turns(1)
    }
  }

  #leap(ms: number): void {
    advance(this.model, ms)
    this.clock.advance(ms)
  }

  /** @param spawner whose function spawns it */
  #spawn(order: Order, spawner: Performance | null = null): void {
    const isTwin = (one: Actor) => one.order.dedupe?.key === order.dedupe?.key && one.isLive
    const twin = order.dedupe?.on === 'reuse' ? this.actors.find(isTwin) : undefined
    const after = pickedOf(this.actors, order.after)
    const actor = new Actor(this.actors.length, order)
    if (!twin) this.actors.push(actor)
    const { plan, signal, idOf } = order
    const options = spawnOptions(actor.number, order, this.clock.now())
    if (signal !== null) options.signal = this.signals[signal]!.signal
    if (idOf !== null) options.id = this.actors[idOf]!.handle.id
    if (after.length > 0) options.after = after.map((one) => one.reference)
    const work = plan.isPromise ? actor.promise() : actor.fn(this)
    const host =
      order.isChild && spawner ? spawner.context! : (scopePicked(this.scopes, order.scope) ?? this.supervisor)
    actor.handle = host.spawn<unknown>(work, options)
    if (twin) same('the handle of the live task with that key', actor.handle.id, twin.id)
    else void actor.handle.settled.then((outcome) => actor.outcomes.push(outcome))
  }

  /** A function is being called: so many run now, those abandoned aside. */
  entered(performance: Performance): void {
    const { actor, attempt, context } = performance
    this.called.push(`${actor.number}.${context!.attempt}`)
    let alive = 0
    for (const one of this.actors) if (!one.order.plan.isPromise) alive += one.alive.length
    this.#watch(() => {
      holds('no more functions run than the cap allows', alive <= this.supervisor.concurrency)
      same('the attempts of a task that run at once, abandoned ones aside', actor.alive.length, 1)
      same('context.attempt', context!.attempt, attempt)
    })
    for (const act of actor.order.plan.inside) {
      if (act === 'cancel itself') this.supervisor.cancel(context!.id)
      else if (act === 'cancel all') this.supervisor.cancelAll()
      else this.#spawn(act, performance)
    }
  }

  #heard(event: string, record: TaskRecord): void {
    const actor = this.actors[numberOf(record)]!
    actor.events.push(event)
    if (event === 'task:abandoned') actor.performances.at(-1)!.isAbandoned = true
    this.#watch(() => {
      holds('versions never go back', record.version >= actor.version)
      // Whoever is told of something may look at the whole, and finds it in order.
      if (this.#events++ % LOOKS_AT_EVERY === 0) addsUp(this.supervisor.status({ tasks: 0 }))
    })
    actor.version = record.version
  }

  #heardIdle(): void {
    this.announcedIdleAfter = this.actors.length
    this.#watch(() => {
      const { slots, queue, tasks } = this.supervisor.status()
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

  /** Those whose function runs, told to stop or not, and was called before. */
  #canSpawn(): Run[] {
    return runsOf(this.model).filter(({ isActive, task }) => isActive && !task.order.plan.isPromise)
  }

  canSettle(run: Run): boolean {
    return run.isActive && this.performanceOf(run).canSettle
  }

  performanceOf({ task, attempt }: Run): Performance {
    return this.actors[task.number]!.performances[attempt - 1]!
  }

  #canLendItsId(): Task[] {
    return this.model.tasks.filter((task) => hasStopped(task) && this.isKnown(task))
  }

  /** Whether the supervisor is to know the task by its id: not a second one of that id, nor one that found it closed. */
  isKnown({ foundClosed, order }: Task): boolean {
    return order.idOf === null && !foundClosed
  }

  /** One that lives, mostly. */
  #anyOf(pick: Pick): Task | undefined {
    const alive = this.model.tasks.filter((task) => !isOver(task))
    const isOneOfAll = alive.length === 0 || (typeof pick === 'number' && pick % 4 === 0)
    return this.#pick(pick, isOneOfAll ? this.model.tasks : alive)
  }

  #pick(pick: Pick, candidates: Task[]): Task | undefined {
    return typeof pick === 'number' ? candidates[pick % Math.max(1, candidates.length)] : this.model.tasks[pick.task]
  }

  #pickRun(pick: Pick, candidates: Run[]): Run | undefined {
    return typeof pick === 'number' ? candidates[pick % Math.max(1, candidates.length)] : runNamed(this.model, pick)
  }
}

import { TaskSupervisor } from 'taskward'
import { manualClock } from 'taskward/testing'
import { Actor } from './actor.js'
import { same } from './disagreement.js'
import { spawnOptions, supervisorOptions } from './options.js'
import type { How, Performance } from './performance.js'
import { Places } from './places.js'
import * as model from './reference-model.js'
import { hasStopped, isOver, runNamed, runsOf } from './reference-facts.js'
import type { Order, Setup } from './reference-orders.js'
import { createModel, pickedOf, type Run, type Task } from './reference-state.js'
import { advance, isEnding, nextDueAt, turn as passTurn } from './reference-time.js'
import { SIGNALS } from './any-order.js'
import type { Act, Pick, Step } from './schedule.js'
import { Troupe } from './troupe.js'
import { Witness } from './witness.js'

/** A closing, or the restart of a service, takes a few turns after the last function has stopped. */
const TURNS_TO_END = 10

/** Everything that is queued now has run, promise reactions included. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What tasks are spawned through. */
interface Host {
  spawn: TaskSupervisor['spawn']
}

const pickOf = <T>(candidates: readonly T[], pick: number): T | undefined =>
  candidates[pick % Math.max(1, candidates.length)]

/** Does everything twice: to a supervisor, and to the reference model. */
export class Driver {
  readonly model
  readonly clock = manualClock()
  readonly startedAt = this.clock.now()
  readonly supervisor
  readonly witness
  readonly troupe
  readonly places
  readonly actors: Actor[] = []
  readonly signals = Array.from({ length: SIGNALS }, () => new AbortController())

  constructor(setup: Setup, listenersThrow: boolean) {
    this.model = createModel(setup)
    this.supervisor = new TaskSupervisor({ ...supervisorOptions(setup), clock: this.clock, keepAlive: false })
    this.witness = new Witness(this.supervisor, this.actors, listenersThrow)
    this.troupe = new Troupe(this.model, this.supervisor)
    this.places = new Places(this.model, this.supervisor, this.signals)
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
    passTurn(this.model)
    const { closings, services } = this.model
    const count = closings.length > 0 || services.length > 0 ? Math.max(wanted, TURNS_TO_END) : wanted
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
      case 'await idle':
        this.places.awaitIdle(act.scope, act.timeout)
        return
      case 'make a scope':
        this.places.makeScope(act.order)
        return
      case 'cancel a scope':
        this.places.cancelScope(act.pick)
        return
      case 'close':
        this.places.close(act.scope, act)
        return
      case 'supervise':
        this.troupe.supervise(this.places.at(act.order.scope), act.order)
        return
      case 'spawn in a service': {
        const service = pickOf(this.model.services, act.pick)
        const context = service && this.troupe.contextOf(service)
        if (!context) return
        const order = { ...act.order, isChild: false, scope: service.scope?.number ?? null }
        model.spawn(this.model, order, null)
        this.#spawn(order, null, context)
        return
      }
      case 'settle a service': {
        const run = pickOf(this.troupe.thoseThatCanSettle, act.pick)
        if (run) this.troupe.settle(run, act.how)
        return
      }
      case 'stop a service':
      case 'restart a service': {
        const service = pickOf(this.model.services, act.pick)
        if (!service) return
        if (act.do === 'stop a service') this.troupe.stop(service)
        else this.troupe.restart(service)
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
    if (!inOneLeap || isEnding(this.model)) return this.#walk(ms)
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

  /** @param spawner whose function spawns it; through its own context where it is a child */
  #spawn(order: Order, spawner: Performance | null = null, through: Host | null = null): void {
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
    const host = through ?? (order.isChild && spawner ? spawner.context! : this.places.at(order.scope))
    actor.handle = host.spawn<unknown>(work, options)
    if (twin) same('the handle of the live task with that key', actor.handle.id, twin.id)
    else void actor.handle.settled.then((outcome) => actor.outcomes.push(outcome))
  }

  /** A function is being called. */
  entered(actor: Actor, performance: Performance): void {
    this.witness.sees(actor, performance)
    for (const act of actor.order.plan.inside) {
      if (act === 'cancel itself') this.supervisor.cancel(actor.id)
      else if (act === 'cancel all') this.supervisor.cancelAll()
      else this.#spawn(act, performance)
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
    return typeof pick === 'number' ? pickOf(candidates, pick) : this.model.tasks[pick.task]
  }

  #pickRun(pick: Pick, candidates: Run[]): Run | undefined {
    return typeof pick === 'number' ? pickOf(candidates, pick) : runNamed(this.model, pick)
  }
}

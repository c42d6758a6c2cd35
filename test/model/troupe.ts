import type {
  ServiceContext,
  ServiceHandle,
  ServiceOptions,
  ServiceStatus,
  TaskError,
  TaskScope,
  TaskSupervisor,
} from 'taskward'
import { withoutChance } from './options.js'
import { Performance, type How } from './performance.js'
import type { ServiceOrder } from './reference-orders.js'
import * as services from './reference-services.js'
import { hasEnded } from './reference-facts.js'
import type { Model, Service, ServiceRun } from './reference-state.js'

type ServicePerformance = Performance<ServiceContext>

/** One service as the driver sees it from outside. */
export interface Member {
  readonly handle: ServiceHandle
  readonly performances: ServicePerformance[]
  readonly events: string[]
  end: { state: string; code: string | null } | null
  /** Whoever awaits that it has stopped, and after how many of its ends that is so. */
  readonly stops: { afterEnds: number; isAnswered: boolean }[]
}

/** Does what happens to services twice: to those of the supervisor, and to those of the reference model. */
export class Troupe {
  readonly members: Member[] = []
  /** Who was called, and who was told to stop, and why. */
  readonly called: string[] = []
  readonly told: string[] = []
  /** How much of these has been compared. */
  callsCompared = 0
  tellsCompared = 0
  readonly #model: Model

  constructor(model: Model, supervisor: TaskSupervisor) {
    this.#model = model
    const heard = ({ name }: ServiceStatus, what: string) => void this.members[numberIn(name)]!.events.push(what)
    supervisor.on('service:started', ({ service }) => heard(service, 'service:started'))
    supervisor.on('service:stopped', ({ service }) => heard(service, 'service:stopped'))
    supervisor.on('service:failed', ({ service, error }) => heard(service, `service:failed: ${error.code}`))
    supervisor.on('service:restarting', ({ service, error, delay }) =>
      heard(service, `service:restarting after ${delay}: ${error?.code ?? null}`),
    )
  }

  supervise(host: TaskSupervisor | TaskScope, order: ServiceOrder): void {
    const { number } = services.supervise(this.#model, order)
    const performances: ServicePerformance[] = []
    const events: string[] = []
    const member: Partial<Member> = { performances, events, end: null, stops: [] }
    this.members.push(member as Member)
    const fn = (context: ServiceContext): unknown => {
      const kind = performances.length > 0 ? (order.again ?? order.kind) : order.kind
      const part = { number, isForeign: false, code: `S${number}` }
      const performance: ServicePerformance = new Performance(part, performances.length + 1, kind)
      performances.push(performance)
      performance.enter(context)
      this.called.push(`${number}`)
      context.signal.addEventListener('abort', () => {
        this.told.push(`${number}: ${(context.signal.reason as { code: string }).code}`)
      })
      return performance.act()
    }
    const handle = host.supervise(`service ${number}`, fn, optionsOf(order))
    Object.assign(member, { handle })
    void handle.settled.then(({ state, error }) => (member.end = { state, code: nameOf(error) }))
  }

  restart(service: Service): void {
    services.restart(this.#model, service)
    this.members[service.number]!.handle.restart()
  }

  stop(service: Service): void {
    const stop = { afterEnds: service.ends + (hasEnded(service) ? 0 : 1), isAnswered: false }
    services.stop(this.#model, service)
    const { handle, stops } = this.members[service.number]!
    stops.push(stop)
    void handle.stop('enough').then(() => (stop.isAnswered = true))
  }

  /** What waits, and has been given up or not. */
  get thoseThatCanSettle(): ServiceRun[] {
    const runs = this.#model.services.flatMap((service) => service.runs)
    return runs.filter((run) => run.isActive && this.#performanceOf(run).canSettle)
  }

  settle(run: ServiceRun, wanted: How): void {
    // Who has not been told to stop has no reason to give.
    const how = wanted === 'reason' && !run.told ? 'err' : wanted
    this.#model.onTheirWay.push({ serviceRun: run, how })
    this.#performanceOf(run).settle(how)
  }

  /** What its last run was given, if it has been called. */
  contextOf({ number }: Service): ServiceContext | null {
    return this.members[number]!.performances.at(-1)?.context ?? null
  }

  #performanceOf(run: ServiceRun): ServicePerformance {
    const { number, runs } = run.service
    return this.members[number]!.performances[runs.indexOf(run)]!
  }
}

export const numberIn = (name: string) => Number(name.split(' ').at(-1))

/** The code of an error; that of a service that was given up has none. */
export const nameOf = (error: TaskError | null) =>
  error?.message.includes('was given up') ? 'given up' : (error?.code ?? null)

function optionsOf({
  restart,
  maxRestarts,
  within,
  backoff,
  onLimit,
  grace,
  stopOnClose,
}: ServiceOrder): ServiceOptions {
  const options = { restart, maxRestarts, within, backoff: withoutChance(backoff), onLimit, stopOnClose }
  return grace === null ? options : { ...options, grace }
}

import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import { toError } from '../core/normalize-error.js'
import type { TaskError } from '../core/record.js'
import { RestartHistory, type RestartPolicy } from '../core/restarts.js'
import type { ServiceEnd, ServiceFunction } from '../service.js'
import type { ServiceStatus } from '../status.js'
import type { SpawnFunction } from '../work.js'
import { Alarm } from './alarm.js'
import type { Announcer } from './announcer.js'
import type { Settlement } from './attempt.js'
import { chance, nextTurn } from './clock.js'
import { captureContext, runOutsideTasks, type CapturedContext } from './context.js'
import { Eventual } from './eventual.js'
import { HealthWatch, type HealthSettings } from './health.js'
import type { Sanitizer } from './sanitizer.js'
import { ServiceRecord } from './service-record.js'
import { ServiceRun } from './service-run.js'
import * as reasons from './service-reasons.js'
import { silence } from './thenable.js'

/** What a service is made of, once its options are checked and the defaults are filled in. */
export interface ServiceSettings extends RestartPolicy {
  readonly name: string
  readonly onLimit: 'leave' | 'close'
  readonly grace: number
  readonly stopOnClose: 'first' | 'last'
  readonly healthCheck: HealthSettings | null
}

/** What a service needs from outside, and whom it tells of its end. */
export interface ServiceHost {
  readonly clock: Clock
  readonly announcer: Announcer
  readonly sanitizer: Sanitizer
  readonly context: 'inherit' | 'detach'
  readonly spawn: SpawnFunction
  readonly isClosing: boolean
  closeScope(): void
  ended(service: Service): void
  /** Takes a service in that had ended; false where there is no place for it. */
  readmit(service: Service): boolean
}

/**
 * One service: its state, and each step of its life. Every step leaves the state whole before anybody is told, since code of the
 * user's (a listener, a signal's, a getter of an error) may call back in.
 */
export class Service {
  readonly settings: ServiceSettings
  /** Its place among those that were started. */
  order = 0
  readonly #host: ServiceHost
  readonly #fn: ServiceFunction
  readonly #context: CapturedContext
  readonly #health: HealthWatch | null
  /** For the next start, or the end of the grace: there is never both. */
  readonly #alarm: Alarm
  readonly #record: ServiceRecord
  #history: RestartHistory
  /** The call of the function that has neither settled nor been given up. */
  #run: ServiceRun | null = null
  /** What was found unhealthy, until it has stopped. */
  #illness: TaskError | null = null
  /** What is to be called in the next turn, unless something comes in between. */
  #nextStart: (() => void) | null = null
  /** What follows once it has stopped. */
  #afterStop: 'end' | 'start' | 'end, then start' = 'end'
  readonly #settled = new Eventual<ServiceEnd>()
  /** Of the life that `restart` has begun, or else of the only one. */
  #life = this.#settled

  constructor(settings: ServiceSettings, fn: ServiceFunction, host: ServiceHost) {
    this.settings = settings
    this.#fn = fn
    this.#host = host
    this.#context = captureContext(host.context)
    this.#record = new ServiceRecord(settings.name)
    this.#alarm = new Alarm(host.clock)
    this.#history = new RestartHistory(settings)
    this.#health = settings.healthCheck && this.#watch(settings.healthCheck)
  }

  get settled(): Promise<ServiceEnd> {
    return this.#settled.promise
  }

  status(): ServiceStatus {
    return this.#record.status()
  }

  /** Is never started: there is nobody left to look after it. */
  refuse(): void {
    const error = this.#host.sanitizer.error(reasons.refusedByClose(this.settings.name))
    this.#record.lastError = error
    this.#record.move('stopped')
    this.#life.set(Object.freeze({ state: 'stopped', error }))
  }

  start(): void {
    this.#alarm.clear()
    this.#nextStart = null
    this.#illness = null
    this.#afterStop = 'end'
    this.#record.start(this.#host.clock.now())
    const run = (this.#run = new ServiceRun({
      name: this.settings.name,
      restarts: this.#record.restarts,
      context: this.#context,
      spawn: this.#host.spawn,
      callAbortListener: this.#callAbortListener,
    }))
    run.begin(
      this.#fn,
      () => {
        if (this.#run !== run || this.#record.state !== 'starting') return
        this.#record.move('running')
        this.#health?.start()
        this.#host.announcer.service('service:started', { service: this.status() })
      },
      (settlement) => {
        this.#hasSettled(run, settlement)
      },
    )
  }

  restart(): void {
    if (this.#host.isClosing) return
    if (this.#record.hasEnded) {
      if (!this.#host.readmit(this)) return
      this.#life = new Eventual()
      this.#history = new RestartHistory(this.settings)
      this.#startNextTurn()
    } else if (this.#run !== null) {
      if (this.#record.state !== 'stopping') {
        this.#afterStop = 'start'
        this.#tell(reasons.stoppedToRestart(this.settings.name), this.settings.grace)
      } else if (this.#afterStop === 'end') this.#afterStop = 'end, then start'
    } else if (this.#record.state === 'waiting') this.#startNextTurn()
  }

  stop(reason: unknown): Promise<void> {
    silence(reason)
    return this.#stop(reasons.stopped(this.settings.name, reason), this.settings.grace)
  }

  /** As `stop`, for `close`, which may have less time than the grace. */
  close(limitMs: number): Promise<void> {
    const { name, grace } = this.settings
    return this.#stop(reasons.stoppedByClose(name), Math.min(grace, limitMs))
  }

  #stop(reason: TaskwardError, graceMs: number): Promise<void> {
    const ended = this.#life.promise.then(() => undefined)
    if (this.#record.hasEnded) return ended
    this.#afterStop = 'end'
    if (this.#run === null) this.#end('stopped', null)
    else this.#tell(reason, graceMs)
    return ended
  }

  /** Waits no longer for a function that does not stop. What it comes to changes nothing any more. */
  giveUp(): void {
    const run = this.#run
    if (run === null) return
    const error = this.#host.sanitizer.error(reasons.notStopped(this.settings.name))
    this.#warn('service did not stop within its grace and was given up')
    if (this.#run !== run) return
    this.#run = null
    this.#alarm.clear()
    this.#record.lastError = error
    this.#hasStopped(error)
  }

  /** The function is told to stop; of two graces the one that ends first holds. */
  #tell(reason: TaskwardError, graceMs: number, state: 'stopping' | 'unhealthy' = 'stopping'): void {
    const run = this.#run!
    if (this.#record.state !== state) this.#record.move(state)
    this.#alarm.bringForward(graceMs, () => {
      this.giveUp()
    })
    this.#health?.stop()
    run.tellToStop(reason)
  }

  #hasSettled(run: ServiceRun, settlement: Settlement): void {
    const hasThrown = !settlement.isFulfilled && !run.isObedience(settlement.reason)
    const error = hasThrown ? this.#host.sanitizer.error(settlement.reason) : null
    if (this.#run !== run) {
      this.#warn('service has ended after it was given up', { error })
      return
    }
    this.#health?.stop()
    if (error && this.#record.isTold) this.#warn('service failed while it stopped', { error })
    // Any of the above may have run code of the user's.
    if (this.#run !== run) return
    if (error && this.#record.state === 'stopping') this.#record.lastError = error
    this.#run = null
    this.#alarm.clear()
    if (this.#record.isTold) this.#hasStopped(null)
    else this.#goOn(error)
  }

  /** @param error where it was given up */
  #hasStopped(error: TaskError | null): void {
    if (this.#record.state === 'unhealthy') this.#goOn(this.#illness)
    else if (this.#afterStop === 'start') this.#startNextTurn()
    else this.#end('stopped', error)
  }

  /** The function has ended, and was not told to by anybody but its health check. */
  #goOn(error: TaskError | null): void {
    if (error) this.#record.lastError = error
    const next = this.#history.afterEnd(this.#host.clock.monotonic(), error !== null, chance())
    if (next.kind === 'restart') this.#wait(next.delayMs, error)
    else if (next.kind === 'over the limit') this.#exceed(error)
    else this.#end(error ? 'failed' : 'stopped', error)
  }

  #wait(delay: number, error: TaskError | null): void {
    const { announcer, clock } = this.#host
    this.#record.wait(clock.now() + delay)
    this.#alarm.set(delay, () => {
      this.#history.add(clock.monotonic())
      this.#startAgain()
    })
    announcer.service('service:restarting', { service: this.status(), error, delay })
  }

  /** Not at once: a function that has itself restarted while it is called must not exhaust the stack. */
  #startNextTurn(): void {
    const isAnnounced = this.#record.state === 'waiting'
    this.#alarm.clear()
    this.#record.prepare()
    const start = (this.#nextStart = () => {
      if (this.#nextStart === start) this.#startAgain()
    })
    nextTurn(start)
    if (!isAnnounced)
      this.#host.announcer.service('service:restarting', { service: this.status(), error: null, delay: 0 })
  }

  #startAgain(): void {
    this.#record.restarts++
    this.start()
  }

  #exceed(error: TaskError | null): void {
    const { name, onLimit } = this.settings
    const cause = error === null ? undefined : toError(error)
    const limitError = this.#host.sanitizer.error(reasons.overLimit(name, this.settings, cause))
    this.#record.lastError = limitError
    this.#end('failed', limitError)
    if (onLimit === 'close') this.#host.closeScope()
  }

  #end(state: 'stopped' | 'failed', error: TaskError | null): void {
    const startsAnew = this.#afterStop === 'end, then start'
    this.#alarm.clear()
    this.#nextStart = null
    this.#afterStop = 'end'
    this.#record.move(state)
    this.#life.set(Object.freeze({ state, error }))
    const { announcer } = this.#host
    this.#host.ended(this)
    if (state === 'failed') announcer.service('service:failed', { service: this.status(), error: error! })
    else announcer.service('service:stopped', { service: this.status() })
    if (startsAnew) this.restart()
  }

  #watch(settings: HealthSettings): HealthWatch {
    const { clock, sanitizer } = this.#host
    return new HealthWatch(settings, {
      clock,
      name: this.settings.name,
      call: (check) => runOutsideTasks(this.#context, check),
      callAbortListener: this.#callAbortListener,
      describeError: (thrown) => sanitizer.error(thrown).message,
      onUnhealthy: (why) => {
        const illness = sanitizer.error(why)
        if (this.#record.state !== 'running') return
        this.#illness = illness
        this.#record.lastError = illness
        this.#tell(reasons.unhealthy(this.settings.name, why), this.settings.grace, 'unhealthy')
        this.#warn('service is unhealthy: it is stopped', { error: illness })
      },
    })
  }

  readonly #callAbortListener = (listener: () => unknown): void => {
    this.#host.announcer.callHook('abort listener', listener)
  }

  #warn(text: string, fields: Record<string, unknown> = {}): void {
    this.#host.announcer.log('warn', text, { name: this.settings.name, ...fields })
  }
}

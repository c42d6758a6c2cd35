import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { formatStatus } from '../core/format-status.js'
import type { Redact } from '../core/redact.js'
import type { Logger } from '../logger.js'
import type { SupervisorStatus } from '../status.js'
import type { TaskStore } from '../store.js'
import type { CloseReport, OnError } from '../work.js'
import { Announcer } from './announcer.js'
import { ProcessHold } from './clock.js'
import { closeDown, type ClosingOptions } from './closing.js'
import type { DispatcherOptions } from './dispatcher.js'
import type { HandleOwner } from './handle.js'
import { ExitGuard, type Exits } from './exit-guard.js'
import { IdleGate } from './idle.js'
import { IdSource } from './ids.js'
import { Intake } from './intake.js'
import { Ledger } from './ledger.js'
import type { LiveTask } from './live-task.js'
import { Monitor } from './monitor.js'
import { Pipeline } from './pipeline.js'
import type { PipelineParts } from './pipeline-parts.js'
import { Reception } from './reception.js'
import { RecordKeeping, type RecordKeepingOptions } from './record-keeping.js'
import { Sanitizer } from './sanitizer.js'
import { Scope, type ScopeSettings } from './scope.js'
import { Services, type ServicesParts } from './services.js'
import { statusOf, waitedMs } from './status-of.js'

export interface AssemblyOptions extends DispatcherOptions, RecordKeepingOptions {
  readonly redact: Redact
  readonly maxResultBytes: number
  readonly monitor: { readonly enabled: boolean; readonly interval: number }
}

export interface AssemblyParts {
  readonly clock: Clock
  readonly store: TaskStore
  readonly logger: Logger | null
  readonly onError: OnError | null
  readonly spawnChild: PipelineParts['spawnChild']
  readonly services: Pick<ServicesParts, 'spawn' | 'closeScope'>
  readonly exits: Exits
}

/** The parts of a supervisor, put together; what each does is its own affair. */
export class Assembly {
  readonly instanceId = randomUUID()
  readonly announcer: Announcer
  readonly intake: Intake
  readonly idle: IdleGate
  readonly ledger = new Ledger()
  readonly pipeline: Pipeline
  readonly reception: Reception
  readonly records: RecordKeeping
  readonly services: Services
  readonly #options: AssemblyOptions
  readonly #clock: Clock
  readonly #ids = new IdSource()
  readonly #hold = new ProcessHold()
  readonly #exit: ExitGuard
  readonly #monitor: Monitor | null
  readonly #sanitizer: Sanitizer
  readonly #startedAt: number
  readonly #startedMono: number
  #state: 'open' | 'draining' | 'closed' = 'open'
  #closing: Promise<CloseReport> | undefined

  constructor(
    options: AssemblyOptions,
    { clock, store: unguarded, logger, onError, spawnChild, services, exits }: AssemblyParts,
  ) {
    this.#options = options
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#startedMono = clock.monotonic()
    const { ledger } = this
    const sanitizer = (this.#sanitizer = new Sanitizer(options.redact, options.maxResultBytes))
    const announcer = (this.announcer = new Announcer(clock, sanitizer, logger, onError))
    const records = (this.records = new RecordKeeping(unguarded, options, {
      ...{ clock, announcer, ledger, sanitizer, instanceId: this.instanceId, makeId: this.#makeId },
      status: (tasks) => this.status(tasks),
      onEmptied: () => {
        this.#exit.rest()
      },
    }))
    this.services = new Services(this.#servicesParts(services))
    const { recorder } = records
    this.#exit = new ExitGuard({
      ...{ name: options.name, exits, hasLogger: logger !== null, store: records.store },
      ...{ clock, announcer, ledger, recorder, sanitizer, instanceId: this.instanceId, makeId: this.#makeId },
    })
    this.intake = new Intake(ledger, recorder)
    const idle = (this.idle = new IdleGate(
      clock,
      () => ledger.isIdle,
      () => {
        this.#rest()
      },
    ))
    this.pipeline = new Pipeline(options, {
      clock,
      announcer,
      ledger,
      recorder,
      sanitizer,
      gate: records.gate,
      makeId: this.#makeId,
      spawnChild,
      find: recorder.find.bind(recorder),
      read: records.reader.get.bind(records.reader),
      storeTimeoutMs: options.storeTimeout,
      onStep: idle.check.bind(idle),
    })
    this.reception = new Reception({
      ...{ clock, announcer, sanitizer, intake: this.intake, pipeline: this.pipeline },
      ...{ instanceId: this.instanceId, isAhead: records.isAhead },
      stamp: (nowMs) => this.#ids.stamp(nowMs),
      makeId: (task, stamp) => {
        const id = this.#ids.at(stamp)
        recorder.named(task, id)
        return id
      },
      onTask: () => {
        if (idle.busy()) this.#exit.busy()
        if (options.keepAlive) this.#hold.hold()
        this.#monitor?.start()
      },
    })
    const logCounts = (): void => {
      announcer.log('debug', formatStatus(this.status(0)), {})
    }
    this.#monitor = logger && options.monitor.enabled ? new Monitor(clock, options.monitor.interval, logCounts) : null
  }

  /** For the handles of its tasks. */
  readonly handleOwner: HandleOwner = {
    cancel: (task, reason) => this.pipeline.cancel(task, reason),
    watcherOf: (task) => this.pipeline.waits.watcherOf(task),
    setPriority: (task, priority) => this.pipeline.setPriority(task, priority),
  }

  readonly #makeId = (nowMs: number): string => this.#ids.next(nowMs)

  /** Tells those that match to stop, and gives their number. */
  cancelWhere(matches: (task: LiveTask) => boolean, reason: unknown): number {
    return this.pipeline.sweep.cancel([...this.ledger.live()].filter(matches), reason)
  }

  /** @throws TaskOptionError `OPTION_INVALID` when its signal cannot be listened to */
  scope(parent: Scope | null, settings: ScopeSettings, services: AssemblyParts['services']): Scope {
    const { instanceId, ledger, pipeline, records } = this
    return new Scope(parent?.node ?? null, settings, {
      ...{ clock: this.#clock, instanceId, ledger, pipeline, records },
      state: () => parent?.state ?? this.#publicState,
      makeServices: (own) =>
        new Services({ ...this.#servicesParts(services), ...own }, parent?.services ?? this.services),
    })
  }

  #servicesParts(services: AssemblyParts['services']): ServicesParts {
    const { announcer } = this
    return { ...services, clock: this.#clock, announcer, sanitizer: this.#sanitizer, ...this.#options }
  }

  pause(): void {
    if (this.#state === 'open') this.pipeline.dispatcher.isPaused = true
  }

  resume(): void {
    this.pipeline.dispatcher.isPaused = false
  }

  status(tasks: number): SupervisorStatus {
    const { ledger } = this
    const { gates, queueState, slots, waiting } = this.pipeline.dispatcher
    return statusOf({
      ...{ name: this.#options.name, instanceId: this.instanceId, clock: this.#clock, tallies: ledger.tallies },
      ...{ state: this.#publicState, startedAt: this.#startedAt, startedMono: this.#startedMono },
      slots,
      queue: {
        waiting,
        limit: queueState.limit,
        oldestWaitMs: waitedMs(ledger.waiting.first?.dueMono ?? Infinity, this.#clock.monotonic()),
        saturated: queueState.isFull,
      },
      lanes: gates.status(),
      services: this.services.status(),
      store: this.records.recorder.status,
      tasks: ledger.records(tasks),
    })
  }

  get #publicState(): SupervisorStatus['state'] {
    return this.#state === 'open' && this.pipeline.dispatcher.isPaused ? 'paused' : this.#state
  }

  rested(timeoutMs: number): Promise<boolean> {
    return this.records.rested(this.idle, timeoutMs)
  }

  close(options: ClosingOptions): Promise<CloseReport> {
    return (this.#closing ??= this.#close(options))
  }

  async #close(options: ClosingOptions): Promise<CloseReport> {
    this.#state = 'draining'
    // Whoever awaits the report gets it, with nothing but a hanging store left to wait for, and whatever keepAlive says.
    const hold = new ProcessHold()
    hold.hold()
    const { idle, intake, ledger, pipeline, records, services } = this
    const report = await closeDown(options, { clock: this.#clock, idle, intake, ledger, pipeline, records, services })
    hold.release()
    this.#state = 'closed'
    this.#exit.rest()
    this.announcer.closed(report)
    return report
  }

  #rest(): void {
    this.pipeline.rest()
    this.#hold.release()
    this.#monitor?.stop()
    this.#exit.rest()
    this.announcer.idle()
  }
}

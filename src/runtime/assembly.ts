import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { formatStatus } from '../core/format-status.js'
import type { Redact } from '../core/redact.js'
import type { Logger } from '../logger.js'
import type { SupervisorStatus } from '../status.js'
import type { TaskStore } from '../store.js'
import type { CloseReport, TaskFunction } from '../work.js'
import { linkCaller, type CallerLink } from './caller-signals.js'
import { Announcer, type OnError } from './announcer.js'
import { ProcessHold } from './clock.js'
import { closeDown, type ClosingOptions } from './closing.js'
import type { DispatcherOptions } from './dispatcher.js'
import { IdleGate } from './idle.js'
import { IdSource } from './ids.js'
import { Intake } from './intake.js'
import { Ledger } from './ledger.js'
import { LiveTask, type TaskSettings } from './live-task.js'
import { Monitor } from './monitor.js'
import { Pipeline } from './pipeline.js'
import { RecordKeeping, type RecordKeepingOptions } from './record-keeping.js'
import { Sanitizer } from './sanitizer.js'
import { statusOf } from './status-of.js'

export interface AssemblyOptions extends DispatcherOptions, RecordKeepingOptions {
  readonly redact: Redact
  readonly monitor: { readonly enabled: boolean; readonly interval: number }
}

export interface AssemblyParts {
  readonly clock: Clock
  readonly store: TaskStore
  readonly logger: Logger | null
  readonly onError: OnError | null
}

/** What a spawn asks for: the task's settings, and what is not part of them. */
export interface SpawnRequest {
  readonly settings: TaskSettings
  readonly id: string | null
  readonly signal: AbortSignal | null
}

/** The parts of a supervisor, put together; what each does is its own affair. */
export class Assembly {
  readonly instanceId = randomUUID()
  readonly announcer: Announcer
  readonly intake: Intake
  readonly idle: IdleGate
  readonly ledger = new Ledger()
  readonly pipeline: Pipeline
  readonly records: RecordKeeping
  readonly #options: AssemblyOptions
  readonly #clock: Clock
  readonly #ids = new IdSource()
  readonly #hold = new ProcessHold()
  readonly #monitor: Monitor | null
  readonly #sanitizer: Sanitizer
  readonly #startedAt: number
  readonly #startedMono: number
  #state: 'open' | 'draining' | 'closed' = 'open'
  #closing: Promise<CloseReport> | undefined
  #order = 0

  constructor(options: AssemblyOptions, { clock, store: unguarded, logger, onError }: AssemblyParts) {
    this.#options = options
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#startedMono = clock.monotonic()
    const { ledger } = this
    const sanitizer = (this.#sanitizer = new Sanitizer(options.redact))
    const announcer = (this.announcer = new Announcer(clock, sanitizer, logger, onError))
    const records = (this.records = new RecordKeeping(unguarded, options, {
      ...{ clock, announcer, ledger, sanitizer, instanceId: this.instanceId, makeId: this.#makeId },
      status: (tasks) => this.status(tasks),
    }))
    const { recorder } = records
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
      onStep: idle.check.bind(idle),
    })
    const logCounts = (): void => {
      announcer.log('debug', formatStatus(this.status(0)), {})
    }
    this.#monitor = logger && options.monitor.enabled ? new Monitor(clock, options.monitor.interval, logCounts) : null
  }

  readonly #makeId = (nowMs: number): string => this.#ids.next(nowMs)

  spawn({ settings, id, signal }: SpawnRequest, work: TaskFunction<unknown> | PromiseLike<unknown>): LiveTask {
    // Before there is a task: a signal that cannot be listened to is misuse, and leaves nothing behind.
    const caller = signal && this.#link(signal)
    const task = new LiveTask(this.#order++, settings, {
      id,
      instanceId: this.instanceId,
      atMs: this.#clock.now(),
      atMono: this.#clock.monotonic(),
      metadata: this.#sanitizer.metadata(settings.metadata),
      makeId: this.#makeId,
    })
    if (caller) {
      caller.task = task
      task.unlinkSignal = caller.link.unlink
    }
    this.idle.busy()
    if (this.#options.keepAlive) this.#hold.hold()
    this.#monitor?.start()
    task.isAhead = this.records.isAhead
    const refusal = this.intake.refusalOf(task, id !== null)
    this.pipeline.spawn(task, work, {
      refusal,
      hasAborted: caller?.link.hasAborted ?? false,
      abortReason: caller?.link.reason,
    })
    return task
  }

  #link(signal: AbortSignal): { task: LiveTask | null; link: CallerLink } {
    const caller: { task: LiveTask | null; link: CallerLink } = {
      task: null,
      link: linkCaller(
        signal,
        (reason) => {
          if (caller.task) this.pipeline.cancel(caller.task, reason)
        },
        () => caller.task?.status === 'pending',
      ),
    }
    return caller
  }

  /** Tells those that match to stop, and gives their number. */
  cancelWhere(matches: (task: LiveTask) => boolean, reason: unknown): number {
    const targets = [...this.ledger.live()].filter(matches)
    return targets.filter((task) => this.pipeline.cancel(task, reason)).length
  }

  pause(): void {
    if (this.#state === 'open') this.pipeline.dispatcher.isPaused = true
  }

  resume(): void {
    this.pipeline.dispatcher.isPaused = false
  }

  status(tasks: number): SupervisorStatus {
    const { dispatcher } = this.pipeline
    return statusOf(
      {
        name: this.#options.name,
        instanceId: this.instanceId,
        state: this.#state === 'open' && dispatcher.isPaused ? 'paused' : this.#state,
        queueLimit: this.#options.queueLimit,
        startedAt: this.#startedAt,
        startedMono: this.#startedMono,
        clock: this.#clock,
        dispatcher,
        ledger: this.ledger,
        recorder: this.records.recorder,
      },
      tasks,
    )
  }

  /** Resolves to true when nothing lives and every outcome has been told, to false when that took longer. */
  async rested(timeoutMs: number): Promise<boolean> {
    const startedMono = this.#clock.monotonic()
    for (;;) {
      const leftMs = Math.max(0, timeoutMs - (this.#clock.monotonic() - startedMono))
      if (!(await this.idle.wait(leftMs))) return false
      const { gate } = this.records
      if (!gate || gate.isEmpty) return true
      if (!(await gate.empty(leftMs))) return false
    }
  }

  close(options: ClosingOptions): Promise<CloseReport> {
    return (this.#closing ??= this.#close(options))
  }

  async #close(options: ClosingOptions): Promise<CloseReport> {
    this.#state = 'draining'
    // Whoever awaits the report gets it, with nothing but a hanging store left to wait for, and whatever keepAlive says.
    const hold = new ProcessHold()
    hold.hold()
    const { idle, intake, ledger, pipeline, records } = this
    const report = await closeDown(options, { clock: this.#clock, idle, intake, ledger, pipeline, records })
    hold.release()
    this.#state = 'closed'
    this.announcer.closed(report)
    return report
  }

  #rest(): void {
    this.pipeline.rest()
    this.#hold.release()
    this.#monitor?.stop()
    this.announcer.idle()
  }
}

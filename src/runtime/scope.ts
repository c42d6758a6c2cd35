import type { Clock } from '../clock.js'
import { deepFreeze } from '../core/freeze.js'
import type { SupervisorStatus } from '../status.js'
import type { CloseReport } from '../work.js'
import { linkCaller } from './caller-signals.js'
import { ProcessHold } from './clock.js'
import { abandonedRecords, closeTasks, within, type ClosingOptions } from './closing.js'
import { IdleGate } from './idle.js'
import { recordsOf, type Ledger } from './ledger.js'
import type { LiveTask, TaskScopeNode } from './live-task.js'
import type { Pipeline } from './pipeline.js'
import type { RecordKeeping } from './record-keeping.js'
import { ScopeNode, type ScopeNodeOptions } from './scope-node.js'
import type { Services, ServicesParts } from './services.js'
import { statusOf, waitedMs } from './status-of.js'

export interface ScopeParts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly pipeline: Pipeline
  readonly records: RecordKeeping
  readonly instanceId: string
  /** The state of what it is in: the supervisor, or a scope. */
  readonly state: () => SupervisorStatus['state']
  readonly makeServices: (own: Pick<ServicesParts, 'isCancelled' | 'onLive' | 'onEmpty'>) => Services
}

export interface ScopeSettings extends ScopeNodeOptions {
  /** How long its services may take to stop when its signal aborts. */
  readonly graceMs: number
  readonly signal: AbortSignal | null
}

/** A part of a supervisor's tasks that is capped, cancelled, awaited and closed as one. */
export class Scope {
  readonly node: TaskScopeNode
  readonly services: Services
  readonly #parts: ScopeParts
  readonly #idle: IdleGate
  readonly #graceMs: number
  readonly #startedAt: number
  readonly #startedMono: number
  readonly #signal: AbortSignal | null
  /** Takes it off its signal, on which it is as long as anybody lives in it: one that is let go leaves nothing there. */
  #unlink: (() => void) | null = null
  #closing: Promise<CloseReport> | undefined
  #isClosed = false

  /** @throws TaskOptionError `OPTION_INVALID` when the signal cannot be listened to */
  constructor(parent: TaskScopeNode | null, settings: ScopeSettings, parts: ScopeParts) {
    const { clock, ledger } = parts
    this.#parts = parts
    this.#signal = settings.signal
    this.#graceMs = settings.graceMs
    this.#startedAt = clock.now()
    this.#startedMono = clock.monotonic()
    const node = (this.node = new ScopeNode(ledger.tallies, parent, settings))
    const idle = (this.#idle = new IdleGate(
      clock,
      () => node.tallies.isIdle,
      () => undefined,
    ))
    node.onBusy = () => {
      idle.busy()
      this.#link()
    }
    node.onRest = () => {
      idle.check()
      this.#letGo()
    }
    this.services = parts.makeServices({
      isCancelled: () => node.cancelled !== null,
      onLive: this.#link.bind(this),
      onEmpty: this.#letGo.bind(this),
    })
    // So that a signal that cannot be listened to is known at once.
    if (settings.signal) this.#unlink = this.#listenTo(settings.signal)
    this.#letGo()
  }

  #listenTo(signal: AbortSignal): (() => void) | null {
    const { sweep } = this.#parts.pipeline
    const member = { sweep, tasks: () => this.node.live(), onAbort: this.#cancelledForGood.bind(this) }
    return linkCaller(signal, member, 'scope().signal').unlink
  }

  #link(): void {
    if (!this.#signal || this.#unlink || this.node.cancelled) return
    try {
      this.#unlink = this.#listenTo(this.#signal)
    } catch {
      // One of the caller's own making that could be listened to at first: it is asked at each spawn all the same.
    }
  }

  /** To be called when somebody has gone. */
  #letGo(): void {
    if (!this.#unlink || !this.node.tallies.isIdle || !this.services.isEmpty) return
    this.#unlink()
    this.#unlink = null
  }

  /** Its signal has aborted: all that lived in it has been cancelled, and so is all that comes. */
  #cancelledForGood(reason: unknown): void {
    this.node.cancelForGood(reason)
    const { clock } = this.#parts
    const startedMono = clock.monotonic()
    this.services.beginClose()
    void this.services.endClose(() => Math.max(0, startedMono + this.#graceMs - clock.monotonic()))
  }

  /** Tells those that match to stop, those who wait first, and gives their number. */
  cancelWhere(matches: (task: LiveTask) => boolean, reason: unknown): number {
    return this.#parts.pipeline.sweep.cancel([...this.node.live()].filter(matches), reason)
  }

  /** Resolves to true when nothing lives in it and every outcome has been told, to false when that took longer. */
  rested(timeoutMs: number): Promise<boolean> {
    return this.#parts.records.rested(this.#idle, timeoutMs)
  }

  status(tasks: number): SupervisorStatus {
    const { clock, instanceId, pipeline, records } = this.#parts
    const { gate, gates, name, tallies } = this.node
    const sinceMono = Math.min(...[...this.node.oldest('waiting')].map(({ dueMono }) => dueMono))
    const { queueState, slots } = pipeline.dispatcher
    return statusOf({
      ...{ name, instanceId, clock, tallies },
      ...{ state: this.state, startedAt: this.#startedAt, startedMono: this.#startedMono },
      slots: { limit: Math.min(slots.limit, ...gates.map((each) => each.limit)), held: gate.held },
      queue: {
        waiting: tallies.now.waiting,
        limit: queueState.limit,
        oldestWaitMs: waitedMs(sinceMono, clock.monotonic()),
        saturated: queueState.isFull,
      },
      lanes: {},
      services: this.services.status(),
      store: records.recorder.status,
      tasks: recordsOf(this.#inOrder(), tasks),
    })
  }

  /** Running first, then stopping, abandoned, waiting and delayed ones, each oldest first in each scope. */
  *#inOrder(): Generator<LiveTask> {
    yield* this.node.those('running')
    for (const { isAbandoned, task } of this.node.straggling()) if (!isAbandoned) yield task
    for (const { isAbandoned, task } of this.node.straggling()) if (isAbandoned) yield task
    yield* this.node.those('waiting')
    yield* this.node.those('delayed')
  }

  get state(): SupervisorStatus['state'] {
    const around = this.#parts.state()
    if (this.#isClosed || around === 'closed') return 'closed'
    return this.#closing ? 'draining' : around
  }

  close(options: ClosingOptions): Promise<CloseReport> {
    return (this.#closing ??= this.#close(options))
  }

  async #close({ mode, timeout, grace }: ClosingOptions): Promise<CloseReport> {
    const { clock, pipeline } = this.#parts
    const { node } = this
    const hold = new ProcessHold()
    hold.hold()
    const startedMono = clock.monotonic()
    const { completed, failed, cancelled } = node.tallies.totals
    const budgetMs = (mode === 'drain' ? timeout : 0) + grace
    const leftMs = (): number => Math.max(0, budgetMs - (clock.monotonic() - startedMono))
    const forServicesMs = this.services.reserveOf(budgetMs)
    const leftForTasksMs = (): number => Math.max(0, leftMs() - forServicesMs)
    this.services.beginClose()
    await closeTasks(
      { mode, timeoutMs: Math.min(timeout, leftForTasksMs()), graceMs: () => Math.min(grace, leftForTasksMs()) },
      {
        idle: this.#idle,
        admitOnly: (state) => (node.intake = state),
        abort: (graceMs) => {
          pipeline.sweep.abort(node, graceMs)
        },
      },
    )
    await this.services.endClose(leftMs)
    const persisted = await this.#isPersisted(leftMs())
    this.#unlink?.()
    this.#unlink = null
    this.#isClosed = true
    hold.release()
    return deepFreeze({
      completed: node.tallies.totals.completed - completed,
      failed: node.tallies.totals.failed - failed,
      cancelled: node.tallies.totals.cancelled - cancelled,
      abandoned: abandonedRecords([...node.straggling()].filter(({ isAbandoned }) => isAbandoned)),
      handedOff: [],
      persisted,
      durationMs: Math.round(clock.monotonic() - startedMono),
    })
  }

  /** Whether the store has its tasks in time. Those of others are not waited for: they may come without end. */
  async #isPersisted(limitMs: number): Promise<boolean> {
    const { clock, records } = this.#parts
    const { recorder } = records
    if (!recorder.hasWork) return true
    const left = [...recorder.known()].filter((task) => !task.isRecorded && this.node.holds(task.scope))
    if (left.length === 0) return true
    if (recorder.status.state !== 'ok') return false
    const told = left.map(({ persisted }) => persisted.promise)
    return within(clock, limitMs, async () => (await Promise.all(told)).every(Boolean))
  }
}

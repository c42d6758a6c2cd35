import type { Clock } from '../clock.js'
import type { JsonValue } from '../core/record.js'
import type { FleetStatus, SupervisorStatus } from '../status.js'
import type { Heartbeat, TaskStore } from '../store.js'
import type { Announcer } from './announcer.js'
import { nextTurn, ProcessHold } from './clock.js'
import { fleetOf, statusForFleet } from './fleet.js'
import { GuardedStore } from './guarded-store.js'
import type { IdleGate } from './idle.js'
import type { Ledger } from './ledger.js'
import { Presence } from './presence.js'
import { Reader } from './reader.js'
import { Recorder } from './recorder.js'
import { Recovery } from './recovery.js'
import { Retention, type RetentionPolicy } from './retention.js'
import type { Sanitizer } from './sanitizer.js'
import { StoreGate } from './store-gate.js'

export interface RecordKeepingOptions {
  readonly name: string
  readonly keepAlive: boolean
  readonly retention: RetentionPolicy
  /** Whether a durable store has a task's record before its start, and its outcome before that is told. */
  readonly durability: 'ahead' | 'behind'
  readonly storeTimeout: number
}

export interface RecordKeepingParts {
  readonly clock: Clock
  readonly announcer: Announcer
  readonly ledger: Ledger
  readonly sanitizer: Sanitizer
  readonly instanceId: string
  readonly makeId: (nowMs: number) => string
  readonly status: (tasks: number) => SupervisorStatus
  /** Called when nothing waits for the store any more. */
  readonly onEmptied: () => void
}

/** All that stands between a supervisor and its store: who writes, who reads, who tidies up, who says that we live. */
export class RecordKeeping {
  readonly store: GuardedStore
  readonly recorder: Recorder
  readonly reader: Reader
  readonly retention: Retention
  readonly presence: Presence
  readonly isAhead: boolean
  /** For tasks that wait for the store; null where that dies with the process. */
  readonly gate: StoreGate | null
  readonly #options: RecordKeepingOptions
  readonly #parts: RecordKeepingParts
  readonly #recovery: Recovery

  constructor(unguarded: TaskStore, options: RecordKeepingOptions, parts: RecordKeepingParts) {
    this.#options = options
    this.#parts = parts
    const { clock, announcer, ledger, sanitizer } = parts
    const { durable } = unguarded.capabilities
    const store = (this.store = new GuardedStore(unguarded, clock, (beat) => this.#opened(beat)))
    const retention = (this.retention = new Retention(store, clock, options.retention, (thrown) => {
      announcer.hookFailed('retention', thrown)
    }))
    const recorder = (this.recorder = new Recorder(
      store,
      clock,
      sanitizer,
      {
        storeFailed: (error, buffered) => {
          announcer.storeFailed(error, buffered)
          this.gate?.down()
        },
        storeRecovered: (buffered) => {
          this.gate?.up()
          announcer.storeRecovered(buffered)
        },
        recorded: retention.recorded.bind(retention),
        emptied: parts.onEmptied,
      },
      { hold: durable && options.keepAlive ? new ProcessHold() : null },
    ))
    this.reader = new Reader(store, recorder)
    const overdue = (): void => {
      recorder.overdue(options.storeTimeout)
    }
    this.isAhead = durable && options.durability === 'ahead'
    this.gate = durable ? new StoreGate(clock, options.storeTimeout, overdue) : null
    this.#recovery = new Recovery({
      ...parts,
      store,
      onInterrupted: (record, failure) => {
        ledger.tallies.failed(failure)
        announcer.interrupted(record, failure)
      },
    })
    this.presence = new Presence({
      ...{ clock, store },
      heartbeat: () => this.#heartbeat(),
      onBeat: () => this.#recovery.run(),
      onFailed: (thrown) => {
        this.#warn('the store took no heartbeat', thrown)
      },
    })
  }

  /** Opens the store, and ends what dead processes left in it. */
  async open(): Promise<void> {
    await this.store.open()
    if (this.store.capabilities.durable) await this.#recovery.run()
  }

  /** Resolves to true when that is idle and every outcome has been told, to false when it took longer. */
  async rested(idle: IdleGate, timeoutMs: number): Promise<boolean> {
    const { clock } = this.#parts
    const startedMono = clock.monotonic()
    for (;;) {
      const leftMs = Math.max(0, timeoutMs - (clock.monotonic() - startedMono))
      if (!(await idle.wait(leftMs))) return false
      if (!this.gate || this.gate.isEmpty) return true
      if (!(await this.gate.empty(leftMs))) return false
    }
  }

  async fleet(): Promise<FleetStatus> {
    const instances = this.store.capabilities.durable ? await this.store.instances() : []
    return fleetOf(this.#parts.status(100), this.#parts.clock.now(), instances)
  }

  /** What follows the store's opening, whoever asked for it. */
  async #opened(beat: (heartbeat: Heartbeat) => Promise<void>): Promise<void> {
    if (!this.store.capabilities.durable) return
    await this.presence.begin(beat)
    nextTurn(() => {
      this.retention.opened()
      this.#recovery.run().catch((thrown: unknown) => {
        this.#warn('what dead processes left could not be looked at yet', thrown)
      })
    })
  }

  #heartbeat(): Omit<Heartbeat, 'ttl'> {
    // As JSON, in which a limit without end is null.
    const status = JSON.parse(JSON.stringify(statusForFleet(this.#parts.status(0)))) as JsonValue
    return { instanceId: this.#parts.instanceId, name: this.#options.name, status }
  }

  #warn(text: string, thrown: unknown): void {
    this.#parts.announcer.log('warn', text, { error: this.#parts.sanitizer.error(thrown) })
  }
}

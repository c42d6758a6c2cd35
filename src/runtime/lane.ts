import { LinkedList, type ListEntry } from '../core/linked-list.js'
import { RateWindow } from '../core/rate-window.js'
import type { Clock } from '../clock.js'
import type { LaneStatus } from '../status.js'
import type { LanePolicy } from '../work.js'
import { Gate } from './gate.js'

export interface LaneSettings {
  readonly concurrency: number
  readonly queueLimit: number
  readonly rate: { readonly limit: number; readonly interval: number } | null
  readonly policy: LanePolicy | null
}

/** A task that waits in a lane. */
export class LanePlace implements ListEntry<LanePlace> {
  list: object | null = null
  previous: LanePlace | null = null
  next: LanePlace | null = null
  readonly sinceMono: number

  constructor(sinceMono: number) {
    this.sinceMono = sinceMono
  }
}

/** A named group of tasks: its cap and rate as a gate, who waits in it, and what its policy has last done. */
export class Lane extends Gate {
  readonly name: string
  readonly settings: LaneSettings
  /** Those who wait, in the order in which their time had come. */
  readonly waiting = new LinkedList<LanePlace>()
  /** Whether its policy has turned the last call away without calling the function. */
  hasRefused = false
  readonly #clock: Clock
  readonly #rate: RateWindow | null
  readonly #onOpen: () => void
  #isRateFull = false
  #cancelTimer: (() => void) | null = null

  /** @param onOpen called when time has opened the lane again, for somebody who waits */
  constructor(name: string, settings: LaneSettings, clock: Clock, onOpen: () => void) {
    super(settings.concurrency)
    this.name = name
    this.settings = settings
    this.#clock = clock
    this.#rate = settings.rate && new RateWindow(settings.rate.limit, settings.rate.interval)
    this.#onOpen = onOpen
  }

  override get isOpen(): boolean {
    return !this.#isRateFull && super.isOpen
  }

  override enter(): void {
    super.enter()
    this.takeToken()
  }

  /** Each start takes a token of the rate: that of a retry too, and one in the place of another task. */
  takeToken(): void {
    this.#rate?.take(this.#clock.monotonic())
    this.refresh()
    this.watch()
  }

  /** Whether the rate allows no start now. */
  get lacksToken(): boolean {
    this.refresh()
    return this.#isRateFull
  }

  /** Whether it allows one later, if nothing else starts. */
  get getsToken(): boolean {
    return this.lacksToken && this.#rate!.opensAt(this.#clock.monotonic()) !== Infinity
  }

  /** Looks whether time has opened it: timers may come late. */
  refresh(): void {
    if (this.#rate === null) return
    const isFull = this.#rate.opensAt(this.#clock.monotonic()) !== -Infinity
    if (isFull === this.#isRateFull) return
    this.#isRateFull = isFull
    this.changed()
    // Those who still wait need waking, whoever has taken the last token.
    this.watch()
  }

  /** Wakes who waits once the rate allows the next start; to be called when somebody comes to wait. */
  watch(): void {
    if (!this.#isRateFull || this.#cancelTimer !== null || this.waiting.size === 0) return
    const nowMono = this.#clock.monotonic()
    const opensAt = this.#rate!.opensAt(nowMono)
    if (opensAt === Infinity) return
    this.#cancelTimer = this.#clock.setTimer(Math.max(0, opensAt - nowMono), () => {
      this.#cancelTimer = null
      this.refresh()
      // A timer that comes too early is set again.
      this.watch()
      this.#onOpen()
    })
  }

  /** Gives the timer back where nobody waits for it. */
  rest(): void {
    if (this.waiting.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  status(): LaneStatus {
    this.refresh()
    const oldest = this.waiting.first
    return {
      limit: this.limit,
      running: this.held,
      waiting: this.waiting.size,
      queueLimit: this.settings.queueLimit,
      oldestWaitMs: oldest === null ? 0 : Math.max(0, Math.floor(this.#clock.monotonic() - oldest.sinceMono)),
      state: this.#state,
    }
  }

  get #state(): LaneStatus['state'] {
    if (this.hasRefused || isBroken(this.settings.policy)) return 'broken'
    if (this.held >= this.limit) return 'saturated'
    return this.#isRateFull ? 'rate-limited' : 'open'
  }
}

/** As cockatiel's circuit breaker says it: 1 for an open circuit, 3 for one that is held open. */
function isBroken(policy: LanePolicy | null): boolean {
  if (policy === null) return false
  try {
    const { state } = policy as { state?: unknown }
    return state === 1 || state === 3
  } catch {
    // A getter of the user's that throws says nothing.
    return false
  }
}

import type { Clock } from '../clock.js'
import type { Heartbeat } from '../store.js'
import type { GuardedStore } from './guarded-store.js'

const BEAT_MS = 5_000
/** Longer than a process may well be busy with one thing: another takes its tasks for abandoned after that. */
const TTL_MS = 30_000

export interface PresenceParts {
  readonly clock: Clock
  readonly store: GuardedStore
  /** What to say of this process. */
  readonly heartbeat: () => Omit<Heartbeat, 'ttl'>
  /** Done with every beat that arrives. */
  readonly onBeat: () => Promise<void>
  readonly onFailed: (thrown: unknown) => void
}

/** Says, every 5 s, that this process lives, from the store's opening on. Its timer keeps nothing alive. */
export class Presence {
  readonly #parts: PresenceParts
  #cancelTimer: (() => void) | null = null
  #hasFailed = false
  #hasEnded = false

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** The first beat, which comes before anything is written. Rejects where the store does. */
  async begin(beat: (heartbeat: Heartbeat) => Promise<void>): Promise<void> {
    await beat(this.#heartbeat())
    this.#arm()
  }

  /** Takes this process off the list. */
  async end(): Promise<void> {
    const hasBegun = this.#cancelTimer !== null
    this.#hasEnded = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (hasBegun) await this.#parts.store.leave(this.#heartbeat().instanceId)
  }

  #heartbeat(): Heartbeat {
    return { ...this.#parts.heartbeat(), ttl: TTL_MS }
  }

  #arm(): void {
    if (this.#hasEnded) return
    this.#cancelTimer = this.#parts.clock.setTimer(BEAT_MS, () => {
      void this.#beat().finally(() => {
        this.#arm()
      })
    })
  }

  async #beat(): Promise<void> {
    try {
      await this.#parts.store.beat(this.#heartbeat())
      await this.#parts.onBeat()
      this.#hasFailed = false
    } catch (thrown) {
      // Once an outage, not once a beat.
      if (!this.#hasFailed && !this.#hasEnded) this.#parts.onFailed(thrown)
      this.#hasFailed = true
    }
  }
}

import { dateOf } from '../core/instant.js'
import type { TaskError } from '../core/record.js'
import { moveService, type ServiceState } from '../core/service-lifecycle.js'
import type { ServiceStatus } from '../status.js'

/** How a service stands. Decides nothing; each change is one step of its life, whole. */
export class ServiceRecord {
  readonly #name: string
  state: ServiceState = 'starting'
  restarts = 0
  lastError: TaskError | null = null
  #startedAt: number | null = null
  #nextRestartAt: number | null = null

  constructor(name: string) {
    this.#name = name
  }

  get hasEnded(): boolean {
    return this.state === 'stopped' || this.state === 'failed'
  }

  /** Its function has been told to stop, and has not ended. */
  get isTold(): boolean {
    return this.state === 'stopping' || this.state === 'unhealthy'
  }

  /** It is to start soon, if it has not been so far. */
  prepare(): void {
    if (this.state !== 'starting') this.move('starting')
  }

  start(now: number): void {
    this.prepare()
    this.#startedAt = now
  }

  wait(until: number): void {
    this.move('waiting')
    this.#nextRestartAt = until
  }

  move(to: ServiceState): void {
    this.state = moveService(this.state, to)
    this.#nextRestartAt = null
  }

  status(): ServiceStatus {
    return {
      name: this.#name,
      state: this.state,
      startedAt: this.#startedAt,
      restarts: this.restarts,
      nextRestartAt: dateOf(this.#nextRestartAt),
      lastError: this.lastError,
    }
  }
}

import type { RestartMode } from './core/restarts.js'
import type { TaskError } from './core/record.js'
import type { RetryOptions } from './core/retry.js'
import type { ServiceStatus } from './status.js'
import type { SpawnFunction } from './work.js'

/**
 * What a service is: it runs until it is told to stop. Its end is that of the promise it gives back; where it gives back none,
 * it has ended normally at once.
 */
export type ServiceFunction = (context: ServiceContext) => unknown

/** What a service's function is given, anew with each start. */
export interface ServiceContext {
  readonly name: string
  /**
   * Aborts with a `TaskCancelledError` when this run is told to stop: by `stop`, `restart`, `close` or its health check. Made on
   * first read. A listener on it that throws is reported as `hook:error` and harms nothing.
   */
  readonly signal: AbortSignal
  /** How often the service had been started again when this run began: 0 for the first. */
  readonly restarts: number
  /** Spawns a task in the service's supervisor or scope. It has no parent, and goes on when the service ends. */
  readonly spawn: SpawnFunction
}

/** Options of `supervise`. Times are whole milliseconds from 0, or `Infinity`; `undefined` means the default. */
export interface ServiceOptions {
  /**
   * When it is started again: however its function ends ('permanent'), only when that throws, rejects or is unhealthy
   * ('transient'), or never ('temporary'). What was told to stop is not. @default 'permanent'
   */
  restart?: RestartMode | undefined
  /**
   * How many restarts may begin in any `within`: an integer from 0, or `Infinity`. One more, and the service fails with
   * `SERVICE_RESTART_LIMIT` instead. A start that throws counts; `restart()` does not. @default 3
   */
  maxRestarts?: number | undefined
  /** Milliseconds. @default 60_000 */
  within?: number | undefined
  /** The pause before a restart; grows with the restarts in the last `within`. @default the defaults of `RetryOptions` */
  backoff?: BackoffOptions | undefined
  /** Looks after the service while it runs. One that is unhealthy is stopped and, as `restart` says, started again. @default none */
  healthCheck?: HealthCheckOptions | undefined
  /** What happens over the limit besides: nothing, or its scope (the supervisor, where it has none) is closed. @default 'leave' */
  onLimit?: 'leave' | 'close' | undefined
  /** Milliseconds between being told to stop and being given up. @default the supervisor's `grace` */
  grace?: number | undefined
  /**
   * When `close` stops it: after the tasks have ended, one service after the other, the last one started first ('last'); or at
   * once, before the tasks are drained, as one that spawns them wants it ('first'). @default 'last'
   */
  stopOnClose?: 'first' | 'last' | undefined
}

/** The pauses between restarts. As {@link RetryOptions}, without its attempts. */
export type BackoffOptions = Omit<RetryOptions, 'attempts' | 'when'>

/** How a service is looked after. */
export interface HealthCheckOptions {
  /**
   * Whether the service is well. A falsy answer, a throw, a rejection, or none within `timeout` mean that it is not. Runs in the
   * context of `supervise`; its signal aborts when nobody waits for the answer any more. Two never overlap.
   */
  check: (context: { readonly signal: AbortSignal }) => boolean | PromiseLike<boolean>
  /** Milliseconds from the start of the service, and from each answer, to the next check. @default 30_000 */
  interval?: number | undefined
  /** Milliseconds a check may take. @default 5_000 */
  timeout?: number | undefined
}

/**
 * How a service ended. `error` is why it failed, was never started, or was given up because its function did not stop within its
 * grace; null where it was stopped or ended normally.
 */
export interface ServiceEnd {
  readonly state: 'stopped' | 'failed'
  readonly error: TaskError | null
}

/** What `supervise` gives. Not a thenable. */
export interface ServiceHandle {
  readonly name: string
  /** Resolves when the service has ended for good; never rejects. Stays what it was when `restart` starts it anew. */
  readonly settled: Promise<ServiceEnd>
  status(): ServiceStatus
  /**
   * Stops it, within its `grace`, and starts it again in the next turn; one that waits is started then, and one that has ended is
   * started anew, with no restart counted yet. Counts as no restart itself. Does nothing once `close` has been called, nor
   * where another service of its name lives.
   */
  restart(): void
  /**
   * Tells it to stop, for good; `reason` is the `cause` of what its signal aborts with. Resolves when it has ended, or has been
   * given up after its `grace` (`settled` and `lastError` say so then); at once where it had ended before. Never rejects. Not to be
   * awaited within the service itself, which would wait for its own end.
   */
  stop(reason?: unknown): Promise<void>
}

import type { Clock } from '../clock.js'
import { deepFreeze } from '../core/freeze.js'
import type { TaskError, TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { TaskEventName, TaskEvents } from '../events.js'
import type { Logger, LogLevel } from '../logger.js'
import type { CloseReport, OnError } from '../work.js'
import { Emitter } from './emitter.js'
import { Hooks } from './hooks.js'
import type { LiveTask } from './live-task.js'
import type { Sanitizer } from './sanitizer.js'

type TaskEvent = Extract<TaskEventName, `task:${string}`>
type ServiceEvent = Extract<TaskEventName, `service:${string}`>

/** Log lines are a constant text and fields beside it, so that no name or message can forge one. */
const LINES: Partial<Record<TaskEvent, readonly [LogLevel, string]>> = {
  'task:started': ['debug', 'task started'],
  'task:completed': ['debug', 'task completed'],
  'task:cancelled': ['info', 'task cancelled'],
  'task:failed': ['error', 'task failed'],
  'task:retrying': ['warn', 'task attempt failed: it is tried again'],
  'task:abandoned': ['warn', 'task abandoned: it is still running after its grace'],
  'task:late': ['warn', 'task settled after its outcome'],
}

const SERVICE_LINES: Record<ServiceEvent, readonly [LogLevel, string]> = {
  'service:started': ['info', 'service started'],
  'service:restarting': ['warn', 'service ended: it is started again'],
  'service:failed': ['error', 'service failed: it is not started again'],
  'service:stopped': ['info', 'service stopped'],
}

/** Tells the world: listeners, `onError`, the logger. A record is made only when somebody is there to see it. */
export class Announcer {
  readonly emitter: Emitter
  readonly #hooks: Hooks
  readonly #sanitizer: Sanitizer
  readonly #logger: Logger | null
  readonly #onError: OnError | null

  constructor(clock: Clock, sanitizer: Sanitizer, logger: Logger | null, onError: OnError | null) {
    this.#sanitizer = sanitizer
    this.#hooks = new Hooks(clock, (where, thrown, level) => {
      this.hookFailed(where, thrown, level)
    })
    this.emitter = new Emitter(this.#hooks)
    this.#logger = logger
    this.#onError = onError
  }

  task<E extends TaskEvent>(event: E, task: LiveTask, own: Omit<TaskEvents[E], 'task'>): void {
    // Frozen, so that no listener can change what the next one sees.
    const payload = (): TaskEvents[E] => deepFreeze({ task: task.snapshot(), ...own }) as TaskEvents[E]
    if (this.emitter.has(event)) this.emitter.emit(event, payload())
    const line = this.#logger && LINES[event]
    if (line) this.log(line[0], line[1], { ...fieldsOf(task), ...own })
  }

  /** The outcome: its own event, then `task:settled`, then `onError`. */
  settled(task: LiveTask, failure: TaskErrorRecord | null): void {
    const outcome = task.outcome!
    if (outcome.status === 'completed') this.task('task:completed', task, {})
    else this.task(`task:${outcome.status}`, task, { error: outcome.error })
    this.task('task:settled', task, {})
    const onError = task.scope?.onError ?? this.#onError
    if (failure && onError) this.#hooks.call('onError', () => onError(failure, task.snapshot()))
  }

  /** A task that a dead process left behind has failed: as if it had been one of ours, which it has not. */
  interrupted(task: TaskRecord, failure: TaskErrorRecord): void {
    const { error } = failure
    this.emitter.emit('task:failed', deepFreeze({ task, error }))
    this.emitter.emit('task:settled', deepFreeze({ task }))
    const { id, name, owner, attempt } = task
    this.log('error', 'task interrupted: its process has ended', { id, name, owner, attempt, error })
    const onError = this.#onError
    if (onError) this.#hooks.call('onError', () => onError(failure, task))
  }

  service<E extends ServiceEvent>(event: E, payload: TaskEvents[E]): void {
    this.emitter.emit(event, deepFreeze(payload))
    const { service, ...own } = payload
    const [level, text] = SERVICE_LINES[event]
    this.log(level, text, { name: service.name, restarts: service.restarts, ...own })
  }

  saturated(reason: 'concurrency' | 'queue', running: number, waiting: number): void {
    this.emitter.emit('supervisor:saturated', { reason, running, waiting })
    const text = reason === 'queue' ? 'queue limit reached' : 'concurrency limit reached: work has to wait'
    this.log('warn', text, { running, waiting })
  }

  idle(): void {
    this.emitter.emit('supervisor:idle', {})
  }

  closed(report: CloseReport): void {
    this.emitter.emit('supervisor:closed', { report })
    const { completed, failed, cancelled, abandoned, persisted, durationMs } = report
    this.log('info', 'supervisor closed', {
      completed,
      failed,
      cancelled,
      abandoned: abandoned.length,
      persisted,
      durationMs,
    })
  }

  storeFailed(error: TaskError, buffered: number): void {
    this.emitter.emit('store:error', { error, buffered })
    this.log('error', 'the store failed; records wait for it', { error, buffered })
  }

  storeRecovered(buffered: number): void {
    this.emitter.emit('store:recovered', { buffered })
    this.log('info', 'the store has recovered', { buffered })
  }

  log(level: LogLevel, message: string, fields: Record<string, unknown>, depth = 0): void {
    const logger = this.#logger
    if (logger) this.#hooks.call(`logger.${level}`, () => logger[level](`taskward: ${message}`, fields), depth)
  }

  /** Calls code of the user's that is no listener of ours. */
  callHook(where: string, hook: () => unknown): void {
    this.#hooks.call(where, hook)
  }

  /**
   * Reports a failure of the user's own code once. What fails while it is being reported is logged at most, and then let go:
   * reporting must end.
   */
  hookFailed(where: string, thrown: unknown, level = 0): void {
    if (level > 1) return
    const error = this.#sanitizer.error(thrown)
    if (level === 0) this.emitter.emit('hook:error', { where, error }, 1)
    if (!where.startsWith('logger.')) this.log('error', 'a hook failed', { where, error }, level + 1)
  }
}

function fieldsOf({ id, settings, attempt }: LiveTask): Record<string, unknown> {
  return { id, name: settings.name, owner: settings.owner, attempt }
}

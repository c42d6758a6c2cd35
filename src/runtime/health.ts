import type { Clock } from '../clock.js'
import { TaskCancelledError, TaskTimeoutError } from '../core/errors.js'
import { describeValue } from '../core/text.js'
import { Alarm } from './alarm.js'
import { createGuardedController, type CallListener } from './guarded-signal.js'
import { silence, whenSettled } from './thenable.js'

export interface HealthSettings {
  readonly check: (context: { readonly signal: AbortSignal }) => unknown
  readonly interval: number
  readonly timeout: number
}

export interface HealthParts {
  readonly clock: Clock
  readonly name: string
  /** Calls the check in the context of its service. */
  readonly call: (check: () => unknown) => unknown
  readonly callAbortListener: CallListener
  /** In a few words. */
  readonly describeError: (thrown: unknown) => string
  readonly onUnhealthy: (why: Error) => void
}

/** Asks a running service for its health: one question at a time, each an interval after the answer before it. */
export class HealthWatch {
  readonly #settings: HealthSettings
  readonly #parts: HealthParts
  readonly #alarm: Alarm
  #question: Question | null = null

  constructor(settings: HealthSettings, parts: HealthParts) {
    this.#settings = settings
    this.#parts = parts
    this.#alarm = new Alarm(parts.clock)
  }

  start(): void {
    this.#alarm.set(this.#settings.interval, () => {
      this.#ask()
    })
  }

  /** Nobody waits for an answer any more. */
  stop(): void {
    this.#alarm.clear()
    const question = this.#question
    this.#question = null
    question?.drop(new TaskCancelledError(`The health check of service '${this.#parts.name}' is not needed any more`))
  }

  #ask(): void {
    const { check, timeout } = this.#settings
    const { call, callAbortListener } = this.#parts
    const question = (this.#question = new Question(callAbortListener))
    const answered = (answer: unknown): void => {
      if (this.#question !== question) return
      this.#question = null
      if (answer) this.start()
      else this.#tell(new Error(`${this.#text} answered ${describeValue(answer)}`))
    }
    const failed = (thrown: unknown): void => {
      silence(thrown)
      if (this.#question !== question) return
      this.#question = null
      this.#tell(new Error(`${this.#text} failed: ${this.#parts.describeError(thrown)}`, { cause: thrown }))
    }
    this.#alarm.set(timeout, () => {
      this.#question = null
      const text = `${this.#text} gave no answer within its timeout of ${String(timeout)} ms`
      const error = new TaskTimeoutError('TASK_TIMEOUT', text, timeout)
      question.drop(error)
      this.#tell(error)
    })
    let answer: unknown
    try {
      answer = call(() => check(question))
    } catch (thrown) {
      failed(thrown)
      return
    }
    if (!whenSettled(answer, answered, failed)) answered(answer)
  }

  #tell(why: Error): void {
    this.#alarm.clear()
    this.#parts.onUnhealthy(why)
  }

  get #text(): string {
    return `The health check of service '${this.#parts.name}'`
  }
}

/** One call of the check, as the check sees it. */
class Question {
  readonly #callAbortListener: CallListener
  #controller: AbortController | null = null
  #dropReason: Error | null = null

  constructor(callAbortListener: CallListener) {
    this.#callAbortListener = callAbortListener
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = createGuardedController(this.#callAbortListener)
      if (this.#dropReason) this.#controller.abort(this.#dropReason)
    }
    return this.#controller.signal
  }

  drop(reason: Error): void {
    this.#dropReason = reason
    this.#controller?.abort(reason)
  }
}

import { constants } from 'node:os'
import * as rules from '../core/option-rules.js'
import type { CloseOptions } from '../work.js'
import { endOnSignal, givenToSignals, type Closable } from './signal-registry.js'

export type { Closable } from './signal-registry.js'

export interface CloseOnSignalsOptions {
  /** Which signals close. @default ['SIGTERM', 'SIGINT'] */
  signals?: readonly NodeJS.Signals[] | undefined
  /** Milliseconds for the drain, as `close` takes it. @default the supervisor's */
  timeout?: number | undefined
  /** Milliseconds for what was then aborted, as `close` takes it. @default the supervisor's */
  grace?: number | undefined
  /** Whether the process ends when all is closed. @default true */
  exit?: boolean | undefined
}

/** The defaults of {@link CloseOnSignalsOptions}, where they are plain values. */
export const SIGNAL_DEFAULTS = { signals: ['SIGTERM', 'SIGINT'], exit: true } as const

/** Takes the listeners back; a close under way goes on. */
export interface ReleaseSignals extends Disposable {
  (): void
}

const catchable: readonly string[] = Object.keys(constants.signals).filter((s) => s !== 'SIGKILL' && s !== 'SIGSTOP')

const RULES = {
  signals: {
    expected:
      "an array of names of signals, as ['SIGTERM', 'SIGINT'], without SIGKILL and SIGSTOP, which nobody can handle",
    accepts: (value: unknown) =>
      Array.isArray(value) &&
      value.length > 0 &&
      Array.from<unknown>(value).every((signal) => catchable.includes(signal as string)),
  },
  timeout: rules.timeRule,
  grace: rules.timeRule,
  exit: rules.booleanRule,
} satisfies rules.Rules

/**
 * Closes the supervisor on the first signal, and ends the process when that is done: with `process.exitCode` where it has been
 * set, else with 0 (1 where `close` rejected). A second signal meanwhile ends the process at once, with 128 and the signal's
 * number. With `exit: false` the process is left to others: a second signal then takes our listeners away, and is raised again
 * where nobody else listens, so that Node does what it does without a handler.
 *
 * Handlers of others are called as ever. Where several supervisors were given, the process ends when all that a signal closes
 * are closed; one that is given meanwhile is closed with them. The listeners go when the supervisor is closed, by whomever.
 *
 * @throws TaskOptionError `OPTION_INVALID`
 * @example
 * ```ts
 * import { closeOnSignals, TaskSupervisor } from 'taskward'
 *
 * const supervisor = new TaskSupervisor()
 * closeOnSignals(supervisor, { timeout: 20_000 })
 * ```
 */
export function closeOnSignals(supervisor: Closable, options?: CloseOnSignalsOptions): ReleaseSignals {
  rules.checkValue('closeOnSignals().supervisor', supervisor, rules.objectWith('close'))
  const { signals, exit, timeout, grace } = {
    ...SIGNAL_DEFAULTS,
    ...(rules.checkOptions('closeOnSignals()', options, RULES) as CloseOnSignalsOptions),
  }
  const closing: CloseOptions = { timeout, grace }
  const release = endOnSignal(givenToSignals({ supervisor, signals: new Set(signals), closing, exits: exit! }))
  const taken = (): void => {
    release()
  }
  return Object.assign(taken, { [Symbol.dispose]: taken })
}

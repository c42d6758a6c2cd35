import { TaskOptionError } from '../core/errors.js'
import * as rules from '../core/option-rules.js'
import { EVENT_NAMES } from '../events.js'
import type { CloseOptions, DrainOptions } from '../work.js'

export const CLOSE_DEFAULTS = { mode: 'drain', timeout: 30_000, grace: 10_000 } as const

export const resolveClose = (
  given: unknown,
): Required<{ [K in keyof CloseOptions]: Exclude<CloseOptions[K], undefined> }> => ({
  ...CLOSE_DEFAULTS,
  ...rules.checkOptions('close()', given, {
    mode: rules.oneOf('drain', 'cancel'),
    timeout: rules.timeRule,
    grace: rules.timeRule,
  }),
})

export const resolveDrain = (given: unknown): { timeout: number } => {
  const { timeout = Infinity } = rules.checkOptions('drain()', given, { timeout: rules.timeRule }) as DrainOptions
  return { timeout }
}

export const resolvePrune = (given: unknown): { maxAge?: number; maxTasks?: number } =>
  rules.checkOptions('prune()', given, { maxAge: rules.timeRule, maxTasks: rules.countRule })

export const resolveStatus = (given: unknown): { tasks: number } => {
  const { tasks = 100 } = rules.checkOptions('status()', given, { tasks: rules.countRule }) as { tasks?: number }
  return { tasks }
}

export const checkConcurrency = (value: unknown): void => {
  rules.checkValue('concurrency', value, rules.capRule)
}

export const checkListener = (event: unknown, listener: unknown): void => {
  rules.checkValue('event', event, { expected: 'the name of an event', accepts: (value) => typeof value === 'string' })
  if (!(EVENT_NAMES as readonly unknown[]).includes(event)) {
    throw new TaskOptionError('event', rules.unknownWord('event', event as string, EVENT_NAMES))
  }
  rules.checkValue('listener', listener, rules.functionRule)
}

import { TaskOptionError } from '../core/errors.js'
import * as rules from '../core/option-rules.js'
import { RETRY_DEFAULTS } from '../core/retry.js'
import { describeValue } from '../core/text.js'
import type { ServiceSettings } from '../runtime/service.js'
import type { ServiceOptions } from '../service.js'
import { backoffRules } from './retry-options.js'

/** The defaults of `ServiceOptions`, where they are plain values. */
export const SERVICE_DEFAULTS = {
  restart: 'permanent',
  maxRestarts: 3,
  within: 60_000,
  onLimit: 'leave',
  stopOnClose: 'last',
} as const

/** The defaults of `HealthCheckOptions`. */
export const HEALTH_CHECK_DEFAULTS = { interval: 30_000, timeout: 5_000 } as const

const SERVICE_RULES: rules.Rules = {
  restart: rules.oneOf('permanent', 'transient', 'temporary'),
  maxRestarts: rules.countRule,
  within: rules.timeRule,
  backoff: rules.optionsWithin(backoffRules),
  healthCheck: rules.optionsWithin({
    check: rules.functionRule,
    interval: rules.timeRule,
    timeout: rules.timeRule,
  }),
  onLimit: rules.oneOf('leave', 'close'),
  grace: rules.timeRule,
  stopOnClose: rules.oneOf('first', 'last'),
}

/** @throws TaskOptionError `OPTION_INVALID` */
export function resolveService(
  name: unknown,
  fn: unknown,
  given: unknown,
  { grace }: { readonly grace: number },
): ServiceSettings {
  rules.checkValue('supervise().name', name, rules.nameRule)
  rules.checkValue('supervise().fn', fn, rules.functionRule)
  const { backoff, healthCheck, ...options } = rules.checkOptions('supervise()', given, SERVICE_RULES) as ServiceOptions
  if (healthCheck && healthCheck.check === undefined) {
    throw new TaskOptionError('supervise().healthCheck.check', `expected a function, got ${describeValue(undefined)}`)
  }
  const { attempts: _, when: __, ...backoffDefaults } = RETRY_DEFAULTS
  return {
    ...SERVICE_DEFAULTS,
    grace,
    ...options,
    name: name as string,
    backoff: { ...backoffDefaults, ...backoff },
    healthCheck: healthCheck ? { ...HEALTH_CHECK_DEFAULTS, ...healthCheck } : null,
  } as ServiceSettings
}

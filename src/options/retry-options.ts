import * as rules from '../core/option-rules.js'
import { RETRY_DEFAULTS, type RetryOptions, type RetryPolicy } from '../core/retry.js'

export const backoffRules: rules.Rules = {
  backoff: rules.oneOf('constant', 'linear', 'exponential'),
  delay: rules.timeRule,
  maxDelay: rules.timeRule,
  jitter: rules.oneOf('full', 'equal', 'none'),
}

export const retryRule: rules.Rule = rules.optionsWithin({
  attempts: rules.capRule,
  ...backoffRules,
  when: rules.functionRule,
})

/** For options that have been checked. */
export const retryPolicyOf = (given: RetryOptions | undefined): RetryPolicy | null =>
  given === undefined ? null : ({ ...RETRY_DEFAULTS, ...given } as RetryPolicy)

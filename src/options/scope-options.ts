import { copyMetadata, NO_METADATA } from '../core/metadata.js'
import * as rules from '../core/option-rules.js'
import type { ScopeSettings } from '../runtime/scope.js'
import type { ScopeOptions } from '../scope.js'
import { retryPolicyOf, retryRule } from './retry-options.js'
import { signalRule, type SpawnDefaults } from './spawn-options.js'

/** @throws TaskOptionError `OPTION_INVALID` */
export function resolveScope(
  name: unknown,
  given: unknown,
  around: SpawnDefaults,
): { settings: ScopeSettings; defaults: SpawnDefaults } {
  rules.checkValue('scope().name', name, rules.nameRule)
  const options = rules.checkOptions('scope()', given, {
    concurrency: rules.capRule,
    timeout: rules.timeRule,
    grace: rules.timeRule,
    retry: retryRule,
    onError: rules.functionRule,
    owner: rules.nameRule,
    metadata: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
    signal: signalRule,
  }) as ScopeOptions
  const { concurrency = Infinity, onError = null, signal = null } = options
  const metadata =
    options.metadata === undefined
      ? around.metadata
      : copyMetadata('scope().metadata', {
          ...around.metadata,
          ...copyMetadata('scope().metadata', options.metadata ?? NO_METADATA),
        })
  return {
    settings: { name: name as string, concurrency, onError, signal, graceMs: options.grace ?? around.grace },
    defaults: {
      ...around,
      timeout: options.timeout ?? around.timeout,
      grace: options.grace ?? around.grace,
      retry: retryPolicyOf(options.retry) ?? around.retry,
      owner: options.owner ?? around.owner,
      metadata,
    },
  }
}

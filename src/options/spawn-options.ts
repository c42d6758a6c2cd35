import { TaskOptionError } from '../core/errors.js'
import { copyMetadata, NO_METADATA } from '../core/metadata.js'
import * as rules from '../core/option-rules.js'
import { describeValue, storableText } from '../core/text.js'
import type { SpawnRequest } from '../runtime/assembly.js'
import type { SpawnOptions } from '../work.js'
import { retryPolicyOf, retryRule } from './retry-options.js'
import type { ResolvedOptions } from './supervisor-options.js'

const SPAWN_RULES: rules.Rules = {
  id: rules.nameRule,
  name: rules.nameRule,
  owner: rules.nameRule,
  priority: rules.priorityRule,
  timeout: rules.timeRule,
  queueTimeout: rules.timeRule,
  deadline: {
    expected: 'epoch milliseconds, or Infinity',
    accepts: (value) => value === Infinity || Number.isSafeInteger(value),
  },
  delay: rules.finiteTimeRule,
  stallTimeout: rules.timeRule,
  retry: retryRule,
  grace: rules.timeRule,
  signal: {
    expected: 'an AbortSignal',
    accepts: (value) =>
      rules.objectWith('addEventListener', 'removeEventListener').accepts(value) &&
      typeof (value as AbortSignal).aborted === 'boolean',
  },
  metadata: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
}

/** What makes no sense for a promise that has been started already, and why. */
const FOR_FUNCTIONS = [
  ['queueTimeout', 'does not wait'],
  ['delay', 'does not wait'],
  ['retry', 'cannot be started again'],
] as const satisfies readonly (readonly [keyof SpawnOptions, string])[]

/** @throws TaskOptionError `OPTION_INVALID` */
export function resolveSpawn(work: unknown, given: unknown, defaults: ResolvedOptions): SpawnRequest {
  const isFunction = typeof work === 'function'
  if (!isFunction && !isThenable(work)) {
    throw new TaskOptionError('spawn()', `expected a function or a promise as work, got ${describeValue(work)}`)
  }
  const options = rules.checkOptions('spawn()', given, SPAWN_RULES) as SpawnOptions
  for (const [option, why] of FOR_FUNCTIONS) {
    if (!isFunction && options[option] !== undefined) {
      throw new TaskOptionError(`spawn().${option}`, `a promise that has been started already ${why}`)
    }
  }
  const settings = {
    name: options.name ?? (isFunction ? nameOf(work) : 'anonymous'),
    owner: options.owner ?? null,
    // Plus 0, as JSON has no other.
    priority: (options.priority ?? 0) + 0,
    timeoutMs: options.timeout ?? defaults.timeout,
    queueTimeoutMs: isFunction ? (options.queueTimeout ?? defaults.queueTimeout) : Infinity,
    delayMs: options.delay ?? 0,
    deadlineAt: options.deadline ?? Infinity,
    stallTimeoutMs: options.stallTimeout ?? defaults.stallTimeout,
    retry: isFunction ? (retryPolicyOf(options.retry) ?? defaults.retry) : null,
    graceMs: options.grace ?? defaults.grace,
    metadata: options.metadata === undefined ? NO_METADATA : copyMetadata('spawn().metadata', options.metadata),
  }
  return { settings, id: options.id ?? null, signal: options.signal ?? null }
}

function isThenable(work: unknown): boolean {
  try {
    return typeof work === 'object' && work !== null && typeof (work as { then?: unknown }).then === 'function'
  } catch {
    return false
  }
}

/** The function's own name, made to fit; what hides or fakes it is anonymous. */
function nameOf(work: object): string {
  let name: unknown
  try {
    name = (work as { name?: unknown }).name
  } catch {
    name = undefined
  }
  if (typeof name !== 'string' || name === '') return 'anonymous'
  const storable = storableText(name.slice(0, 256))
  return rules.utf8Bytes(storable) <= 256 ? storable : storableText(storable.slice(0, 64))
}

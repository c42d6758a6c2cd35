import { TaskOptionError } from '../core/errors.js'
import { copyMetadata, NO_METADATA } from '../core/metadata.js'
import * as rules from '../core/option-rules.js'
import type { JsonValue } from '../core/record.js'
import { describeValue, storableText } from '../core/text.js'
import type { SpawnRequest } from '../runtime/reception.js'
import { Handle } from '../runtime/handle.js'
import type { LiveTask } from '../runtime/live-task.js'
import type { SpawnOptions } from '../work.js'
import { retryPolicyOf, retryRule } from './retry-options.js'
import type { ResolvedOptions } from './supervisor-options.js'

export const signalRule: rules.Rule = {
  expected: 'an AbortSignal',
  accepts: (value) =>
    rules.objectWith('addEventListener', 'removeEventListener').accepts(value) &&
    typeof (value as AbortSignal).aborted === 'boolean',
}

const SPAWN_RULES: rules.Rules = {
  id: rules.nameRule,
  name: rules.nameRule,
  owner: rules.nameRule,
  lane: rules.nameRule,
  priority: rules.priorityRule,
  timeout: rules.timeRule,
  queueTimeout: rules.timeRule,
  deadline: {
    expected: 'epoch milliseconds, or Infinity',
    accepts: (value) => value === Infinity || Number.isSafeInteger(value),
  },
  delay: rules.timeRule,
  stallTimeout: rules.timeRule,
  retry: retryRule,
  after: {
    expected: 'an array of handles and ids',
    accepts: (value) => Array.isArray(value) && value.every((each) => dependencyOf(each) !== undefined),
  },
  onDependencyFailure: rules.oneOf('fail', 'run'),
  dedupe: {
    ...rules.optionsWithin({ key: rules.nameRule, on: rules.oneOf('reuse', 'reject', 'replace') }),
    expected: 'an object with a key',
    accepts: (value) => (value as { key?: unknown }).key !== undefined,
  },
  onParentEnd: rules.oneOf('leave', 'cancel'),
  reentrant: rules.oneOf('report', 'borrow'),
  keepResult: rules.booleanRule,
  grace: rules.timeRule,
  signal: signalRule,
  metadata: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
}

/** What makes no sense for a promise that has been started already, and why. */
const FOR_FUNCTIONS = [
  ['queueTimeout', 'does not wait'],
  ['delay', 'does not wait'],
  ['after', 'does not wait'],
  ['retry', 'cannot be started again'],
] as const satisfies readonly (readonly [keyof SpawnOptions, string])[]

/** What a supervisor, or a scope, has for what a spawn does not say. */
export interface SpawnDefaults extends Pick<
  ResolvedOptions,
  'timeout' | 'queueTimeout' | 'stallTimeout' | 'retry' | 'grace' | 'lanes' | 'reentrant'
> {
  readonly owner: string | null
  readonly metadata: Readonly<Record<string, JsonValue>>
}

/** @throws TaskOptionError `OPTION_INVALID` */
export function resolveSpawn(work: unknown, given: unknown, defaults: SpawnDefaults): SpawnRequest {
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
  if (options.lane !== undefined && !defaults.lanes.has(options.lane)) {
    throw new TaskOptionError('spawn().lane', rules.unknownWord('lane', options.lane, [...defaults.lanes.keys()]))
  }
  const after = options.after ? resolveAfter(options.after) : []
  const settings = {
    name: options.name ?? (isFunction ? nameOf(work) : 'anonymous'),
    lane: options.lane ?? null,
    owner: options.owner ?? defaults.owner,
    // Plus 0, as JSON has no other.
    priority: (options.priority ?? 0) + 0,
    timeoutMs: options.timeout ?? defaults.timeout,
    queueTimeoutMs: isFunction ? (options.queueTimeout ?? defaults.queueTimeout) : Infinity,
    delayMs: options.delay ?? 0,
    deadlineAt: options.deadline ?? Infinity,
    stallTimeoutMs: options.stallTimeout ?? defaults.stallTimeout,
    retry: isFunction ? (retryPolicyOf(options.retry) ?? defaults.retry) : null,
    graceMs: options.grace ?? defaults.grace,
    after: [...new Set(after.map(idOf))],
    onDependencyFailure: options.onDependencyFailure ?? 'fail',
    onParentEnd: options.onParentEnd ?? 'leave',
    dedupe: options.dedupe ? { key: options.dedupe.key, on: options.dedupe.on ?? 'reuse' } : null,
    reentrant: options.reentrant ?? defaults.reentrant,
    keepResult: options.keepResult ?? false,
    metadata: metadataOf(options.metadata, defaults.metadata),
  }
  const dependencies = after.length > 0 ? after : null
  return { settings, id: options.id ?? null, signal: options.signal ?? null, dependencies }
}

/** How many names of functions are told apart for what is shared. */
const MAX_PLAIN = 200

/**
 * What spawns in one place ask for. Where a function is spawned without options that is the same each time, so it is
 * checked and made once for each name.
 */
export class SpawnRequests {
  readonly #defaults: SpawnDefaults
  readonly #plain = new Map<string, SpawnRequest>()

  constructor(defaults: SpawnDefaults) {
    this.#defaults = defaults
  }

  /** @throws TaskOptionError `OPTION_INVALID` */
  of(work: unknown, given: unknown): SpawnRequest {
    if (given !== undefined || typeof work !== 'function') return resolveSpawn(work, given, this.#defaults)
    const name = nameOf(work)
    const known = this.#plain.get(name)
    if (known) return known
    const request = resolveSpawn(work, undefined, this.#defaults)
    if (this.#plain.size < MAX_PLAIN) this.#plain.set(name, request)
    return request
  }
}

/** A task of this copy of the package, or the id of one that may be known elsewhere; undefined for what is neither. */
function dependencyOf(value: unknown): LiveTask | string | undefined {
  if (typeof value === 'object' && value !== null) {
    const task = Handle.taskOf(value)
    if (task) return task
  }
  const id = typeof value === 'string' ? value : (value as { id?: unknown } | null)?.id
  return rules.nameRule.accepts(id) ? (id as string) : undefined
}

/** Looks at each of the caller's values once more, and only once: what they say may change. */
function resolveAfter(given: NonNullable<SpawnOptions['after']>): (LiveTask | string)[] {
  try {
    const resolved = [...given].map(dependencyOf)
    if (resolved.every((each) => each !== undefined)) return resolved
  } catch {
    // Told below.
  }
  throw new TaskOptionError(
    'spawn().after',
    'expected an array of handles and ids, got one that is not always the same',
  )
}

const idOf = (value: LiveTask | string): string => (typeof value === 'string' ? value : value.id)

function metadataOf(
  given: Record<string, JsonValue> | undefined,
  defaults: SpawnDefaults['metadata'],
): SpawnDefaults['metadata'] {
  if (given === undefined) return defaults
  const own = copyMetadata('spawn().metadata', given)
  return defaults === NO_METADATA ? own : copyMetadata('spawn().metadata', { ...defaults, ...own })
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

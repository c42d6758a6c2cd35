import { isTaskStatus } from './lifecycle.js'
import { parseTaskError } from './normalize-error.js'
import type { JsonValue, TaskError, TaskErrorRecord, TaskRecord, TaskTransition } from './record.js'

/**
 * What a store knows of a row besides its text, so that the rest can be read when the text cannot. Where a row stands and what
 * its guard goes by (id, version, status, instance, instant of a list) is believed before the text: a row that says two things
 * is corrupt, and must not be read as what its guard never let in.
 */
export type Known<T> = Partial<{ [K in keyof T]: T[K] | null | undefined }>

/**
 * Reads a record back, whatever is there: what an older version wrote gets the defaults of what was not known then; what is
 * missing or illegible comes back marked, with `error.code` `STORE_CORRUPT` and what is left of it. Never throws.
 */
export function recordFromStored(stored: unknown, known: Known<TaskRecord> = {}): TaskRecord {
  const fields = new Fields(stored, known)
  const record: TaskRecord = {
    id: fields.known('id', isText, 'unknown'),
    name: fields.needed('name', isText, 'unknown'),
    lane: fields.optional('lane', isString, null),
    owner: fields.optional('owner', isString, null),
    parentId: fields.optional('parentId', isString, null),
    scope: fields.optional('scope', isString, null),
    status: fields.known('status', isTaskStatus, 'failed'),
    attempt: fields.optional('attempt', isCount, 0),
    maxAttempts: fields.optional('maxAttempts', isAtLeastOne, 1),
    priority: fields.optional('priority', isNumber, 0),
    createdAt: fields.place('createdAt'),
    startedAt: fields.optional('startedAt', isInstant, null),
    finishedAt: fields.optional('finishedAt', isInstant, null),
    runAt: fields.optional('runAt', isInstant, null),
    stoppingSince: fields.optional('stoppingSince', isInstant, null),
    abandoned: fields.optional('abandoned', isBoolean, false),
    progress: progressOf(fields.optional('progress', isObject, null)),
    input: fields.json('input'),
    result: fields.json('result'),
    error: errorOf(fields.json('error')),
    metadata: fields.optional('metadata', isObject, {}),
    after: fields.optional('after', isTexts, []),
    retryOf: fields.optional('retryOf', isString, null),
    definitionVersion: fields.optional('definitionVersion', isNumber, null),
    instanceId: fields.known('instanceId', isString, 'unknown'),
    version: fields.known('version', isAtLeastOne, 1),
  }
  return fields.isSound ? record : { ...record, error: fields.corrupt('record', record.error) }
}

/** As {@link recordFromStored}, for a step of a history. */
export function transitionFromStored(stored: unknown, known: Known<TaskTransition> = {}): TaskTransition {
  const fields = new Fields(stored, known)
  const step: TaskTransition = {
    taskId: fields.known('taskId', isText, 'unknown'),
    from: fields.optional('from', isTaskStatus, null),
    to: fields.needed('to', isTaskStatus, 'failed'),
    at: fields.needed('at', isInstant, 0),
    attempt: fields.optional('attempt', isCount, 0),
    instanceId: fields.optional('instanceId', isString, 'unknown'),
    reason: fields.optional('reason', isString, null),
    error: errorOf(fields.json('error')),
  }
  return fields.isSound ? step : { ...step, error: fields.corrupt('step', step.error) }
}

/** As {@link recordFromStored}, for a failed attempt. */
export function errorRecordFromStored(stored: unknown, known: Known<TaskErrorRecord> = {}): TaskErrorRecord {
  const fields = new Fields(stored, known)
  const failure: TaskErrorRecord = {
    id: fields.known('id', isText, 'unknown'),
    taskId: fields.known('taskId', isText, 'unknown'),
    taskName: fields.optional('taskName', isText, 'unknown'),
    owner: fields.optional('owner', isString, null),
    attempt: fields.optional('attempt', isCount, 0),
    at: fields.place('at'),
    fingerprint: fields.optional('fingerprint', isString, 'unknown'),
    error: parseTaskError(fields.json('error')),
  }
  return fields.isSound ? failure : { ...failure, error: fields.corrupt('error record', failure.error) }
}

/** What `JSON.parse` makes of it, and where it makes nothing, the text itself: never throws. */
export function parseStored(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** How much of what could not be read is shown. */
const SHOWN = 2_000

/** Reads field by field, and remembers what it could not read. */
class Fields {
  readonly #stored: unknown
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #known: Readonly<Record<string, unknown>>
  readonly #problems: string[] = []

  constructor(stored: unknown, known: Readonly<Record<string, unknown>>) {
    this.#stored = stored
    this.#known = known
    this.#fields = isObject(stored) ? stored : {}
    if (!isObject(stored)) this.#problems.push('not an object')
  }

  get isSound(): boolean {
    return this.#problems.length === 0
  }

  needed<T>(key: string, isSound: (value: unknown) => value is T, fallback: T): T {
    const value = this.#own(key)
    if (isSound(value)) return value
    this.#problems.push(`${key} is ${value === undefined ? 'missing' : 'not what it should be'}`)
    return this.#knownOr(key, isSound, fallback)
  }

  /** As `needed`; where the store knows better, that holds. */
  known<T>(key: string, isSound: (value: unknown) => value is T, fallback: T): T {
    const value = this.needed(key, isSound, fallback)
    const known = this.#known[key]
    if (!isSound(known) || known === value) return value
    this.#problems.push(`${key} is not that of its row`)
    return known
  }

  /** Where it stands in its list, as an instant: kept as it is, be it none, lest its page end somewhere else. */
  place(key: string): number {
    const value = this.known(key, isPlace, 0)
    if (!isInstant(value)) this.#problems.push(`${key} is no instant`)
    return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))
  }

  /** What an older version may not have written. */
  optional<T, U>(key: string, isSound: (value: unknown) => value is T, fallback: U): T | U {
    const value = this.#own(key)
    if (isSound(value)) return value
    if (value !== undefined && value !== null) this.#problems.push(`${key} is not what it should be`)
    return this.#knownOr(key, isSound, fallback)
  }

  json(key: string): JsonValue {
    return (this.#own(key) ?? null) as JsonValue
  }

  corrupt(what: string, cause: TaskError | null): TaskError {
    const text = typeof this.#stored === 'string' ? this.#stored : (JSON.stringify(this.#stored) ?? 'nothing')
    return parseTaskError({
      message: `The stored ${what} is corrupt: ${this.#problems.join(', ')}`,
      code: 'STORE_CORRUPT',
      details: { stored: text.slice(0, SHOWN), ...(cause && { cause }) },
    })
  }

  #own(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined
  }

  #knownOr<T, U>(key: string, isSound: (value: unknown) => value is T, fallback: U): T | U {
    const known = this.#known[key]
    return isSound(known) ? known : fallback
  }
}

const isString = (value: unknown): value is string => typeof value === 'string'
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString)
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
/** Whole milliseconds. */
const isInstant = (value: unknown): value is number => Number.isSafeInteger(value)
/** What a column of numbers may hold. */
const isPlace = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isAtLeastOne = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1
const isObject = (value: unknown): value is Record<string, JsonValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const errorOf = (stored: JsonValue): TaskError | null => (stored === null ? null : parseTaskError(stored))

function progressOf(stored: Record<string, JsonValue> | null): TaskRecord['progress'] {
  if (!stored) return null
  const numberOf = (key: string): number | null => (isNumber(stored[key]) ? stored[key] : null)
  return {
    currentStep: isString(stored['currentStep']) ? stored['currentStep'] : null,
    completedSteps: numberOf('completedSteps'),
    totalSteps: numberOf('totalSteps'),
    percentage: numberOf('percentage'),
  }
}

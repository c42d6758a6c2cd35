/** Every code that taskward itself gives. An error of the user's keeps its own. */
export const ERROR_CODES = Object.freeze([
  'TASK_TIMEOUT',
  'TASK_QUEUE_TIMEOUT',
  'TASK_DEADLINE',
  'TASK_CANCELLED',
  'TASK_QUEUE_FULL',
  'TASK_DROPPED',
  'TASK_STALLED',
  'TASK_INTERRUPTED',
  'TASK_DEPENDENCY_FAILED',
  'TASK_DUPLICATE',
  'TASK_INPUT_INVALID',
  'TASK_UNKNOWN',
  'TASK_DEADLOCK',
  'SERVICE_RESTART_LIMIT',
  'SUPERVISOR_CLOSED',
  'OPTION_INVALID',
  'STORE_UNAVAILABLE',
  'STORE_CORRUPT',
] as const)

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number]

// Registered symbols and a kind of our own, so that the guards also know errors made by a second copy of the package.
const BRAND = Symbol.for('taskward.error')
type Kind = 'timeout' | 'cancelled' | 'rejected' | 'option' | 'store' | 'service'

/**
 * The base of every error that taskward makes. It does not cover what a task throws: that reaches its reader as it was
 * thrown.
 */
export class TaskwardError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static {
    brand(this, 'TaskwardError', null)
  }
}

/** An attempt ran, a task waited, or a whole task took longer than it may. `limitMs` is what it was given. */
export class TaskTimeoutError extends TaskwardError {
  readonly limitMs: number
  /** Of a task that stalled: the labels of its last heartbeats, oldest first. */
  declare readonly heartbeats?: readonly string[]

  constructor(
    code: 'TASK_TIMEOUT' | 'TASK_QUEUE_TIMEOUT' | 'TASK_DEADLINE' | 'TASK_STALLED',
    message: string,
    limitMs: number,
    { cause, heartbeats = [] }: { cause?: unknown; heartbeats?: readonly string[] } = {},
  ) {
    super(code, message, cause === undefined ? undefined : { cause })
    this.limitMs = limitMs
    if (heartbeats.length > 0) this.heartbeats = heartbeats
  }

  static {
    brand(this, 'TaskTimeoutError', 'timeout')
  }
}

/** A task was told to stop. `cause` is the reason given, as it was given. */
export class TaskCancelledError extends TaskwardError {
  constructor(message: string, reason?: unknown, code: 'TASK_CANCELLED' | 'SUPERVISOR_CLOSED' = 'TASK_CANCELLED') {
    super(code, message, reason === undefined ? undefined : { cause: reason })
  }

  static {
    brand(this, 'TaskCancelledError', 'cancelled')
  }
}

/** A task was refused or dropped before it could run. */
export class TaskRejectedError extends TaskwardError {
  /** Of a deadlock: the names of those who wait, each for the next, the task itself last. */
  declare readonly chain?: readonly string[]

  constructor(
    code: ErrorCode,
    message: string,
    { chain, ...options }: ErrorOptions & { chain?: readonly string[] } = {},
  ) {
    super(code, message, options)
    if (chain) this.chain = chain
  }

  static {
    brand(this, 'TaskRejectedError', 'rejected')
  }
}

/** taskward was called in a way it does not support; the message says what was expected and what came. */
export class TaskOptionError extends TaskwardError {
  /** Where the offending value stood, as in `spawn().timeout`. */
  readonly path: string

  constructor(path: string, message: string) {
    super('OPTION_INVALID', `${path}: ${message}`)
    this.path = path
  }

  static {
    brand(this, 'TaskOptionError', 'option')
  }
}

/** A store did not do what it was asked. `cause` is what it threw. */
export class TaskStoreError extends TaskwardError {
  static {
    brand(this, 'TaskStoreError', 'store')
  }
}

/** A service has ended for good, since it had to be started again too often. `cause` is what ended it last. */
export class ServiceError extends TaskwardError {
  readonly service: string

  constructor(message: string, service: string, options?: ErrorOptions) {
    super('SERVICE_RESTART_LIMIT', message, options)
    this.service = service
  }

  static {
    brand(this, 'ServiceError', 'service')
  }
}

export const isTaskwardError = (value: unknown): value is TaskwardError => kindOf(value) !== undefined
export const isTaskTimeoutError = (value: unknown): value is TaskTimeoutError => kindOf(value) === 'timeout'
export const isTaskCancelledError = (value: unknown): value is TaskCancelledError => kindOf(value) === 'cancelled'
export const isTaskRejectedError = (value: unknown): value is TaskRejectedError => kindOf(value) === 'rejected'
export const isTaskOptionError = (value: unknown): value is TaskOptionError => kindOf(value) === 'option'
export const isTaskStoreError = (value: unknown): value is TaskStoreError => kindOf(value) === 'store'
export const isServiceError = (value: unknown): value is ServiceError => kindOf(value) === 'service'

function brand(type: { prototype: object }, name: string, kind: Kind | null): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
  Object.defineProperty(type.prototype, BRAND, { value: kind ?? 'base' })
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const kind: unknown = Reflect.get(value, BRAND)
    return typeof kind === 'string' ? kind : undefined
  } catch {
    // A hostile value (a revoked proxy, say) is no error of ours.
    return undefined
  }
}

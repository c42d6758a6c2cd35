/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

export type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

/** The stored form of whatever was thrown: bounded, JSON-safe, free of NUL and of ill-formed Unicode. */
export interface TaskError {
  message: string
  /** The thrown value's own code as a string; null where it has none of its own. */
  code: string | null
  /** `name`, `stack`, `cause`, `errors` and the error's own JSON-safe fields; null where there is nothing to say. */
  details: Record<string, JsonValue> | null
}

export interface TaskProgress {
  currentStep: string | null
  completedSteps: number | null
  totalSteps: number | null
  percentage: number | null
}

/** The stored, JSON-safe form of a task. Instants are epoch milliseconds. */
export interface TaskRecord {
  id: string
  name: string
  lane: string | null
  owner: string | null
  parentId: string | null
  scope: string | null
  status: TaskStatus
  /** The number of the current or last attempt; 0 before the first. */
  attempt: number
  maxAttempts: number
  priority: number
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  runAt: number | null
  /** Since when the function, told to stop, has been running on; null once it has stopped in time. */
  stoppingSince: number | null
  /** Whether the function was still running when its grace ran out. */
  abandoned: boolean
  progress: TaskProgress | null
  input: JsonValue | null
  result: JsonValue | null
  error: TaskError | null
  metadata: Record<string, JsonValue>
  after: string[]
  retryOf: string | null
  definitionVersion: number | null
  instanceId: string
  /** Grows by one with each change. */
  version: number
}

/** One change of a task's status. A history starts with `from: null`, `to: 'pending'`. */
export interface TaskTransition {
  taskId: string
  from: TaskStatus | null
  to: TaskStatus
  at: number
  attempt: number
  instanceId: string
  /** Why, as a code of `ERROR_CODES` or of the error's own; null for the ordinary course of things. */
  reason: string | null
  error: TaskError | null
}

/** One failed attempt. A task that fails without a run has one with attempt 0. */
export interface TaskErrorRecord {
  id: string
  taskId: string
  taskName: string
  owner: string | null
  attempt: number
  at: number
  /** Equal for the same fault; see `fingerprint`. */
  fingerprint: string
  error: TaskError
}

/** The errors of one fault. */
export interface TaskErrorGroup {
  fingerprint: string
  count: number
  firstSeen: number
  lastSeen: number
  /** The last one. */
  sample: TaskErrorRecord
}

/** How a task ended; decided exactly once. */
export type TaskOutcome<T> =
  | { status: 'completed'; value: T }
  | { status: 'failed'; error: TaskError; reason: unknown }
  | { status: 'cancelled'; error: TaskError; reason: unknown }

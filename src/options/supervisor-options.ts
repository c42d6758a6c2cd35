import { types } from 'node:util'
import type { Clock } from '../clock.js'
import { OVERFLOW_POLICIES, type OverflowPolicy } from '../core/admission.js'
import * as rules from '../core/option-rules.js'
import type { TaskErrorRecord, TaskRecord } from '../core/record.js'
import type { Redact } from '../core/redact.js'
import type { RetryOptions, RetryPolicy } from '../core/retry.js'
import type { Logger } from '../logger.js'
import type { LaneSettings } from '../runtime/lane.js'
import type { ArchivedTask, TaskStore } from '../store.js'
import type { LanePolicy } from '../work.js'
import { retryPolicyOf, retryRule } from './retry-options.js'

/** Options of a supervisor. Times are whole milliseconds from 0, or `Infinity`; `undefined` means the default. */
export interface TaskSupervisorOptions {
  /** 1 to 256 bytes. @default 'default' */
  name?: string | undefined
  /** How many functions may run at once: an integer from 1, or `Infinity`. @default 50 */
  concurrency?: number | undefined
  /** Milliseconds an attempt may run, from its start. @default 30_000 */
  timeout?: number | undefined
  /** How a failed, timed-out or stalled attempt is followed by another. @default none */
  retry?: RetryOptions | undefined
  /** Milliseconds an attempt may go without a heartbeat, from its start. @default Infinity */
  stallTimeout?: number | undefined
  /** Milliseconds a task may wait, from spawn to its first start. @default Infinity */
  queueTimeout?: number | undefined
  /** Milliseconds between being told to stop and being abandoned. @default 5_000 */
  grace?: number | undefined
  /** How many tasks may wait: an integer from 0, or `Infinity`. @default 10_000 */
  queueLimit?: number | undefined
  /**
   * What happens when one more would have to wait: it ends `failed` with `TASK_QUEUE_FULL` ('reject'), or it ('drop-newest'),
   * or the longest waiting of the lowest priority ('drop-oldest'), ends `cancelled` with `TASK_DROPPED`.
   *
   * @default 'reject'
   */
  onOverflow?: OverflowPolicy | undefined
  /** How many functions of one owner may run at once: an integer from 1, or `Infinity`. @default Infinity */
  perOwner?: number | undefined
  /**
   * What happens when every slot is held by a task that awaits one that cannot start for want of a slot: one of those that wait
   * ends `failed` with `TASK_DEADLOCK` ('report'), or an awaited task runs in the slot of the one that awaits it ('borrow').
   *
   * @default 'report'
   */
  reentrant?: 'report' | 'borrow' | undefined
  /** The lanes that tasks may be spawned in, by name. @default {} */
  lanes?: Record<string, LaneOptions | undefined> | undefined
  /** Called once for each failed task. What it throws is reported as `hook:error`. @default none */
  onError?: ((record: TaskErrorRecord, task: TaskRecord) => unknown) | undefined
  /** Shaped like `console`. Starts and completions are logged at debug, cancellations at info, failures at error. @default none */
  logger?: Logger | undefined
  /** While tasks live, a debug line of counts every `interval` milliseconds. @default { enabled: true, interval: 60_000 } */
  monitor?: { enabled?: boolean | undefined; interval?: number | undefined } | undefined
  /**
   * What to keep out of records, events and logs besides the usual secrets (passwords, tokens, cookies, credentials in URLs):
   * keys or dotted paths with `*`, and patterns for keys. Covers errors, metadata and results; the function is given its own unredacted.
   *
   * @default []
   */
  redact?: Redact | undefined
  /** How much of a result `keepResult` keeps: bytes as JSON, an integer from 0, or `Infinity`. @default 16_384 */
  maxResultBytes?: number | undefined
  /** Whether a pending or running task keeps the process alive. Bookkeeping never does. @default true */
  keepAlive?: boolean | undefined
  /**
   * Whether tasks run in the AsyncLocalStorage context of their spawn, or in that in which taskward was loaded, which is
   * nobody's unless it is imported within a request.
   *
   * @default 'inherit'
   */
  context?: 'inherit' | 'detach' | undefined
  /** Where time comes from. @default the machine's */
  clock?: Clock | undefined
  /** Where records live. @default memoryStore() */
  store?: TaskStore | undefined
  /** How long finished tasks are kept, and how many. @default { maxAge: 86_400_000, maxTasks: 10_000, interval: 60_000 } */
  retention?: RetentionOptions | undefined
  /**
   * With a store that outlives the process: whether a task's record is there before its function starts, and its outcome
   * before `settled` resolves and events fire ('ahead'), or both follow as the store takes them ('behind').
   *
   * @default 'behind'
   */
  durability?: 'ahead' | 'behind' | undefined
  /**
   * Milliseconds for which a task waits for the store, each time ('ahead', and an `id` that only the store can tell from
   * others), before it goes on as with 'behind', with a `store:error`. @default 5_000
   */
  storeTimeout?: number | undefined
}

/** Options of a lane: a named group of tasks with limits of its own, which holds up nobody outside of it. */
export interface LaneOptions {
  /** How many of its functions may run at once: an integer from 1, or `Infinity`. @default Infinity */
  concurrency?: number | undefined
  /** How many of its tasks may wait, besides the supervisor's `queueLimit`: an integer from 0, or `Infinity`. @default Infinity */
  queueLimit?: number | undefined
  /**
   * At most `limit` starts, those of retries included, in any window of `interval` milliseconds. A task that leaves while it
   * waits uses none. @default none
   */
  rate?: { limit: number; interval: number } | undefined
  /**
   * Calls the functions of the lane, such as a circuit breaker of cockatiel: what its `execute` comes to is the attempt's outcome.
   * One that takes more than 5 s without running the function is given up, with a `hook:error`. @default none
   */
  policy?: LanePolicy | undefined
}

/** What becomes of finished tasks. Live ones are never removed. */
export interface RetentionOptions {
  /** Milliseconds since the end of the task. @default 86_400_000 */
  maxAge?: number | undefined
  /** How many finished tasks the store keeps. @default 10_000 */
  maxTasks?: number | undefined
  /** How often that is looked at, in milliseconds. @default 60_000 */
  interval?: number | undefined
  /**
   * Is given, and awaited, what is about to go; where it rejects nothing goes. May see a task twice. `jsonlArchive` of
   * `taskward/stores/file` is one that writes files. @default none
   */
  archive?: ((tasks: ArchivedTask[]) => unknown) | undefined
}

/** The defaults of {@link LaneOptions}, where they are plain values. */
export const LANE_DEFAULTS = { concurrency: Infinity, queueLimit: Infinity } as const

/** The defaults of {@link TaskSupervisorOptions}, where they are plain values. */
export const SUPERVISOR_DEFAULTS = {
  name: 'default',
  concurrency: 50,
  timeout: 30_000,
  stallTimeout: Infinity,
  queueTimeout: Infinity,
  grace: 5_000,
  queueLimit: 10_000,
  onOverflow: 'reject',
  perOwner: Infinity,
  reentrant: 'report',
  lanes: {},
  monitor: { enabled: true, interval: 60_000 },
  redact: [],
  maxResultBytes: 16_384,
  keepAlive: true,
  context: 'inherit',
  retention: { maxAge: 24 * 60 * 60 * 1_000, maxTasks: 10_000, interval: 60_000 },
  durability: 'behind',
  storeTimeout: 5_000,
} as const

const STORE_METHODS = [
  ...['open', 'commit', 'get', 'list', 'history', 'errors', 'counts', 'changes', 'prune'],
  ...['beat', 'leave', 'instances', 'orphans', 'close'],
]

const areCapabilities = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['durable', 'shared', 'push'].every((key) => typeof (value as Record<string, unknown>)[key] === 'boolean')

const rateRule: rules.Rule = {
  ...rules.optionsWithin({ limit: rules.capRule, interval: rules.timeRule }),
  expected: 'an object with limit and interval',
  accepts: (value) => {
    const { limit, interval } = value as { limit?: unknown; interval?: unknown }
    return limit !== undefined && interval !== undefined
  },
}

/** What each option may be. */
export const SUPERVISOR_RULES: rules.Rules = {
  name: rules.nameRule,
  concurrency: rules.capRule,
  timeout: rules.timeRule,
  retry: retryRule,
  stallTimeout: rules.timeRule,
  queueTimeout: rules.timeRule,
  grace: rules.timeRule,
  queueLimit: rules.countRule,
  onOverflow: rules.oneOf(...OVERFLOW_POLICIES),
  perOwner: rules.capRule,
  reentrant: rules.oneOf('report', 'borrow'),
  lanes: rules.named(
    rules.optionsWithin({
      concurrency: rules.capRule,
      queueLimit: rules.countRule,
      rate: rateRule,
      policy: rules.objectWith('execute'),
    }),
  ),
  onError: rules.functionRule,
  logger: rules.objectWith('debug', 'info', 'warn', 'error'),
  monitor: rules.optionsWithin({ enabled: rules.booleanRule, interval: rules.timeRule }),
  redact: {
    expected: 'an array of strings and regular expressions',
    accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' || types.isRegExp(item)),
  },
  maxResultBytes: rules.countRule,
  keepAlive: rules.booleanRule,
  context: rules.oneOf('inherit', 'detach'),
  clock: rules.objectWith('now', 'monotonic', 'setTimer'),
  store: {
    expected: `a store: an object with kind, capabilities (durable, shared, push), and ${STORE_METHODS.map((method) => `${method}()`).join(', ')}`,
    accepts: (value) =>
      rules.objectWith(...STORE_METHODS).accepts(value) &&
      typeof (value as TaskStore).kind === 'string' &&
      areCapabilities((value as TaskStore).capabilities),
    isCode: true,
  },
  retention: rules.optionsWithin({
    maxAge: rules.timeRule,
    maxTasks: rules.countRule,
    interval: rules.timeRule,
    archive: rules.functionRule,
  }),
  durability: rules.oneOf('ahead', 'behind'),
  storeTimeout: rules.timeRule,
}

type Given<T> = { [K in keyof T]-?: Exclude<T[K], undefined> }

/** With every default filled in; only what has no plain default may be missing. */
export type ResolvedOptions = Given<
  Omit<TaskSupervisorOptions, 'onError' | 'logger' | 'clock' | 'store' | 'monitor' | 'retention' | 'retry' | 'lanes'>
> &
  Pick<TaskSupervisorOptions, 'onError' | 'logger' | 'clock' | 'store'> & {
    retry: RetryPolicy | null
    lanes: ReadonlyMap<string, LaneSettings>
    monitor: { enabled: boolean; interval: number }
    retention: { maxAge: number; maxTasks: number; interval: number } & Pick<RetentionOptions, 'archive'>
  }

/** @throws TaskOptionError `OPTION_INVALID` */
export function resolveOptions(given: unknown): ResolvedOptions {
  const options = rules.checkOptions('new TaskSupervisor()', given, SUPERVISOR_RULES) as TaskSupervisorOptions
  return {
    ...SUPERVISOR_DEFAULTS,
    ...options,
    retry: retryPolicyOf(options.retry),
    lanes: lanesOf(options.lanes),
    monitor: { ...SUPERVISOR_DEFAULTS.monitor, ...options.monitor },
    retention: { ...SUPERVISOR_DEFAULTS.retention, ...options.retention },
  } as ResolvedOptions
}

function lanesOf(given: TaskSupervisorOptions['lanes'] = {}): ReadonlyMap<string, LaneSettings> {
  return new Map(
    Object.entries(given).map(([name, options]): [string, LaneSettings] => {
      const { rate = null, policy = null, ...limits } = options ?? {}
      return [name, { ...LANE_DEFAULTS, ...limits, rate, policy } as LaneSettings]
    }),
  )
}

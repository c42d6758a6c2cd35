import type { JsonValue } from '../core/record.js'
import type { RetryPolicy } from '../core/retry.js'

/** What a task is made of, once its options are checked and the defaults are filled in. */
export interface TaskSettings {
  readonly name: string
  readonly lane: string | null
  readonly owner: string | null
  readonly priority: number
  readonly timeoutMs: number
  readonly queueTimeoutMs: number
  readonly graceMs: number
  readonly delayMs: number
  /** Epoch milliseconds; `Infinity` for none. */
  readonly deadlineAt: number
  readonly stallTimeoutMs: number
  readonly retry: RetryPolicy | null
  /** The ids of the tasks it comes after. */
  readonly after: readonly string[]
  readonly onDependencyFailure: 'fail' | 'run'
  readonly onParentEnd: 'leave' | 'cancel'
  readonly dedupe: { readonly key: string; readonly on: 'reuse' | 'reject' | 'replace' } | null
  readonly keepResult: boolean
  readonly reentrant: 'report' | 'borrow'
  readonly metadata: Readonly<Record<string, JsonValue>>
}

/** What a task is given besides its settings. */
export interface Made<Task, Scope> {
  readonly id: string | null
  readonly instanceId: string
  readonly atMs: number
  readonly atMono: number
  /** The metadata as the record shall have it. */
  readonly metadata: Record<string, JsonValue>
  readonly scope: Scope | null
  readonly parent: Task | null
  readonly dependencies: readonly (Task | string)[] | null
  /** The place of its id among all, which is made for who asks. */
  readonly stamp: number
  readonly makeId: (task: Task, stamp: number) => string
}

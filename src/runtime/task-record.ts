import { dateOf } from '../core/instant.js'
import type { TaskOutcome, TaskRecord } from '../core/record.js'
import type { TaskSettings } from './task-settings.js'

/** What a record says of a task. */
export interface Recorded extends Omit<
  TaskRecord,
  'name' | 'lane' | 'owner' | 'scope' | 'maxAttempts' | 'input' | 'error' | 'after' | 'retryOf' | 'definitionVersion'
> {
  readonly settings: TaskSettings
  readonly outcome: TaskOutcome<unknown> | null
  readonly scope: { readonly name: string } | null
}

/** The record of a task, as it stands. */
export function recordOf(task: Recorded): TaskRecord {
  const { outcome, settings } = task
  return {
    id: task.id,
    name: settings.name,
    lane: settings.lane,
    owner: settings.owner,
    parentId: task.parentId,
    scope: task.scope?.name ?? null,
    status: task.status,
    attempt: task.attempt,
    // As JSON, in which there is no Infinity.
    maxAttempts: Math.min(settings.retry?.attempts ?? 1, Number.MAX_SAFE_INTEGER),
    priority: task.priority,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    runAt: dateOf(task.runAt),
    stoppingSince: task.stoppingSince,
    abandoned: task.abandoned,
    progress: task.progress,
    ...{ input: null, result: task.result },
    error: outcome === null || outcome.status === 'completed' ? null : outcome.error,
    metadata: task.metadata,
    after: [...settings.after],
    ...{ retryOf: null, definitionVersion: null },
    instanceId: task.instanceId,
    version: task.version,
  }
}

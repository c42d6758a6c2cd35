import { isTerminal } from '../../core/lifecycle.js'
import type { TaskError, TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import type { TaskChange } from '../../store.js'

/** When the tests' tasks are made, give or take. */
export const NOON = 1_700_000_000_000

/** A record as the supervisor makes it: pending, unless said otherwise. */
export function taskOf(id: string, own: Partial<TaskRecord> = {}): TaskRecord {
  const { status = 'pending', createdAt = NOON } = own
  const hasRun = status !== 'pending' && status !== 'cancelled'
  return {
    ...{ id, name: 'task', lane: null, owner: null, parentId: null, scope: null },
    ...{ status, attempt: hasRun ? 1 : 0, maxAttempts: 1, priority: 0 },
    ...{ createdAt, startedAt: hasRun ? createdAt + 1 : null, finishedAt: isTerminal(status) ? createdAt + 2 : null },
    ...{ runAt: null, stoppingSince: null, abandoned: false, progress: null, input: null, result: null },
    ...{ error: status === 'failed' ? errorOf('boom') : null, metadata: {}, after: [], retryOf: null },
    ...{ definitionVersion: null, instanceId: 'suite', version: pathTo(status).length },
    ...own,
  }
}

export const errorOf = (message: string, code: string | null = null): TaskError => ({ message, code, details: null })

/** The first commit about a task, which carries all that has happened to it. */
export function born(record: TaskRecord): TaskChange {
  const path = pathTo(record.status)
  return {
    record,
    expected: 0,
    transitions: path.map((to, index) => stepOf(record, path[index - 1] ?? null, to, index)),
    errors: record.status === 'failed' ? [failureOf(record)] : [],
  }
}

/** What follows a version: the next one, in another status. */
export function moved(record: TaskRecord, status: TaskStatus, own: Partial<TaskRecord> = {}): TaskChange {
  const finishedAt = isTerminal(status) ? record.createdAt + 10 : null
  const error = status === 'failed' ? errorOf('boom') : null
  const next: TaskRecord = { ...record, status, finishedAt, error, version: record.version + 1, ...own }
  return {
    record: next,
    expected: record.version,
    transitions: [stepOf(next, record.status, status, next.version)],
    errors: status === 'failed' ? [failureOf(next)] : [],
  }
}

/** A later version in the same status, as for progress or for a function that stopped after its outcome. */
export const touched = (record: TaskRecord, own: Partial<TaskRecord> = {}): TaskChange => ({
  record: { ...record, version: record.version + 1, ...own },
  expected: record.version,
  transitions: [],
  errors: [],
})

export function failureOf(record: TaskRecord, own: Partial<TaskErrorRecord> = {}): TaskErrorRecord {
  return {
    id: `${record.id}!${String(record.version)}`,
    ...{ taskId: record.id, taskName: record.name, owner: record.owner, attempt: record.attempt },
    ...{ at: record.finishedAt ?? record.createdAt, fingerprint: 'f1', error: record.error ?? errorOf('boom') },
    ...own,
  }
}

/** The statuses that lead to one, itself included. */
function pathTo(status: TaskStatus): TaskStatus[] {
  if (status === 'pending') return ['pending']
  return status === 'running' || status === 'cancelled' ? ['pending', status] : ['pending', 'running', status]
}

function stepOf(record: TaskRecord, from: TaskStatus | null, to: TaskStatus, order: number): TaskTransition {
  const { id: taskId, instanceId, attempt, createdAt } = record
  const error = to === 'failed' ? record.error : null
  return { taskId, from, to, at: createdAt + order, attempt, instanceId, reason: error?.code ?? null, error }
}

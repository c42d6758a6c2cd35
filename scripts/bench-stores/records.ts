import { randomUUID } from 'node:crypto'
import type { TaskChange, TaskErrorRecord, TaskRecord, TaskStatus, TaskTransition } from '../../src/index.js'

const INSTANCE = randomUUID()
const START_MS = 1_700_000_000_000

/** As ids of tasks are: in order of their making. */
export const idOf = (n: number): string => {
  const digits = String(n).padStart(15, '0')
  return `018bcfe5-${digits.slice(0, 4)}-7${digits.slice(4, 7)}-8abc-${digits.slice(3)}`
}

/**
 * A finished task as it comes to a store that was busy while it ran: a record of some 600 bytes as JSON, three transitions, and
 * in one of twenty an error.
 */
export function changeOf(n: number): TaskChange {
  const taskId = idOf(n)
  const at = START_MS + Math.floor(n / 3)
  const status: TaskStatus = n % 20 === 2 ? 'failed' : n % 50 === 3 ? 'cancelled' : 'completed'
  const details = { name: 'MailError', stack: 'MailError: refused\n    at send (mail.ts:1:1)' }
  const error =
    status === 'failed' ? { message: `The mail server refused order ${String(n)}`, code: 'E_MAIL', details } : null
  const name = `job-${String(n % 50)}`
  const owner = `customer-${String(n % 1_000)}`
  const record: TaskRecord = {
    ...{
      id: taskId,
      name,
      lane: n % 2 === 0 ? 'mail' : null,
      owner,
      parentId: n % 10 === 0 ? idOf(n - (n % 100)) : null,
    },
    ...{ scope: null, status, attempt: 1, maxAttempts: 1, priority: 0, createdAt: at, startedAt: at + 1 },
    ...{ finishedAt: at + 20, runAt: null, stoppingSince: null, abandoned: false, progress: null },
    ...{
      input: { order: n, to: `${owner}@example.com` },
      result: null,
      error,
      metadata: { request: `request-${String(n)}` },
    },
    ...{ after: [], retryOf: null, definitionVersion: null, instanceId: INSTANCE, version: 3 },
  }
  const step = (from: TaskStatus | null, to: TaskStatus, afterMs: number): TaskTransition => ({
    ...{ taskId, from, to, at: at + afterMs, attempt: from === null ? 0 : 1, instanceId: INSTANCE, reason: null },
    error: to === 'failed' ? error : null,
  })
  const failures = (): TaskErrorRecord[] =>
    error === null
      ? []
      : [
          {
            id: idOf(n + 5e11),
            taskId,
            taskName: name,
            owner,
            attempt: 1,
            at: at + 20,
            fingerprint: `f${String(n % 200)}`,
            error,
          },
        ]
  return {
    record,
    expected: 0,
    transitions: [step(null, 'pending', 0), step('pending', 'running', 1), step('running', status, 20)],
    errors: failures(),
  }
}

export const changesFrom = (first: number, count: number): TaskChange[] =>
  Array.from({ length: count }, (_, index) => changeOf(first + index))

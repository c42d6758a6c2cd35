import { z } from 'zod'
import { TASK_STATUSES } from './core/lifecycle.js'
import type { JsonValue, TaskError, TaskErrorRecord, TaskProgress, TaskRecord, TaskTransition } from './core/record.js'

const count = z.int().min(0)
const instant = z.number()
const text = z.string()

/** Anything that survives a round trip through JSON. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.json()

export const taskStatusSchema = z.enum(TASK_STATUSES)

/** Accepts every output of `normalizeError` and `parseTaskError`. */
export const taskErrorSchema: z.ZodType<TaskError> = z.strictObject({
  message: text.min(1),
  code: text.min(1).max(128).nullable(),
  details: z.record(text, jsonValueSchema).nullable(),
})

export const taskProgressSchema: z.ZodType<TaskProgress> = z.strictObject({
  currentStep: text.nullable(),
  completedSteps: z.number().nullable(),
  totalSteps: z.number().nullable(),
  percentage: z.number().nullable(),
})

/** Accepts every record that a supervisor gives. */
export const taskRecordSchema: z.ZodType<TaskRecord> = z.strictObject({
  id: text.min(1),
  name: text.min(1),
  lane: text.nullable(),
  owner: text.nullable(),
  parentId: text.nullable(),
  scope: text.nullable(),
  status: taskStatusSchema,
  attempt: count,
  maxAttempts: z.number().min(1),
  priority: z.number(),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  runAt: instant.nullable(),
  stoppingSince: instant.nullable(),
  abandoned: z.boolean(),
  progress: taskProgressSchema.nullable(),
  input: jsonValueSchema.nullable(),
  result: jsonValueSchema.nullable(),
  error: taskErrorSchema.nullable(),
  metadata: z.record(text, jsonValueSchema),
  after: z.array(text),
  retryOf: text.nullable(),
  definitionVersion: z.number().nullable(),
  instanceId: text,
  version: z.int().min(1),
})

export const taskTransitionSchema: z.ZodType<TaskTransition> = z.strictObject({
  taskId: text.min(1),
  from: taskStatusSchema.nullable(),
  to: taskStatusSchema,
  at: instant,
  attempt: count,
  instanceId: text,
  reason: text.nullable(),
  error: taskErrorSchema.nullable(),
})

export const taskErrorRecordSchema: z.ZodType<TaskErrorRecord> = z.strictObject({
  id: text.min(1),
  taskId: text.min(1),
  taskName: text,
  owner: text.nullable(),
  attempt: count,
  at: instant,
  fingerprint: text,
  error: taskErrorSchema,
})

import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from '../src/index.js'
import * as schemas from '../src/schemas.js'
import { manualClock } from '../src/testing/index.js'
import { failWith, makeTask } from './runtime/support/tasks.js'

const failed = failWith(makeTask(0), 'X')
const { transitions, errors } = failed.change()
const samples: [string, { safeParse: (value: unknown) => { success: boolean; data?: unknown } }, object][] = [
  ['taskErrorSchema', schemas.taskErrorSchema, { message: 'x', code: 'X', details: { name: 'Error', n: [1, null] } }],
  [
    'taskProgressSchema',
    schemas.taskProgressSchema,
    { currentStep: 'a', completedSteps: 1, totalSteps: 2, percentage: 50 },
  ],
  ['taskRecordSchema', schemas.taskRecordSchema, failed.snapshot()],
  ['taskTransitionSchema', schemas.taskTransitionSchema, transitions.at(-1)!],
  ['taskErrorRecordSchema', schemas.taskErrorRecordSchema, errors[0]!],
]

describe.each(samples)('%s', (_, schema, sample) => {
  it('accepts what it is for, unchanged, also after a trip through JSON', () => {
    expect(schema.safeParse(sample)).toEqual({ success: true, data: sample })
    expect(schema.safeParse(JSON.parse(JSON.stringify(sample)))).toEqual({ success: true, data: sample })
  })

  it('asks for each key, and for no other', () => {
    for (const key of Object.keys(sample)) {
      const without = Object.fromEntries(Object.entries(sample).filter(([other]) => other !== key))
      expect([key, schema.safeParse(without).success]).toEqual([key, false])
    }
    expect(schema.safeParse({ ...sample, extra: 1 }).success).toBe(false)
  })

  it('refuses values of a wrong type in every key', () => {
    for (const key of Object.keys(sample)) {
      const wrong = { ...sample, [key]: Symbol.iterator }
      expect([key, schema.safeParse(wrong).success]).toEqual([key, false])
    }
  })
})

it.each([
  ['status', 'done'],
  ['attempt', -1],
  ['attempt', 0.5],
  ['maxAttempts', 0],
  ['version', 0],
  ['id', ''],
  ['name', ''],
  ['createdAt', '2026-01-01'],
  ['error', 'text'],
  ['metadata', { when: new Date(0) }],
  ['metadata', { big: 1n }],
])('a record with the %s %o is refused', (key, value) => {
  expect(schemas.taskRecordSchema.safeParse({ ...failed.snapshot(), [key]: value }).success).toBe(false)
})

it('an error needs a message, and no code of its own', () => {
  const accepts = (error: unknown): boolean => schemas.taskErrorSchema.safeParse(error).success
  expect(accepts({ message: 'x', code: null, details: null })).toBe(true)
  expect(accepts({ message: '', code: null, details: null })).toBe(false)
  expect(accepts({ message: 'x', code: '', details: null })).toBe(false)
  expect(accepts({ message: 'x', code: 'x'.repeat(129), details: null })).toBe(false)
})

it('the schema of statuses knows the five', () => {
  expect(schemas.taskStatusSchema.options).toEqual(['pending', 'running', 'completed', 'failed', 'cancelled'])
})

it('the schema of JSON takes what JSON can say', () => {
  for (const value of [null, 0, '', false, [1, [2]], { a: { b: null } }]) {
    expect(schemas.jsonValueSchema.safeParse(value).success).toBe(true)
  }
  for (const value of [undefined, NaN, Infinity, 1n, () => 1, new Date(0), { a: undefined }, [undefined]]) {
    expect(schemas.jsonValueSchema.safeParse(value).success).toBe(false)
  }
})

it('everything a supervisor gives out passes', async () => {
  const clock = manualClock()
  const supervisor = new TaskSupervisor({ clock, concurrency: 2 })
  supervisor.spawn(() => 1, { metadata: { a: [1, null] }, owner: 'ann', priority: -0.5 })
  supervisor.spawn(() => Promise.reject(Object.assign(new Error(''), { code: 7, details: 1n })))
  supervisor.spawn(() => new Promise(() => undefined), { timeout: 5, grace: 5 })
  supervisor.spawn(() => 1).cancel({ odd: Symbol('x') })
  await supervisor.list()
  clock.advance(20)
  supervisor.spawn(() => new Promise(() => undefined))
  const { items } = await supervisor.list()
  expect(items).toHaveLength(5)
  for (const record of items) expect(schemas.taskRecordSchema.safeParse(record)).toMatchObject({ success: true })
  for (const { id } of items) {
    for (const move of await supervisor.history(id)) {
      expect(schemas.taskTransitionSchema.safeParse(move)).toMatchObject({ success: true })
    }
  }
  const failures = (await supervisor.errors()).items
  expect(failures.length).toBeGreaterThan(1)
  for (const failure of failures) {
    expect(schemas.taskErrorRecordSchema.safeParse(failure)).toMatchObject({ success: true })
  }
})

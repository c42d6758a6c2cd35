import { describe, expect, it } from 'vitest'
import * as errors from '../../src/core/errors.js'
import { hostileValues } from './support/hostile-values.js'

const loadCopy = async (): Promise<typeof errors> => {
  const path = '../../src/core/errors.js?another-copy'
  return (await import(/* @vite-ignore */ path)) as typeof errors
}

const make = (from: typeof errors) => ({
  timeout: new from.TaskTimeoutError('TASK_TIMEOUT', 'too long', 5),
  cancelled: new from.TaskCancelledError('told to stop', 'reason'),
  rejected: new from.TaskRejectedError('TASK_QUEUE_FULL', 'full'),
  option: new from.TaskOptionError('spawn().timeout', 'wrong'),
  store: new from.TaskStoreError('STORE_UNAVAILABLE', 'down', { cause: 1 }),
})

const guards = (from: typeof errors) => ({
  timeout: from.isTaskTimeoutError,
  cancelled: from.isTaskCancelledError,
  rejected: from.isTaskRejectedError,
  option: from.isTaskOptionError,
  store: from.isTaskStoreError,
})

describe('the guards', () => {
  it('know their own class, and no other', () => {
    for (const [kind, error] of Object.entries(make(errors))) {
      expect(errors.isTaskwardError(error)).toBe(true)
      for (const [of, guard] of Object.entries(guards(errors))) expect([of, guard(error)]).toEqual([of, of === kind])
    }
  })

  it('know what another copy of the package made', async () => {
    const other = await loadCopy()
    expect(other.TaskwardError).not.toBe(errors.TaskwardError)
    for (const [kind, error] of Object.entries(make(other))) {
      expect(error).not.toBeInstanceOf(errors.TaskwardError)
      expect(errors.isTaskwardError(error)).toBe(true)
      for (const [of, guard] of Object.entries(guards(errors))) expect([of, guard(error)]).toEqual([of, of === kind])
    }
  })

  it('know a subclass of the user, and a bare base', () => {
    class Mine extends errors.TaskTimeoutError {}
    expect(errors.isTaskTimeoutError(new Mine('TASK_DEADLINE', 'x', 1))).toBe(true)
    const base = new errors.TaskwardError('TASK_UNKNOWN', 'x')
    expect(errors.isTaskwardError(base)).toBe(true)
    for (const guard of Object.values(guards(errors))) expect(guard(base)).toBe(false)
  })

  it('say no to everything else', () => {
    const lookalike = Object.assign(new Error('x'), { name: 'TaskTimeoutError', code: 'TASK_TIMEOUT' })
    const brandedWrong = { [Symbol.for('taskward.error')]: 1 }
    const others = [undefined, null, 0, '', 'timeout', Symbol('x'), 1n, {}, [], lookalike, brandedWrong, new Error('x')]
    for (const guard of [errors.isTaskwardError, ...Object.values(guards(errors))]) {
      expect(others.filter((value) => guard(value))).toEqual([])
    }
  })

  it.each(hostileValues())('say no to %s', (_, value) => {
    for (const guard of [errors.isTaskwardError, ...Object.values(guards(errors))]) expect(guard(value)).toBe(false)
  })
})

describe('an error of taskward', () => {
  it.each(Object.entries(make(errors)))('is an Error with name and code: %s', (kind, error) => {
    const name = `Task${kind[0]!.toUpperCase()}${kind.slice(1)}Error`
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(errors.TaskwardError)
    expect(error.name).toBe(name)
    expect(error.constructor.name).toBe(name)
    expect(Object.keys(error)).not.toContain('name')
    expect(errors.ERROR_CODES).toContain(error.code)
    expect(error.stack).toContain(`${name}: ${error.message}`)
  })

  it('carries what belongs to it', () => {
    const made = make(errors)
    expect(made.timeout).toMatchObject({ code: 'TASK_TIMEOUT', message: 'too long', limitMs: 5 })
    expect(made.cancelled).toMatchObject({ code: 'TASK_CANCELLED', cause: 'reason' })
    expect(made.option).toMatchObject({ message: 'spawn().timeout: wrong', path: 'spawn().timeout' })
    expect(made.store).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: 1 })
    expect(new errors.TaskCancelledError('x', undefined, 'SUPERVISOR_CLOSED').code).toBe('SUPERVISOR_CLOSED')
  })

  it('has a cause only where a reason was given, null and false included', () => {
    expect('cause' in new errors.TaskCancelledError('x')).toBe(false)
    expect(new errors.TaskCancelledError('x', null).cause).toBeNull()
    expect(new errors.TaskCancelledError('x', false).cause).toBe(false)
  })
})

it('has each code once, and they cannot be changed', () => {
  expect(new Set(errors.ERROR_CODES).size).toBe(errors.ERROR_CODES.length)
  expect(Object.isFrozen(errors.ERROR_CODES)).toBe(true)
})

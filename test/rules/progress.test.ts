import { describe, expect, it } from 'vitest'
import { isTaskOptionError, type TaskContext, type TaskProgress } from 'taskward'
import { clocked, deferred, durableStore, never, turns } from './support.js'

function watched() {
  const { clock, supervisor } = clocked({ timeout: Infinity })
  const told: (TaskProgress | string)[] = []
  supervisor.on('task:progress', ({ progress, task }) => {
    expect(task.progress).toEqual(progress)
    told.push(progress)
  })
  supervisor.on('task:settled', ({ task }) => told.push(task.status))
  let context!: TaskContext
  const handle = supervisor.spawn((given) => ((context = given), never()))
  return { clock, supervisor, told, handle, context }
}

const NONE = { currentStep: null, completedSteps: null, totalSteps: null, percentage: null }

describe('progress', () => {
  it('is kept in the record; what is not given stays, and the percentage is derived', () => {
    const { context, handle } = watched()
    expect(handle.snapshot().progress).toBeNull()
    const { version } = handle.snapshot()
    context.progress({ currentStep: 'reading', totalSteps: 8 })
    expect(handle.snapshot()).toMatchObject({ version: version + 1 })
    expect(handle.snapshot().progress).toEqual({ ...NONE, currentStep: 'reading', totalSteps: 8 })
    context.progress({ completedSteps: 2 })
    expect(handle.snapshot().progress).toEqual({
      currentStep: 'reading',
      completedSteps: 2,
      totalSteps: 8,
      percentage: 25,
    })
    context.progress({ percentage: 99 })
    expect(handle.snapshot().progress).toMatchObject({ completedSteps: 2, percentage: 99 })
    context.progress({ completedSteps: 12 })
    expect(handle.snapshot().progress).toMatchObject({ completedSteps: 12, percentage: 100 })
  })

  it('of which only the percentage is said keeps it', () => {
    const { context, handle } = watched()
    context.progress({ percentage: 12.5 })
    context.progress({ currentStep: 'writing' })
    expect(handle.snapshot().progress).toEqual({ ...NONE, currentStep: 'writing', percentage: 12.5 })
    context.progress({ totalSteps: 0, completedSteps: 0 })
    expect(handle.snapshot().progress).toMatchObject({ percentage: 12.5 })
  })

  it('is told at most once in 100 ms, and the last of it always', () => {
    const { clock, context, told } = watched()
    const percentages = () => told.map((progress) => typeof progress === 'object' && progress.percentage)
    for (let percentage = 0; percentage <= 50; percentage++) context.progress({ percentage })
    expect(percentages()).toEqual([0])
    clock.advance(99)
    expect(percentages()).toEqual([0])
    clock.advance(1)
    expect(percentages()).toEqual([0, 50])
    clock.advance(1_000)
    expect([percentages(), clock.timers]).toEqual([[0, 50], 0])
    context.progress({ percentage: 60 })
    context.progress({ percentage: 61 })
    expect(percentages()).toEqual([0, 50, 60])
  })

  it('held back is told before the outcome, and nothing after it', async () => {
    const { context, told, handle, clock } = watched()
    for (const percentage of [1, 2, 3]) context.progress({ percentage })
    handle.cancel()
    context.progress({ percentage: 4 })
    clock.advance(1_000)
    await turns()
    expect(told).toEqual([{ ...NONE, percentage: 1 }, { ...NONE, percentage: 3 }, 'cancelled'])
    expect(handle.snapshot().progress).toMatchObject({ percentage: 3 })
  })

  it('of many tasks is told of each in its time', () => {
    const { clock, supervisor } = clocked({ concurrency: Infinity })
    const told: string[] = []
    supervisor.on('task:progress', ({ task, progress }) => told.push(`${task.name} ${progress.percentage}`))
    const contexts = ['a', 'b'].map((name) => {
      let context!: TaskContext
      supervisor.spawn((given) => ((context = given), never()), { name })
      return context
    })
    contexts[0]!.progress({ percentage: 1 })
    contexts[0]!.progress({ percentage: 2 })
    clock.advance(50)
    contexts[1]!.progress({ percentage: 1 })
    contexts[1]!.progress({ percentage: 2 })
    clock.advance(50)
    expect(told).toEqual(['a 1', 'b 1', 'a 2'])
    clock.advance(50)
    expect(told).toEqual(['a 1', 'b 1', 'a 2', 'b 2'])
  })

  it('reaches a durable store with the record', async () => {
    const store = durableStore()
    const { clock, supervisor } = clocked({ store })
    let context!: TaskContext
    const handle = supervisor.spawn((given) => ((context = given), never()))
    context.progress({ percentage: 10 })
    await turns()
    expect((await store.get(handle.id))?.progress).toMatchObject({ percentage: 10 })
    context.progress({ percentage: 20 })
    clock.advance(100)
    await turns()
    expect((await store.get(handle.id))?.progress).toMatchObject({ percentage: 20 })
  })

  it.each<[string, unknown]>([
    ['percentage', 101],
    ['percentage', NaN],
    ['completedSteps', -1],
    ['totalSteps', Infinity],
    ['currentStep', 5],
    ['percent', 5],
  ])('refuses %s: %o, at the place where it is said', (key, value) => {
    const { context, handle } = watched()
    let thrown: unknown
    try {
      context.progress({ [key]: value })
    } catch (error) {
      thrown = error
    }
    expect(isTaskOptionError(thrown)).toBe(true)
    expect(handle.snapshot().progress).toBeNull()
  })

  it.each(['a value', 'an error', 'an error to be followed by another attempt', 'a timeout', 'a cancel'])(
    'that is told at last may end the task itself, before %s does',
    async (ending) => {
      const { clock, supervisor } = clocked({ timeout: 50 })
      const seen: string[] = []
      supervisor.on('hook:error', ({ where }) => seen.push(where))
      supervisor.on('task:retrying', () => seen.push('retrying'))
      supervisor.on('task:settled', ({ task }) => seen.push(`${task.status} ${task.error?.code}`))
      supervisor.on('task:progress', ({ progress }) => progress.percentage === 2 && handle.cancel('enough'))
      let context!: TaskContext
      const { promise, resolve, reject } = deferred()
      const retry = ending.includes('attempt') || ending === 'a timeout' ? { attempts: 2 } : undefined
      const handle = supervisor.spawn((given) => ((context = given), promise), { retry, grace: 0 })
      context.progress({ percentage: 1 })
      context.progress({ percentage: 2 })
      if (ending === 'a value') resolve()
      if (ending.startsWith('an error')) reject(new Error('boom'))
      if (ending === 'a timeout') clock.advance(50)
      if (ending === 'a cancel') handle.cancel('as well')
      expect(await handle.settled).toMatchObject({ status: 'cancelled' })
      await turns()
      clock.advance(0)
      const { slots, totals } = supervisor.status()
      expect([seen, slots.running + slots.stopping, totals.cancelled]).toEqual([['cancelled TASK_CANCELLED'], 0, 1])
      await supervisor.close()
    },
  )

  it('keeps no more than a thousand characters of a step, and none that a store refuses', () => {
    const { context, handle } = watched()
    context.progress({ currentStep: 'x'.repeat(2_000) })
    expect(handle.snapshot().progress?.currentStep).toHaveLength(1_000)
    context.progress({ currentStep: 'a\0b' })
    expect(handle.snapshot().progress?.currentStep).not.toContain('\0')
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { Dispatcher, type DispatcherOptions } from '../../src/runtime/dispatcher.js'
import type { LiveTask } from '../../src/runtime/live-task.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { makeTask } from './support/tasks.js'
import { nextTurn } from './support/turns.js'

type Body = (task: LiveTask) => void

/** A dispatcher whose tasks keep their slot until the test gives it back. `bodies` run while a function is being called. */
function setUp(own: Partial<DispatcherOptions> = {}, bodies: Record<number, Body> = {}) {
  const started: number[] = []
  const saturations: string[] = []
  let deepest = 0
  let depth = 0
  const start = (task: LiveTask): void => {
    started.push(task.order)
    deepest = Math.max(deepest, ++depth)
    bodies[task.order]?.(task)
    depth--
  }
  const options: DispatcherOptions = {
    ...({ concurrency: 1, queueLimit: Infinity, onOverflow: 'reject', context: 'inherit' } as const),
    ...{ lanes: new Map(), perOwner: Infinity },
    ...own,
  }
  const dispatcher = new Dispatcher(options, {
    clock: manualClock(),
    start,
    onServed: () => undefined,
    onSaturated: (reason) => saturations.push(reason),
  })
  const finish = (task: LiveTask): void => {
    dispatcher.release(task.run)
    dispatcher.pump()
  }
  const tasks = Array.from({ length: 8 }, (_, order) => makeTask(order))
  return { dispatcher, started, saturations, finish, tasks: tasks as [LiveTask, ...LiveTask[]], deepest: () => deepest }
}

describe('Dispatcher', () => {
  it('starts at once while slots are free, then lets wait, then starts who waits as slots come back', () => {
    const { dispatcher, started, finish, tasks } = setUp({ concurrency: 2 })
    expect(tasks.slice(0, 4).map((task) => dispatcher.offer(task).admission)).toEqual([
      'start',
      'start',
      'wait',
      'wait',
    ])
    expect(started).toEqual([0, 1])
    expect([dispatcher.waiting, dispatcher.slots.held, tasks[0].run?.holdsSlot, tasks[2]!.run]).toEqual([
      2,
      2,
      true,
      null,
    ])
    finish(tasks[1]!)
    expect(started).toEqual([0, 1, 2])
    finish(tasks[1]!)
    expect(dispatcher.slots.held).toBe(2)
  })

  it('starts nobody while paused, and all who fit when resumed', () => {
    const { dispatcher, started, tasks } = setUp({ concurrency: 2 })
    dispatcher.isPaused = true
    expect(tasks.slice(0, 3).map((task) => dispatcher.offer(task).admission)).toEqual(['wait', 'wait', 'wait'])
    expect(started).toEqual([])
    dispatcher.isPaused = false
    expect(started).toEqual([0, 1])
  })

  it('starts more when the limit rises, and nobody until what runs fits when it falls', () => {
    const { dispatcher, started, finish, tasks } = setUp({ concurrency: 1 })
    for (const task of tasks.slice(0, 5)) dispatcher.offer(task)
    dispatcher.limit = 3
    expect(started).toEqual([0, 1, 2])
    dispatcher.limit = 1
    finish(tasks[0])
    finish(tasks[1]!)
    expect(started).toHaveLength(3)
    finish(tasks[2]!)
    expect(started).toEqual([0, 1, 2, 3])
  })

  it('does not start who waits before a function that is being called has returned', () => {
    const { dispatcher, started, finish, tasks } = setUp(
      { concurrency: 1 },
      {
        0: (task) => {
          dispatcher.offer(tasks[1]!)
          finish(task)
          expect(started).toEqual([0])
        },
      },
    )
    dispatcher.offer(tasks[0])
    expect(started).toEqual([0, 1])
  })

  it('starts a nested spawn at once up to a depth of 100, deeper ones in a microtask, in order', async () => {
    const bodies: Record<number, Body> = {}
    const nested = setUp({ concurrency: Infinity }, bodies)
    for (let order = 0; order < 250; order++) bodies[order] = () => void nested.dispatcher.offer(makeTask(order + 1))
    nested.dispatcher.offer(makeTask(0))
    expect(nested.started).toHaveLength(101)
    await nextTurn()
    expect(nested.started).toEqual(Array.from({ length: 251 }, (_, order) => order))
    expect(nested.deepest()).toBeLessThanOrEqual(101)
  })

  it('says that it is saturated when work has to wait, again only after the queue was empty', () => {
    const { dispatcher, saturations, finish, tasks } = setUp({ concurrency: 1, queueLimit: 2 })
    dispatcher.offer(tasks[0])
    expect(saturations).toEqual([])
    dispatcher.offer(tasks[1]!)
    dispatcher.offer(tasks[2]!)
    expect([saturations, dispatcher.queueState.isFull]).toEqual([['concurrency'], true])
    for (const task of tasks.slice(3, 5)) {
      expect(dispatcher.offer(task)).toEqual({ admission: 'reject', lane: null })
      dispatcher.overflowed()
    }
    expect(saturations).toEqual(['concurrency', 'queue'])
    for (const task of tasks.slice(0, 2)) finish(task)
    dispatcher.offer(tasks[5]!)
    expect(saturations).toEqual(['concurrency', 'queue', 'concurrency'])
  })

  it('does not say so for a pause', () => {
    const { dispatcher, saturations, tasks } = setUp()
    dispatcher.isPaused = true
    dispatcher.offer(tasks[0])
    expect(saturations).toEqual([])
  })

  it('answers what admission says of a full queue, and changes nothing', () => {
    const { dispatcher, tasks } = setUp({ queueLimit: 1, onOverflow: 'drop-oldest' })
    for (const task of tasks.slice(0, 2)) dispatcher.offer(task)
    expect(dispatcher.offer(tasks[2]!).admission).toBe('displace')
    expect([dispatcher.waiting, dispatcher.leastUrgent(null)]).toEqual([1, tasks[1]])
  })

  it('puts a task behind those of its new priority, and one that does not wait nowhere', () => {
    const { dispatcher, started, finish, tasks } = setUp()
    for (const task of tasks.slice(0, 4)) dispatcher.offer(task)
    const version = tasks[3]!.version
    expect(dispatcher.setPriority(tasks[3]!, 5)).toBe(true)
    expect(dispatcher.setPriority(tasks[1]!, 5)).toBe(true)
    expect(tasks[3]!.version).toBe(version + 1)
    expect(dispatcher.setPriority(tasks[3]!, 5)).toBe(true)
    expect(tasks[3]!.version).toBe(version + 1)
    expect(dispatcher.setPriority(tasks[0], 5)).toBe(false)
    for (const order of [0, 3, 1]) finish(tasks[order]!)
    expect(started).toEqual([0, 3, 1, 2])
  })

  it('forgets who leaves', () => {
    const { dispatcher, started, finish, tasks } = setUp()
    for (const task of tasks.slice(0, 3)) dispatcher.offer(task)
    dispatcher.leave(tasks[1]!)
    dispatcher.leave(tasks[1]!)
    expect(dispatcher.waiting).toBe(1)
    finish(tasks[0])
    expect(started).toEqual([0, 2])
  })

  it('goes on when a start throws', () => {
    const { dispatcher, started, finish, tasks } = setUp(
      { concurrency: 1 },
      {
        0: () => {
          throw new Error('of the pipeline')
        },
      },
    )
    expect(() => dispatcher.offer(tasks[0])).toThrow('of the pipeline')
    finish(tasks[0])
    dispatcher.offer(tasks[1]!)
    expect(started).toEqual([0, 1])
  })

  it.each([
    ['inherit', 'of the spawn'],
    ['detach', undefined],
  ] as const)('with context %s gives who waited the context %s', (context, expected) => {
    const storage = new AsyncLocalStorage<string>()
    const { dispatcher, tasks } = setUp({ context })
    dispatcher.offer(tasks[0])
    storage.run('of the spawn', () => dispatcher.offer(tasks[1]!))
    expect(tasks[1]!.context!.runInAsyncScope(() => storage.getStore())).toBe(expected)
    expect(tasks[0].context === null).toBe(context === 'inherit')
  })
})

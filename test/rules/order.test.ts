import { describe, expect, it } from 'vitest'
import { isTaskOptionError, TaskSupervisor, type SpawnOptions } from 'taskward'
import { clocked, deferred, hold, microtasks, never, turns } from './support.js'

/** A supervisor whose only slot is held, so that all that comes waits; `started` tells who got in, in order. */
function crowded(options: ConstructorParameters<typeof TaskSupervisor>[0] = {}) {
  const { clock, supervisor } = clocked({ concurrency: 1, ...options })
  const first = hold(supervisor)
  const started: string[] = []
  const enqueue = (name: string, spawn: SpawnOptions = {}) =>
    supervisor.spawn(() => void started.push(name), { name, ...spawn })
  return { clock, supervisor, first, started, enqueue }
}

describe('who runs next (rule 8)', () => {
  it('is the highest priority, and the first come among equals', async () => {
    const { supervisor, first, started, enqueue } = crowded()
    const priorities = [0, 5, -1, 5, 0, 1e9, -0.5, 0.5, 5, -1]
    priorities.forEach((priority, index) => enqueue(`${String(priority)}#${String(index)}`, { priority }))
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(['1000000000#5', '5#1', '5#3', '5#8', '0.5#7', '0#0', '0#4', '-0.5#6', '-1#2', '-1#9'])
  })

  it('is whoever waits, not a newcomer of the same priority that finds a slot free in the meantime', async () => {
    const { supervisor, first, started, enqueue } = crowded()
    enqueue('waiting')
    first.handle.settled.then(
      () => enqueue('newcomer'),
      () => undefined,
    )
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(['waiting', 'newcomer'])
  })

  it('keeps first come, first served over a thousand tasks of few priorities', async () => {
    const { supervisor, first, started, enqueue } = crowded()
    const expected: { name: string; priority: number; order: number }[] = []
    for (let order = 0; order < 1_000; order++) {
      const priority = (order * 7) % 5
      expected.push({ name: String(order), priority, order })
      enqueue(String(order), { priority })
    }
    expected.sort((a, b) => b.priority - a.priority || a.order - b.order)
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(expected.map(({ name }) => name))
  })

  it.each([NaN, Infinity, -Infinity, '1', null, 1n])('takes no priority %s', (priority) => {
    const supervisor = new TaskSupervisor()
    expect(() => supervisor.spawn(() => 1, { priority: priority as number })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
    const handle = hold(supervisor).handle
    expect(() => handle.setPriority(priority as number)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('setPriority', () => {
  it('puts a waiting task behind those of that priority, and one that has it already stays where it is', async () => {
    const { supervisor, first, started, enqueue } = crowded()
    const a = enqueue('a')
    enqueue('b', { priority: 5 })
    const c = enqueue('c')
    enqueue('d')
    expect(a.setPriority(5)).toBe(true)
    expect(c.setPriority(0)).toBe(true)
    expect(a.snapshot().priority).toBe(5)
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(['b', 'a', 'c', 'd'])
  })

  it('is false for what no longer waits, and changes nothing there', async () => {
    const supervisor = new TaskSupervisor({ concurrency: 1 })
    const running = hold(supervisor)
    const waiting = supervisor.spawn(() => 1)
    const adopted = supervisor.spawn(never())
    expect([running.handle.setPriority(3), adopted.setPriority(3)]).toEqual([false, false])
    waiting.cancel()
    expect(waiting.setPriority(3)).toBe(false)
    running.resolve()
    await running.handle.settled
    expect(running.handle.setPriority(3)).toBe(false)
    for (const handle of [running.handle, waiting, adopted]) expect(handle.snapshot().priority).toBe(0)
    adopted.cancel()
  })

  it('grows the version of the record by one, and not when nothing changes', () => {
    const { enqueue } = crowded()
    const handle = enqueue('waiting')
    const { version } = handle.snapshot()
    handle.setPriority(0)
    expect(handle.snapshot().version).toBe(version)
    handle.setPriority(1)
    expect(handle.snapshot().version).toBe(version + 1)
    handle.setPriority(0)
    expect(handle.snapshot().version).toBe(version + 2)
  })

  it('decides who is dropped by drop-oldest', () => {
    const { enqueue } = crowded({ queueLimit: 2, onOverflow: 'drop-oldest' })
    const older = enqueue('older')
    const younger = enqueue('younger')
    younger.setPriority(-1)
    enqueue('newcomer')
    expect([older.status, younger.status]).toEqual(['pending', 'cancelled'])
  })
})

describe('a cancelled pending task (rule 9)', () => {
  it('never runs and leaves the queue at once', async () => {
    const { supervisor, first, started, enqueue } = crowded({ queueLimit: 2 })
    const cancelled = enqueue('cancelled')
    enqueue('kept')
    expect(cancelled.cancel('no')).toBe(true)
    expect(supervisor.status().queue).toMatchObject({ waiting: 1, saturated: false })
    // Its place is free at once: the next one does not overflow.
    expect(enqueue('third').status).toBe('pending')
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual(['kept', 'third'])
    expect(cancelled.snapshot()).toMatchObject({ status: 'cancelled', attempt: 0, startedAt: null })
  })

  it.each<[string, (id: string, supervisor: TaskSupervisor, controller: AbortController) => void]>([
    ['its id', (id, supervisor) => supervisor.cancel(id)],
    ['a filter', (_, supervisor) => supervisor.cancel({ status: 'pending' })],
    ['cancelAll', (_, supervisor) => supervisor.cancelAll()],
    ['its signal', (_, __, controller) => controller.abort()],
  ])('never runs when it was cancelled by %s, in the very turn in which a slot is freed', async (_, cancel) => {
    const { supervisor, first, started, enqueue } = crowded()
    const controller = new AbortController()
    const waiting = enqueue('waiting', { signal: controller.signal })
    first.resolve()
    cancel(waiting.id, supervisor, controller)
    await supervisor.onIdle()
    expect([started, waiting.status, waiting.attempt]).toEqual([[], 'cancelled', 0])
  })

  it('times out in the queue without ever having run', async () => {
    const { clock, supervisor, first, started, enqueue } = crowded()
    const waiting = enqueue('waiting', { queueTimeout: 100 })
    clock.advance(99)
    expect(waiting.status).toBe('pending')
    clock.advance(1)
    expect(waiting.snapshot()).toMatchObject({ status: 'failed', attempt: 0, error: { code: 'TASK_QUEUE_TIMEOUT' } })
    expect(supervisor.status().queue.waiting).toBe(0)
    first.resolve()
    await supervisor.onIdle()
    expect(started).toEqual([])
  })
})

describe('nested spawns', () => {
  const chain = (supervisor: TaskSupervisor, depth: number): number[] => {
    const started: number[] = []
    const nest = (level: number): void => {
      started.push(level)
      if (level < depth) supervisor.spawn(() => nest(level + 1))
    }
    supervisor.spawn(() => nest(0))
    return started
  }

  it.each([1, 50, 99, 100])('start synchronously %i deep', (depth) => {
    expect(chain(new TaskSupervisor({ concurrency: Infinity }), depth)).toHaveLength(depth + 1)
  })

  it('start in a microtask when deeper, before any timer or event', async () => {
    const supervisor = new TaskSupervisor({ concurrency: Infinity, queueLimit: 0 })
    const started = chain(supervisor, 150)
    expect(started.length).toBeLessThan(151)
    let hasTurned = false
    setImmediate(() => (hasTurned = true))
    await microtasks(10)
    expect([started.length, hasTurned]).toEqual([151, false])
    await turns(1)
    expect(supervisor.status().totals).toMatchObject({ spawned: 151, completed: 151, rejected: 0 })
  })

  it('wait in order for a slot that the spawning function still holds', async () => {
    const supervisor = new TaskSupervisor({ concurrency: 1 })
    const started: string[] = []
    supervisor.spawn(() => {
      for (const name of ['a', 'b', 'c']) supervisor.spawn(() => void started.push(name))
      started.push('outer')
    })
    await supervisor.onIdle()
    expect(started).toEqual(['outer', 'a', 'b', 'c'])
  })

  it('start synchronously again in a later turn, from inside an asynchronous function', async () => {
    const supervisor = new TaskSupervisor()
    let wasSync: boolean | undefined
    await supervisor.run(async () => {
      await turns(1)
      const inner = supervisor.spawn(() => 1)
      wasSync = inner.status === 'completed'
    })
    expect(wasSync).toBe(true)
  })
})

describe('pause and resume', () => {
  it('start nothing in between, keep the order, and let what runs go on', async () => {
    const { clock, supervisor } = clocked({ concurrency: 2 })
    const gate = deferred<string>()
    const running = supervisor.spawn(() => gate.promise)
    supervisor.pause()
    expect(supervisor.status().state).toBe('paused')
    const started: number[] = []
    const waiting = [1, 2, 3].map((n) => supervisor.spawn(() => void started.push(n)))
    gate.resolve('done')
    expect(await running.result).toBe('done')
    clock.advance(1_000)
    await turns()
    expect([started, waiting.map(({ status }) => status)]).toEqual([[], ['pending', 'pending', 'pending']])
    supervisor.resume()
    await supervisor.onIdle()
    expect([started, supervisor.status().state]).toEqual([[1, 2, 3], 'open'])
  })

  it('are the same called twice, and a limit raised while paused starts nothing', async () => {
    const { supervisor, started, enqueue } = crowded()
    supervisor.pause()
    supervisor.pause()
    enqueue('waiting')
    supervisor.concurrency = 10
    await turns()
    expect(started).toEqual([])
    supervisor.resume()
    supervisor.resume()
    await turns()
    expect(started).toEqual(['waiting'])
    supervisor.cancelAll()
  })

  it('let the time in the queue count', () => {
    const { clock, supervisor } = clocked()
    supervisor.pause()
    const waiting = supervisor.spawn(() => 1, { queueTimeout: 10 })
    clock.advance(10)
    expect(waiting.status).toBe('failed')
  })
})

it('says what was expected of a priority', () => {
  const { enqueue } = crowded()
  const handle = enqueue('waiting')
  let thrown: unknown
  try {
    handle.setPriority(NaN)
  } catch (error) {
    thrown = error
  }
  expect(isTaskOptionError(thrown) && thrown.message).toMatch(/number/)
})

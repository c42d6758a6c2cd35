import { describe, expect, it } from 'vitest'
import { isTaskRejectedError, type SpawnOptions, type TaskHandle } from 'taskward'
import { clocked, hold, namesOf, never, record, turns } from './support.js'

const statuses = (...handles: TaskHandle<unknown>[]): string[] => handles.map(({ status }) => status)
const boom = (): never => {
  throw new Error('boom')
}

describe('a task with `after`', () => {
  it('is pending, in no queue, until all of them have ended, whatever the order', async () => {
    const { supervisor } = clocked({ concurrency: 3 })
    const [one, other] = [hold(supervisor), hold(supervisor)]
    const last = supervisor.spawn(() => 'ran', { after: [one.handle, other.handle.id, one.handle, one.handle.id] })
    expect(last.snapshot()).toMatchObject({ status: 'pending', attempt: 0, after: [one.handle.id, other.handle.id] })
    expect(supervisor.status().queue.waiting).toBe(0)
    other.resolve()
    await turns()
    expect(last.status).toBe('pending')
    one.resolve()
    expect(await last.result).toBe('ran')
  })

  it('starts at once where all have ended before, known by handle or by what the store has', async () => {
    const { supervisor } = clocked()
    const done = supervisor.spawn(() => 1)
    const last = supervisor.spawn(() => 2, { after: [done] })
    expect(statuses(done, last)).toEqual(['completed', 'completed'])
    await turns()
    const later = supervisor.spawn(() => 3, { after: [done.id] })
    expect(later.status).toBe('pending')
    await turns()
    expect(later.status).toBe('completed')
    expect(supervisor.spawn(() => 4, { after: [] }).status).toBe('completed')
  })

  it('goes on as soon as the outcome is decided, though the function still stops', () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const last = supervisor.spawn(never, { after: [first.handle], onDependencyFailure: 'run' })
    first.handle.cancel()
    expect([last.status, supervisor.status().slots.stopping]).toEqual(['running', 1])
  })

  it.each(['failed', 'cancelled'])('fails with TASK_DEPENDENCY_FAILED when one has %s: no run, counted, recorded, reported', async (how) => {
    const reported: string[] = []
    const { supervisor } = clocked({ onError: (_, task) => void reported.push(task.name) })
    const [first, other] = [hold(supervisor), hold(supervisor)]
    const last = supervisor.spawn(() => 1, { name: 'last', after: [first.handle, other.handle] })
    if (how === 'failed') first.reject(new Error('boom'))
    else first.handle.cancel('enough')
    const outcome = await last.settled
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'TASK_DEPENDENCY_FAILED' } })
    expect(isTaskRejectedError((outcome as { reason: unknown }).reason)).toBe(true)
    expect(supervisor.status().totals.rejected).toBe(1)
    expect((await supervisor.errors({ name: 'last' })).items).toMatchObject([{ attempt: 0 }])
    expect(reported.at(-1)).toBe('last')
    expect(other.handle.status).toBe('running')
  }) // prettier-ignore

  it('counts any end as an end with onDependencyFailure: "run", also of what is not known', async () => {
    const { supervisor } = clocked()
    const failed = supervisor.spawn(boom)
    const cancelled = hold(supervisor)
    const last = supervisor.spawn(() => 1, {
      after: [failed, cancelled.handle, 'nobody knows'],
      onDependencyFailure: 'run',
    })
    cancelled.handle.cancel()
    await turns()
    expect(last.status).toBe('completed')
  })

  it.each(['refused', 'dropped', 'duplicate', 'dependency'])('fails after a task that was %s', async (how) => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 0, onOverflow: how === 'dropped' ? 'drop-newest' : 'reject' })
    await supervisor.spawn(() => 1, { id: 'known' }).settled
    await turns()
    if (how !== 'duplicate') hold(supervisor)
    const first =
      how === 'duplicate' ? supervisor.spawn(never, { id: 'known' })
      : how === 'dependency' ? supervisor.spawn(never, { after: [supervisor.spawn(Promise.reject(new Error('no')))] })
      : supervisor.spawn(never) // prettier-ignore
    const last = supervisor.spawn(() => 1, { after: [first] })
    await turns()
    expect(await last.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DEPENDENCY_FAILED' } })
  }) // prettier-ignore

  it('fails where nobody knows the id, not before the store has been asked', async () => {
    const { supervisor } = clocked()
    const last = supervisor.spawn(() => 1, { after: ['nobody knows'] })
    expect(last.status).toBe('pending')
    expect(await last.settled).toMatchObject({
      error: { code: 'TASK_DEPENDENCY_FAILED', message: expect.stringContaining('nobody knows') as string },
    })
  })

  it('comes after every attempt of one that is retried', () => {
    const { clock, supervisor } = clocked()
    let attempts = 0
    const first = supervisor.spawn(() => (attempts++ === 0 ? boom() : 1), { retry: { attempts: 2, delay: 100, jitter: 'none' } })
    const last = supervisor.spawn(() => 2, { after: [first] })
    expect(statuses(first, last)).toEqual(['pending', 'pending'])
    clock.advance(100)
    expect(statuses(first, last)).toEqual(['completed', 'completed'])
  }) // prettier-ignore

  it('may come after a task of another supervisor, by its handle', async () => {
    const { supervisor } = clocked()
    const elsewhere = hold(clocked().supervisor)
    const last = supervisor.spawn(() => 1, { after: [elsewhere.handle] })
    await turns()
    expect(last.status).toBe('pending')
    elsewhere.resolve()
    expect(await last.result).toBe(1)
  })

  it('runs in the context of its spawn, whoever ends before it', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const outer = supervisor.spawn(({ spawn }) => spawn(({ spawn: again }) => again(() => 1), { after: [first.handle] }).result)
    first.resolve()
    const inner = await outer.result
    expect(inner.snapshot().parentId).not.toBeNull()
  }) // prettier-ignore
})

describe('`after` together with', () => {
  const waiting = (options: SpawnOptions, own = {}) => {
    const { clock, supervisor } = clocked(own)
    const first = hold(supervisor)
    const last = supervisor.spawn(() => 1, { after: [first.handle], ...options })
    const letGo = async (): Promise<void> => {
      first.resolve()
      await turns()
    }
    return { clock, supervisor, first, last, letGo }
  }

  it('delay: both have to be over, in either order', async () => {
    const early = waiting({ delay: 100 })
    await early.letGo()
    expect(early.last.status).toBe('pending')
    early.clock.advance(100)
    expect(early.last.status).toBe('completed')
    const late = waiting({ delay: 100 })
    late.clock.advance(100)
    expect(late.last.status).toBe('pending')
    await late.letGo()
    expect(late.last.status).toBe('completed')
  })

  it('queueTimeout: it counts from when nothing is waited for any more', async () => {
    const { clock, supervisor, last, letGo } = waiting({ queueTimeout: 50 }, { concurrency: 2, timeout: Infinity })
    hold(supervisor)
    clock.advance(1_000)
    expect(last.status).toBe('pending')
    supervisor.pause()
    await letGo()
    expect(supervisor.status().queue).toMatchObject({ waiting: 1, oldestWaitMs: 0 })
    clock.advance(50)
    expect(await last.settled).toMatchObject({ error: { code: 'TASK_QUEUE_TIMEOUT' } })
  })

  it('deadline: it bounds the wait, whatever the wall clock does, and leaves no timer', async () => {
    const { clock, supervisor, first, last } = waiting({ deadline: 1_700_000_000_500 }, { timeout: Infinity })
    clock.setWallClock(0)
    clock.advance(499)
    expect(last.status).toBe('pending')
    clock.advance(1)
    expect(await last.settled).toMatchObject({ error: { code: 'TASK_DEADLINE' } })
    first.resolve()
    await supervisor.close()
    expect([clock.timers, supervisor.status().totals.timedOut]).toEqual([0, 1])
  })

  it('pause, a full queue and a priority: it comes as any other whose time has come', async () => {
    const full = waiting({}, { concurrency: 1, queueLimit: 0 })
    hold(full.supervisor, { priority: 1 })
    await full.letGo()
    expect(full.last.status).toBe('completed')
    const paused = waiting({})
    paused.supervisor.pause()
    expect(paused.last.setPriority(5)).toBe(true)
    await paused.letGo()
    expect(paused.last.snapshot()).toMatchObject({ status: 'pending', priority: 5 })
    paused.supervisor.resume()
    expect(paused.last.status).toBe('completed')
  })

  it('a lane at its cap, and retry', async () => {
    const { clock, supervisor } = clocked({ lanes: { x: { concurrency: 1 } } })
    const [first, other] = [hold(supervisor), hold(supervisor, { lane: 'x' })]
    let calls = 0
    const last = supervisor.spawn(() => (calls++ === 0 ? boom() : 1), {
      ...{ after: [first.handle], lane: 'x', retry: { attempts: 2, delay: 10, jitter: 'none' } },
    })
    first.resolve()
    await turns()
    expect([last.status, supervisor.status().lanes['x']!.waiting]).toEqual(['pending', 1])
    other.resolve()
    await turns()
    clock.advance(10)
    expect([last.status, calls]).toEqual(['completed', 2])
  })

  it('a promise is misuse', () => {
    const { supervisor, first } = waiting({})
    expect(() => supervisor.spawn(Promise.resolve(), { after: [first.handle] })).toThrow('spawn().after')
  })

  it('cancel, of itself or of all: each cancelled, none failed for the other, none reported', async () => {
    const reported: string[] = []
    for (const how of ['cancelAll', 'signal', 'close', 'parent', 'scope'] as const) {
      const { clock, supervisor } = clocked({ concurrency: 1, onError: (_, task) => void reported.push(task.name) })
      const caller = new AbortController()
      const scope = supervisor.scope('s', { signal: caller.signal })
      const own: SpawnOptions = how === 'signal' ? { signal: caller.signal } : {}
      const line: TaskHandle<unknown>[] = []
      const all = (place: { spawn: typeof supervisor.spawn }): void => {
        for (let count = 0; count < 5; count++) {
          line.push(place.spawn(never, { ...own, after: count > 1 ? line.slice(count - 1, count) : [] }))
        }
      }
      const parent = how === 'parent' ? supervisor.spawn(({ spawn }) => (all({ spawn }), never())) : null // prettier-ignore
      if (!parent) all(how === 'scope' ? { spawn: scope.spawn } : supervisor)
      if (how === 'cancelAll') expect(supervisor.cancelAll()).toBe(5)
      else if (how === 'parent') parent!.cancel()
      else if (how === 'close') void supervisor.close({ mode: 'cancel', grace: 0 })
      else caller.abort()
      clock.advance(0)
      expect([how, statuses(...line)]).toEqual([how, line.map(() => 'cancelled')])
    }
    expect(reported).toEqual([])
  })
})

describe('a cycle', () => {
  it('is misuse: after oneself, directly or through others that live, by any way', async () => {
    const { supervisor } = clocked({ store: undefined })
    expect(() => supervisor.spawn(never, { id: 'a', after: ['a'] })).toThrow("the task 'a' would come after itself")
    supervisor.spawn(never, { id: 'x', after: ['y'] })
    const y = (): TaskHandle<never> => supervisor.spawn(never, { id: 'y', after: [supervisor.spawn(never, { after: ['x'] })] })
    expect(y).toThrow("the task 'y' would come after itself")
    await turns()
    expect(supervisor.status().totals).toMatchObject({ spawned: 2, failed: 2 })
  }) // prettier-ignore
})

describe('a listener', () => {
  it('of task:spawned that cancels what the newcomer comes after has it fail, not hang', () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    supervisor.once('task:spawned', () => void first.handle.cancel())
    const last = supervisor.spawn(() => 1, { after: [first.handle] })
    expect(last.status).toBe('failed')
  })

  it('of an end that spawns more dependents of the ended task finds its outcome', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const more: TaskHandle<unknown>[] = []
    supervisor.once('task:settled', () => void more.push(supervisor.spawn(() => 1, { after: [first.handle] })))
    const last = supervisor.spawn(() => 2, { after: [first.handle] })
    const seen = record(supervisor, ['task:completed'])
    first.resolve()
    await turns()
    expect([statuses(last, ...more), namesOf(seen).length]).toEqual([['completed', 'completed'], 3])
  })

  it('of one dependent’s failure that cancels the next leaves that cancelled', () => {
    const { supervisor } = clocked()
    const first = hold(supervisor)
    const [one, other] = [1, 2].map(() => supervisor.spawn(never, { after: [first.handle] })) as [TaskHandle<never>, TaskHandle<never>]
    supervisor.on('task:failed', () => void other.cancel())
    first.handle.cancel()
    expect(statuses(one, other)).toEqual(['failed', 'cancelled'])
    expect(supervisor.status().totals).toMatchObject({ rejected: 1, failed: 1, cancelled: 2 })
  }) // prettier-ignore
})

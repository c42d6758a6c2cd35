import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskContext } from 'taskward'
import { manualClock } from 'taskward/testing'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const listenersOn = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

const untilAborted = ({ signal }: TaskContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

const MANY = 300

/** A supervisor with a cap of one and a queue of one, and how each of many tasks can end there. */
const createScene = () => {
  const clock = manualClock()
  const caller = new AbortController()
  const { signal } = caller
  const supervisor = new TaskSupervisor({ concurrency: 1, queueLimit: 1, onOverflow: 'drop-oldest', clock, grace: 10 })
  const never = () => new Promise<void>(() => undefined)
  const endings: Record<string, () => void> = {
    'a value at once': () => void supervisor.spawn(() => 1, { signal }),
    'a throw': () =>
      void supervisor.spawn(
        () => {
          throw new Error('boom')
        },
        { signal },
      ),
    'a value later': () => void supervisor.spawn(async () => turn(), { signal }),
    'a rejection': () => void supervisor.spawn(async () => Promise.reject(new Error('boom')), { signal }),
    'a promise handed over': () => void supervisor.spawn(turn(), { signal }),
    'a cancel': () => void supervisor.spawn(untilAborted, { signal }).cancel(),
    'a timeout': () => {
      supervisor.spawn(untilAborted, { signal, timeout: 5 })
      clock.advance(5)
    },
    'a timeout and abandonment': () => {
      supervisor.spawn(never, { signal, timeout: 5 })
      clock.advance(5)
      clock.advance(10)
    },
    'a cancel while waiting': () => {
      const first = supervisor.spawn(untilAborted, { signal })
      supervisor.spawn(never, { signal }).cancel()
      first.cancel()
    },
    'a queueTimeout': () => {
      const first = supervisor.spawn(untilAborted, { signal })
      supervisor.spawn(never, { signal, queueTimeout: 5 })
      clock.advance(5)
      first.cancel()
    },
    'an overflow': () => {
      const first = supervisor.spawn(untilAborted, { signal })
      supervisor.spawn(never, { signal })
      supervisor.spawn(never, { signal }).cancel()
      first.cancel()
    },
  }
  return { clock, caller, signal, supervisor, endings }
}

const ENDINGS = Object.keys(createScene().endings)

describe('after many tasks, each ended by', () => {
  it.each(ENDINGS)('%s, nothing is left on the signal they shared, nor on the clock', async (name) => {
    const { clock, signal, supervisor, endings } = createScene()
    for (let n = 0; n < MANY; n++) {
      endings[name]!()
      await turn()
      await turn()
      expect(listenersOn(signal)).toBe(0)
    }
    const { running, stopping } = supervisor.status().slots
    expect({ running, stopping, waiting: supervisor.status().queue.waiting }).toEqual({
      running: 0,
      stopping: 0,
      waiting: 0,
    })
    // One for the retention of what has ended.
    expect(clock.timers).toBeLessThanOrEqual(1)
    await supervisor.close()
    expect(clock.timers).toBe(0)
  })
})

describe('a signal that many tasks share', () => {
  it('has one listener while any of them lives, whether it runs or waits', async () => {
    const { signal } = new AbortController()
    const supervisor = new TaskSupervisor({ concurrency: 10, clock: manualClock() })
    const handles = Array.from({ length: MANY }, () => supervisor.spawn(untilAborted, { signal }))
    expect(listenersOn(signal)).toBe(1)
    for (const handle of handles.slice(1)) handle.cancel()
    expect(listenersOn(signal)).toBe(1)
    handles[0]!.cancel()
    expect(listenersOn(signal)).toBe(0)
    await supervisor.close({ mode: 'cancel' })
  })

  it('has none once it has aborted', async () => {
    const { signal, caller, supervisor } = createScene()
    supervisor.spawn(untilAborted, { signal })
    supervisor.spawn(untilAborted, { signal })
    caller.abort()
    supervisor.spawn(untilAborted, { signal })
    expect(listenersOn(signal)).toBe(0)
    await supervisor.close()
  })
})

describe('what a task held', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  /** Spawns one that ends in that way, and gives what nobody but the supervisor could still hold. */
  const WAYS: Record<string, (supervisor: TaskSupervisor, clock: ReturnType<typeof manualClock>) => WeakRef<object>> = {
    'the value of a function': (supervisor) => {
      const value = { big: 'value' }
      supervisor.spawn(() => value)
      return new WeakRef(value)
    },
    'the value of a promise': (supervisor) => {
      const value = { big: 'value' }
      supervisor.spawn(Promise.resolve(value))
      return new WeakRef(value)
    },
    'what was thrown': (supervisor) => {
      const thrown = Object.assign(new Error('boom'), { big: 'error' })
      supervisor.spawn(() => {
        throw thrown
      })
      return new WeakRef(thrown)
    },
    'the function of a task cancelled while it waited': (supervisor) => {
      const blocker = supervisor.spawn(untilAborted)
      const work = () => 1
      supervisor.spawn(work).cancel()
      blocker.cancel()
      return new WeakRef(work)
    },
    'the context of a task abandoned for ever': (supervisor, clock) => {
      let held: WeakRef<object> | undefined
      supervisor.spawn(
        (context) => {
          held = new WeakRef(context)
          return new Promise<void>(() => undefined)
        },
        { timeout: 5 },
      )
      clock.advance(5)
      clock.advance(10)
      return held!
    },
  }

  it.each(Object.keys(WAYS))('is let go: %s', async (name) => {
    const clock = manualClock()
    const supervisor = new TaskSupervisor({ concurrency: 1, clock, grace: 10 })
    const held: WeakRef<object>[] = []
    for (let n = 0; n < 50; n++) {
      held.push(WAYS[name]!(supervisor, clock))
      await turn()
    }
    for (let round = 0; round < 3; round++) {
      await turn()
      collect()
    }
    // The last one may still lie on a stack.
    expect(held.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(1)
    expect(supervisor.status().totals.spawned).toBeGreaterThanOrEqual(50)
    await supervisor.close()
  })
})

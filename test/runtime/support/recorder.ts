import type { LiveTask } from '../../../src/runtime/live-task.js'
import type { TaskStore } from '../../../src/store.js'
import { GuardedStore } from '../../../src/runtime/guarded-store.js'
import { Recorder } from '../../../src/runtime/recorder.js'
import { Sanitizer } from '../../../src/runtime/sanitizer.js'
import { manualClock } from '../../../src/testing/index.js'
import { faultStore } from './fault-store.js'
import { complete, makeTask } from './tasks.js'

/** A recorder on a manual clock, with what it tells of the store. */
export function recorderOn(unguarded: TaskStore, { random = () => 0 }: { random?: () => number } = {}) {
  const clock = manualClock()
  const store = new GuardedStore(unguarded, clock)
  const events: unknown[] = []
  const recorder = new Recorder(
    store,
    clock,
    new Sanitizer([], 16_384),
    {
      storeFailed: ({ message }, buffered) => events.push(['failed', message, buffered]),
      storeRecovered: (buffered) => events.push(['recovered', buffered]),
      recorded: (finished) => events.push(['recorded', finished]),
    },
    { random },
  )
  return { clock, store, events, recorder }
}

/** As {@link recorderOn} on a store with faults. */
export function recorderWith(options: { random?: () => number }) {
  const inner = faultStore({ durable: false })
  return { ...recorderOn(inner, options), inner }
}

/** As {@link recorderOn} on a store with faults, with tasks that are tracked, and ones that have ended too. */
export function recorderWithTasks({ durable = true } = {}) {
  const inner = faultStore({ durable })
  const parts = recorderOn(inner)
  const track = (order: number): LiveTask => {
    const task = makeTask(order)
    parts.recorder.track(task)
    return task
  }
  const end = (order: number): LiveTask => {
    const task = complete(track(order))
    parts.recorder.changed(task)
    return task
  }
  return { ...parts, inner, track, end }
}

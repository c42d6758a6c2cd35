import { describe, expect, it } from 'vitest'
import { isTaskCancelledError, TaskSupervisor, type TaskError } from 'taskward'
import { taskErrorSchema } from 'taskward/schemas'
import { HOSTILE_VALUES, type HostileValue } from '../support/hostile-values.js'
import { fakeStore, turns } from './support.js'

/** Brings a value in by one of the ways in, and gives the error that was made of it. */
type Entry = (value: unknown) => Promise<TaskError | undefined>

const failureOf = async (work: () => unknown): Promise<TaskError | undefined> => {
  const outcome = await new TaskSupervisor().spawn(work).settled
  return outcome.status === 'failed' ? outcome.error : undefined
}

const throwIt = (value: unknown): never => {
  throw value
}

const ENTRIES: Record<string, Entry> = {
  'a task throws': (value) => failureOf(() => throwIt(value)),
  'a task rejects': (value) => failureOf(async () => throwIt(value)),
  'a promise handed over rejects': async (value) => {
    const rejected = new Promise<never>((_, reject) => {
      reject(value)
    })
    const outcome = await new TaskSupervisor().spawn(rejected).settled
    return outcome.status === 'failed' ? outcome.error : undefined
  },
  'a hook throws': async (value) => {
    const told: TaskError[] = []
    const supervisor = new TaskSupervisor({ onError: () => throwIt(value) })
    supervisor.on('hook:error', ({ error }) => told.push(error))
    await supervisor.spawn(() => throwIt('of no concern')).settled
    await turns()
    expect(told).toHaveLength(1)
    return told[0]
  },
  'a store rejects': async (value) => {
    const told: TaskError[] = []
    const supervisor = new TaskSupervisor({ store: fakeStore({ commit: async () => throwIt(value) }) })
    supervisor.on('store:error', ({ error }) => told.push(error))
    const outcome = await supervisor.spawn(() => 1).settled
    await turns()
    expect([outcome.status, told.length]).toEqual(['completed', 1])
    await supervisor.close({ mode: 'cancel', grace: 0 })
    return told[0]
  },
  'a caller cancels with it': async (value) => {
    const handle = new TaskSupervisor().spawn(
      async ({ signal }) =>
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    handle.cancel(value)
    const outcome = await handle.settled
    const { reason } = outcome as { reason: unknown }
    expect([outcome.status, isTaskCancelledError(reason)]).toEqual(['cancelled', true])
    return outcome.status === 'cancelled' ? outcome.error : undefined
  },
  'a caller aborts with it': async (value) => {
    const controller = new AbortController()
    const handle = new TaskSupervisor().spawn(() => new Promise<never>(() => undefined), { signal: controller.signal })
    controller.abort(value)
    const outcome = await handle.settled
    return outcome.status === 'cancelled' ? outcome.error : undefined
  },
  'the signal of a caller has aborted with it': async (value) => {
    const supervisor = new TaskSupervisor()
    // Here it is a reason that nobody gets.
    expect([supervisor.cancel('nobody', value), supervisor.cancel({ lanee: 'a' } as never, value)]).toEqual([0, 0])
    const outcome = await supervisor.spawn(() => 1, { signal: AbortSignal.abort(value) }).settled
    return outcome.status === 'cancelled' ? outcome.error : undefined
  },
}

// Tens of megabytes each: once is enough.
const ofReason = ({ isLarge }: HostileValue): boolean => isLarge !== true

describe.each(Object.entries(ENTRIES))('whatever comes in where %s', (name, entry) => {
  // A store is called a turn later: by then Node has complained of a rejected promise that nobody could know of.
  const isInTime = ({ name: value }: HostileValue): boolean =>
    name !== 'a store rejects' || !value.startsWith('promise: that rejects')
  const candidates = name === 'a task throws' ? HOSTILE_VALUES : HOSTILE_VALUES.filter(ofReason)

  it('becomes an error that every store takes, and troubles nobody', async () => {
    const wrong: string[] = []
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      for (const hostile of candidates.filter(isInTime)) {
        const error = await entry(hostile.make())
        await turns()
        const json = JSON.stringify(error ?? null)
        const isSound = taskErrorSchema.safeParse(error).success && Buffer.byteLength(json) <= 32_768
        const leaks = hostile.lacks?.some((part) => json.includes(part)) ?? false
        if (!isSound || leaks || hostile.harm?.() !== undefined || unhandled.length > 0) wrong.push(hostile.name)
        unhandled.length = 0
      }
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(wrong).toEqual([])
  }, 120_000)
})

import { describe, expect, it } from 'vitest'
import { memoryStore, type TaskHandle, type TaskSupervisor, type TaskSupervisorOptions } from 'taskward'
import { clocked, hold, turns } from './support.js'

const DAY = 24 * 60 * 60 * 1_000

/** How many finished tasks can be read. */
async function finished(supervisor: TaskSupervisor): Promise<number> {
  const { items } = await supervisor.list({ status: ['completed', 'failed', 'cancelled'], limit: 1_000 })
  return items.length
}

async function spawnMany(supervisor: TaskSupervisor, count: number): Promise<TaskHandle<number>[]> {
  const handles = Array.from({ length: count }, (_, i) =>
    supervisor.spawn(() => i, { id: `${String(count)}-${String(i)}` }),
  )
  await Promise.all(handles.map((handle) => handle.persisted))
  await turns()
  return handles
}

const kept = async (options: TaskSupervisorOptions['retention'], count: number): Promise<boolean[]> => {
  const { supervisor } = clocked({ retention: options })
  const handles = await spawnMany(supervisor, count)
  return Promise.all(handles.map(async ({ id }) => (await supervisor.get(id)) !== undefined))
}

describe('by number', () => {
  it('keeps exactly the last 10,000 finished tasks by default, with history and errors', async () => {
    const store = memoryStore()
    const { supervisor } = clocked({ store })
    const failing = supervisor.spawn(() => Promise.reject(new Error('first of all')))
    await failing.persisted
    const handles = await spawnMany(supervisor, 10_000)
    expect(await store.counts()).toMatchObject({ completed: 10_000, failed: 0 })
    expect(await supervisor.get(failing.id)).toBeUndefined()
    expect(await supervisor.history(failing.id)).toEqual([])
    expect((await supervisor.errors()).items).toEqual([])
    for (const handle of [handles[0]!, handles.at(-1)!]) expect((await supervisor.get(handle.id))?.id).toBe(handle.id)
    await spawnMany(supervisor, 2_345)
    expect(await store.counts()).toMatchObject({ completed: 10_000 })
    expect(await supervisor.get(handles[2_344]!.id)).toBeUndefined()
    expect(await supervisor.get(handles[2_345]!.id)).toBeDefined()
  })

  it.each([1, 3, 10])('keeps the last %i where that is asked for', async (maxTasks) => {
    expect(await kept({ maxTasks }, 10)).toEqual(Array.from({ length: 10 }, (_, i) => i >= 10 - maxTasks))
  })

  it('keeps none with 0, and all with Infinity', async () => {
    expect(await kept({ maxTasks: 0 }, 20)).toEqual(Array<boolean>(20).fill(false))
    expect(await kept({ maxTasks: Infinity }, 20)).toEqual(Array<boolean>(20).fill(true))
  })

  it('takes undefined for the default', async () => {
    expect(await kept({ maxTasks: undefined, maxAge: undefined, interval: undefined }, 5)).toEqual(
      Array<boolean>(5).fill(true),
    )
  })

  it('goes by when tasks finished, not by when they were made', async () => {
    const { clock, supervisor } = clocked({ retention: { maxTasks: 1 } })
    const first = hold(supervisor)
    const second = hold(supervisor)
    second.resolve()
    await second.handle.persisted
    clock.advance(10)
    first.resolve()
    await first.handle.persisted
    await turns()
    expect([await supervisor.get(first.handle.id), await supervisor.get(second.handle.id)]).toEqual([
      expect.objectContaining({ id: first.handle.id }),
      undefined,
    ])
  })
})

describe('by age', () => {
  it('keeps a finished task for 24 hours by default', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.spawn(() => Promise.reject(new Error('old')))
    await handle.persisted
    clock.advance(DAY - 60_000)
    await turns()
    expect(await supervisor.get(handle.id)).toBeDefined()
    clock.advance(120_001)
    await turns()
    expect(await supervisor.get(handle.id)).toBeUndefined()
    expect((await supervisor.errors()).items).toEqual([])
    expect(await supervisor.history(handle.id)).toEqual([])
  })

  it('looks every interval, not before', async () => {
    const { clock, supervisor } = clocked({ retention: { maxAge: 1_000, interval: 5_000 } })
    await spawnMany(supervisor, 3)
    clock.advance(4_999)
    await turns()
    expect(await finished(supervisor)).toBe(3)
    clock.advance(1)
    await turns()
    expect(await finished(supervisor)).toBe(0)
    // And again for what comes later.
    await spawnMany(supervisor, 2)
    clock.advance(5_000)
    await turns()
    expect(await finished(supervisor)).toBe(0)
  })

  it('never looks with an interval of Infinity, and arms no timer for it', async () => {
    const { clock, supervisor } = clocked({ retention: { maxAge: 1, interval: Infinity } })
    await spawnMany(supervisor, 3)
    expect(clock.timers).toBe(0)
  })

  it('keeps for ever with a maxAge of Infinity', async () => {
    const { clock, supervisor } = clocked({ retention: { maxAge: Infinity, interval: DAY } })
    await spawnMany(supervisor, 3)
    clock.advance(1_000 * DAY)
    await turns()
    expect(await finished(supervisor)).toBe(3)
  })
})

describe('a task that lives', () => {
  it('is never removed, however old, and however many', async () => {
    const { clock, supervisor } = clocked({
      concurrency: 2,
      timeout: Infinity,
      retention: { maxTasks: 0, maxAge: 0, interval: 600_000 },
    })
    const live = Array.from({ length: 5 }, () => hold(supervisor))
    const adopted = supervisor.spawn(new Promise(() => undefined))
    await supervisor.spawn(Promise.resolve()).persisted
    for (let hour = 0; hour < 48; hour++) {
      clock.advance(60 * 60 * 1_000)
      await turns(1)
    }
    await turns()
    expect(await finished(supervisor)).toBe(0)
    expect((await supervisor.list()).items.map(({ status }) => status).sort()).toEqual([
      ...Array<string>(3).fill('pending'),
      ...Array<string>(3).fill('running'),
    ])
    expect(await supervisor.history(adopted.id)).toHaveLength(2)
    for (const { resolve } of live) resolve()
    adopted.cancel()
  })

  it('that has its outcome but not stopped is still known while it runs on, and nothing counts as dropped', async () => {
    const { supervisor } = clocked({ retention: { maxTasks: 1 } })
    const stopping = hold(supervisor)
    stopping.handle.cancel()
    await stopping.handle.persisted
    await spawnMany(supervisor, 5)
    expect(await supervisor.get(stopping.handle.id)).toMatchObject({ status: 'cancelled' })
    stopping.resolve()
    await supervisor.onIdle()
    await turns()
    expect(supervisor.status().store).toMatchObject({ state: 'ok', buffered: 0, dropped: 0 })
  })
})

it.each([{ maxTasks: -1 }, { maxAge: 1.5 }, { interval: NaN }, { maxtasks: 5 }, 5, null])(
  'makes %j misuse',
  (retention) => {
    expect(() => clocked({ retention: retention as never })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  },
)

describe('an archive', () => {
  it('is given what goes, whole, before it goes', async () => {
    const store = memoryStore()
    const archived: [string, number, number, boolean][] = []
    const { supervisor } = clocked({
      store,
      retention: {
        maxTasks: 2,
        archive: async (tasks) => {
          for (const { record, transitions, errors } of tasks) {
            archived.push([record.id, transitions.length, errors.length, (await store.get(record.id)) !== undefined])
          }
        },
      },
    })
    await supervisor.spawn(() => Promise.reject(new Error('no')), { id: 'fails' }).persisted
    await spawnMany(supervisor, 3)
    await turns(20)
    expect(archived).toEqual([
      ['fails', 3, 1, true],
      ['3-0', 3, 0, true],
    ])
    expect(await finished(supervisor)).toBe(2)
    await supervisor.close()
  })

  it('that fails keeps everything, and is reported once', async () => {
    const { supervisor } = clocked({
      retention: { maxTasks: 2, archive: () => Promise.reject(new Error('the disk is full')) },
    })
    const errors: string[] = []
    supervisor.on('hook:error', ({ where, error }) => errors.push(`${where}: ${error.message}`))
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 3; count++) await supervisor.spawn(() => 1).persisted
      await turns(20)
    }
    expect(await finished(supervisor)).toBe(9)
    expect(errors).toEqual([expect.stringMatching(/^retention: .*the disk is full/)])
    await supervisor.close()
  })
})

describe('prune()', () => {
  it('removes by hand what is finished, never what lives, and says how many', async () => {
    const { supervisor } = clocked()
    const held = hold(supervisor)
    await spawnMany(supervisor, 5)
    expect(await supervisor.prune({ maxTasks: 3 })).toBe(2)
    expect(await supervisor.prune({ maxTasks: 0 })).toBe(3)
    expect([await finished(supervisor), held.handle.status]).toEqual([0, 'running'])
    expect(await supervisor.prune()).toBe(0)
    await expect(supervisor.prune({ maxTask: 1 } as object)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    held.resolve()
  })
})

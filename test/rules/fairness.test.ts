import { describe, expect, it } from 'vitest'
import type { SpawnOptions, SupervisorStatus, TaskSupervisor, TaskSupervisorOptions } from 'taskward'
import { clocked, hold, runFixture, turn, turns } from './support.js'

/** A supervisor whose only slot is held, so that all that comes waits; `started` tells who got in, in order. */
function crowded(options: TaskSupervisorOptions = {}) {
  const { clock, supervisor } = clocked({ concurrency: 1, queueLimit: Infinity, ...options })
  const first = hold(supervisor)
  const started: string[] = []
  const enqueue = (name: string, spawn: SpawnOptions = {}) =>
    supervisor.spawn(() => void started.push(name), { name, ...spawn })
  const letGo = async (): Promise<string[]> => {
    first.resolve()
    await supervisor.onIdle()
    return started
  }
  return { clock, supervisor, started, enqueue, letGo }
}

/** As the fixture prints it. */
interface Left extends Pick<SupervisorStatus, 'totals' | 'slots' | 'lanes'> {
  growth: number
  waiting: number
}

const LANES = { x: {}, y: {}, z: {} }

describe('owners of one lane and priority (rule 8)', () => {
  it('take turns, each first come first served, whatever the others have waiting', async () => {
    const { enqueue, letGo } = crowded()
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) enqueue(name, { owner: name[0]! })
    expect(await letGo()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
  })

  it('count those without an owner as one more', async () => {
    const { enqueue, letGo } = crowded()
    for (const name of ['a1', 'a2', '-1', '-2', 'b1']) enqueue(name, name.startsWith('-') ? {} : { owner: name[0]! })
    expect(await letGo()).toEqual(['a1', '-1', 'b1', 'a2', '-2'])
  })

  it('come at the end of the round when they come anew, also where they had left', async () => {
    const { enqueue, letGo } = crowded()
    for (const name of ['a1', 'a2', 'b1', 'b2']) enqueue(name, { owner: name[0]! })
    const left = enqueue('c1', { owner: 'c' })
    left.cancel()
    enqueue('d1', { owner: 'd' })
    enqueue('c2', { owner: 'c' })
    expect(await letGo()).toEqual(['a1', 'b1', 'd1', 'c2', 'a2', 'b2'])
  })

  it('keep their turn when one of theirs leaves without having been started', async () => {
    const { enqueue, letGo } = crowded()
    const [, a2] = ['a1', 'a2', 'a3', 'b1', 'b2'].map((name) => enqueue(name, { owner: name[0]! }))
    a2!.cancel()
    expect(await letGo()).toEqual(['a1', 'b1', 'a3', 'b2'])
  })

  it('cannot starve each other: with 10,000 of one waiting, the single task of another is next but one', async () => {
    const { enqueue, letGo } = crowded()
    for (let count = 0; count < 10_000; count++) enqueue('flood', { owner: 'the flood' })
    enqueue('single', { owner: 'somebody' })
    const started = await letGo()
    expect([started.indexOf('single'), started.length]).toEqual([1, 10_001])
  })

  it('cannot starve each other however the flood goes on: each that starts spawns two more', async () => {
    const { supervisor, started, enqueue, letGo } = crowded()
    let left = 5_000
    const flood = (): void => {
      started.push('flood')
      for (let count = 0; count < 2 && left-- > 0; count++) supervisor.spawn(flood, { owner: 'the flood' })
    }
    supervisor.spawn(flood, { owner: 'the flood' })
    for (let count = 0; count < 100; count++) enqueue('single', { owner: 'somebody' })
    await letGo()
    expect(started.lastIndexOf('single')).toBeLessThanOrEqual(200)
    expect(started).toHaveLength(5_101)
  })

  it('may have very many names: 2,000 owners with three tasks each are served in rounds', async () => {
    const { enqueue, letGo } = crowded()
    const owners = Array.from({ length: 2_000 }, (_, index) => `owner ${String(index)}`)
    for (const owner of owners) for (let round = 0; round < 3; round++) enqueue(owner, { owner })
    expect(await letGo()).toEqual([...owners, ...owners, ...owners])
  })

  it.each(['__proto__', 'constructor', 'null', '\u{1F600}'])('may be called %s', async (owner) => {
    const { supervisor, enqueue, letGo } = crowded({ perOwner: 1 })
    const handle = enqueue('a', { owner })
    expect(handle.snapshot().owner).toBe(owner)
    expect(await letGo()).toEqual(['a'])
    expect((await supervisor.list({ owner })).items).toHaveLength(1)
  })
})

describe('lanes of one priority', () => {
  it('take turns, those in none as one more, and in each its owners', async () => {
    const { enqueue, letGo } = crowded({ lanes: LANES })
    for (const name of ['xa1', 'xa2', 'xb1', 'ya1', 'ya2', 'xb2']) enqueue(name, { lane: name[0]!, owner: name[1]! })
    enqueue('none')
    expect(await letGo()).toEqual(['xa1', 'ya1', 'none', 'xb1', 'ya2', 'xa2', 'xb2'])
  })

  it('cannot starve each other: a flood in one lane leaves every second slot to another', async () => {
    const { enqueue, letGo } = crowded({ lanes: LANES })
    for (let count = 0; count < 10_000; count++) enqueue('x', { lane: 'x' })
    for (let count = 0; count < 5; count++) enqueue('y', { lane: 'y' })
    const started = await letGo()
    expect(started.slice(0, 11).join('')).toBe('xyxyxyxyxyx')
  })

  it('that are at their cap are passed over, and keep their turn', async () => {
    const { supervisor, started, enqueue, letGo } = crowded({
      concurrency: 2,
      lanes: { ...LANES, x: { concurrency: 1 } },
    })
    const held = hold(supervisor, { lane: 'x' })
    for (const name of ['x1', 'y1', 'z1', 'y2', 'z2']) enqueue(name, { lane: name[0]! })
    const all = letGo()
    await turns()
    expect(started).toEqual(['y1', 'z1', 'y2', 'z2'])
    for (const name of ['y3', 'z3']) enqueue(name, { lane: name[0]! })
    held.resolve()
    expect(await all).toEqual(['y1', 'z1', 'y2', 'z2', 'y3', 'z3', 'x1'])
  })

  it('have each priority apart, and a higher one may starve the lower', async () => {
    const { supervisor, started, enqueue, letGo } = crowded({ lanes: LANES })
    let left = 1_000
    const urgent = (): void => {
      started.push('urgent')
      if (left-- > 0) supervisor.spawn(urgent, { priority: 1, lane: 'x', owner: 'loud' })
    }
    enqueue('quiet', { lane: 'y', owner: 'quiet' })
    supervisor.spawn(urgent, { priority: 1, lane: 'x', owner: 'loud' })
    await letGo()
    expect([started.indexOf('quiet'), started.length]).toEqual([1_001, 1_002])
  })

  it('let a lower priority in where the higher may not start now', async () => {
    const { supervisor, enqueue, started, letGo } = crowded({
      concurrency: 2,
      lanes: { ...LANES, x: { concurrency: 1 } },
    })
    const held = hold(supervisor, { lane: 'x' })
    enqueue('urgent', { lane: 'x', priority: 9 })
    enqueue('other', { lane: 'y' })
    const all = letGo()
    await turns()
    expect(started).toEqual(['other'])
    held.resolve()
    expect(await all).toEqual(['other', 'urgent'])
  })
})

describe('setPriority and retries', () => {
  it('make a task the last to come, of its owner alone', async () => {
    const { enqueue, letGo } = crowded()
    const handles = ['a1', 'a2', 'b1', 'b2'].map((name) => enqueue(name, { owner: name[0]!, priority: 1 }))
    handles[0]!.setPriority(2)
    handles[0]!.setPriority(1)
    expect(await letGo()).toEqual(['a2', 'b1', 'a1', 'b2'])
  })

  it('of a retry that is due: it stands behind those of its owner who have come in the meantime', async () => {
    const { clock, supervisor, started, enqueue } = crowded({ concurrency: 2 })
    const retried = supervisor.spawn(
      ({ attempt }) => {
        started.push(`a1 attempt ${String(attempt)}`)
        if (attempt === 1) throw new Error('once')
      },
      { owner: 'a', retry: { attempts: 2, delay: 100, jitter: 'none' } },
    )
    const second = hold(supervisor)
    enqueue('a2', { owner: 'a' })
    clock.advance(100)
    enqueue('a3', { owner: 'a' })
    expect(supervisor.status().queue.waiting).toBe(3)
    second.resolve()
    await turns()
    expect([started, retried.status]).toEqual([['a1 attempt 1', 'a2', 'a1 attempt 2', 'a3'], 'completed'])
  })
})

describe('perOwner', () => {
  const runningOf = (supervisor: TaskSupervisor, owner: string): number =>
    supervisor.status({ tasks: Infinity }).tasks.filter((task) => task.owner === owner && task.status === 'running')
      .length

  it('caps the running tasks of each owner, lets others pass, and holds for nobody without an owner', async () => {
    const { supervisor } = clocked({ concurrency: 100, perOwner: 2 })
    const ann = [1, 2, 3].map(() => hold(supervisor, { owner: 'ann' }))
    const ben = [1, 2, 3].map(() => hold(supervisor, { owner: 'ben' }))
    const none = [1, 2, 3].map(() => hold(supervisor))
    expect([runningOf(supervisor, 'ann'), runningOf(supervisor, 'ben')]).toEqual([2, 2])
    expect(none.map(({ handle }) => handle.status)).toEqual(Array(3).fill('running'))
    ben[0]!.resolve()
    await turns()
    expect([...ann, ...ben].map(({ handle }) => handle.status)).toEqual([
      ...['running', 'running', 'pending', 'completed', 'running', 'running'],
    ])
  })

  it('counts over all lanes and priorities of the owner', () => {
    const { supervisor } = clocked({ perOwner: 1, lanes: LANES })
    const running = hold(supervisor, { owner: 'ann', lane: 'x' })
    const others = [{ lane: 'y' }, { priority: 9 }, { lane: 'x', priority: -1 }].map((own) =>
      hold(supervisor, { owner: 'ann', ...own }),
    )
    expect(running.handle.status).toBe('running')
    expect(others.map(({ handle }) => handle.status)).toEqual(['pending', 'pending', 'pending'])
  })

  it('counts a stopping function, not an abandoned one, nor a promise handed over', async () => {
    const { clock, supervisor } = clocked({ perOwner: 1 })
    const adopted = supervisor.spawn(new Promise(() => undefined), { owner: 'ann' })
    const held = hold(supervisor, { owner: 'ann', timeout: 10, grace: 100 })
    const next = hold(supervisor, { owner: 'ann' })
    clock.advance(109)
    expect([adopted.status, held.handle.status, next.handle.status]).toEqual(['running', 'failed', 'pending'])
    clock.advance(1)
    expect(next.handle.status).toBe('running')
    held.resolve()
    await turns()
    expect(hold(supervisor, { owner: 'ann' }).handle.status).toBe('pending')
    supervisor.cancelAll()
  })

  it('leaves the slots of a flood to others: 10,000 of one owner hold no more than theirs', () => {
    const { supervisor } = clocked({ concurrency: 10, perOwner: 3 })
    for (let count = 0; count < 10_000; count++) hold(supervisor, { owner: 'the flood' })
    expect(supervisor.status()).toMatchObject({ slots: { running: 3 }, queue: { waiting: 9_997 } })
    expect(hold(supervisor, { owner: 'somebody' }).handle.status).toBe('running')
  })

  it('is one gate of several: owner, lane and slots all have to be open', async () => {
    const { supervisor } = clocked({ concurrency: 3, perOwner: 1, lanes: { x: { concurrency: 1 } } })
    const ann = hold(supervisor, { owner: 'ann' })
    const ben = hold(supervisor, { owner: 'ben', lane: 'x' })
    const both = hold(supervisor, { owner: 'ann', lane: 'x' })
    ben.resolve()
    await turns()
    expect(both.handle.status).toBe('pending')
    const cid = hold(supervisor, { owner: 'cid', lane: 'x' })
    expect(cid.handle.status).toBe('running')
    ann.resolve()
    await turns()
    expect(both.handle.status).toBe('pending')
    cid.resolve()
    await turns()
    expect(both.handle.status).toBe('running')
  })

  it('leaves nothing behind of tens of thousands of owners, however their tasks end (rule 13)', async () => {
    const ended = await runFixture('owners.ts', ['5000', '4'], { nodeArgs: ['--expose-gc'], limitMs: 250_000 })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const left = JSON.parse(ended.stdout) as Left
    expect(left.growth).toBeLessThan(1.5e6)
    // Each way to end was taken.
    const { completed, failed, cancelled, retried, timedOut, rejected, abandoned } = left.totals
    for (const count of [completed, failed, cancelled, retried, timedOut, rejected, abandoned])
      expect(count).toBeGreaterThan(0)
    expect(left).toMatchObject({ waiting: 0, slots: { running: 0, stopping: 0, abandoned: 0 } })
    expect(left).toMatchObject({ lanes: { x: { running: 0, waiting: 0 }, y: { running: 0, waiting: 0 } } })
  }, 280_000)
})

describe('concurrency, changed while lanes wait', () => {
  it('raised, starts as many as have a slot and a place, in turns', () => {
    const { supervisor, started, enqueue } = crowded({ lanes: { x: { concurrency: 1 }, y: {} } })
    for (const lane of ['x', 'x', 'y', 'y']) hold(supervisor, { lane })
    enqueue('short')
    supervisor.concurrency = 4
    // The short one has ended at once, so its slot has gone on to the next in turn.
    expect(started).toEqual(['short'])
    const { lanes, slots } = supervisor.status()
    expect(slots.running).toBe(4)
    expect(lanes).toMatchObject({ x: { running: 1, waiting: 1 }, y: { running: 2, waiting: 0 } })
  })

  it('lowered, starts nobody till the sum fits, whatever room the lanes have', async () => {
    const { supervisor } = clocked({ concurrency: 4, lanes: LANES })
    const running = ['x', 'x', 'y', 'y'].map((lane) => hold(supervisor, { lane }))
    const waiting = hold(supervisor, { lane: 'z' })
    supervisor.concurrency = 2
    for (const held of running.slice(0, 2)) held.resolve()
    await turns()
    expect([waiting.handle.status, supervisor.status().lanes['x']!.running]).toEqual(['pending', 0])
    running[2]!.resolve()
    await turns()
    expect(waiting.handle.status).toBe('running')
  })
})

it('holds every limit through a burst of 20,000 tasks in five lanes, and starts each as soon as it may', async () => {
  const lanes = {
    fast: {},
    narrow: { concurrency: 3 },
    slow: { rate: { limit: 7, interval: 10 } },
    both: { concurrency: 5, rate: { limit: 20, interval: 25 } },
    single: { concurrency: 1, rate: { limit: 1, interval: 1 } },
  }
  const names = Object.keys(lanes) as (keyof typeof lanes)[]
  const { clock, supervisor } = clocked({ concurrency: 40, perOwner: 9, queueLimit: Infinity, grace: 5, lanes })
  const alive = new Map<string, number>()
  const most = new Map<string, number>()
  const starts = new Map<string, number[]>(names.map((name) => [name, []]))
  const change = (key: string, by: number): void => {
    alive.set(key, (alive.get(key) ?? 0) + by)
    most.set(key, Math.max(most.get(key) ?? 0, alive.get(key)!))
  }
  // No chance: so that a failure is the same when it is run again.
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below

  for (let index = 0; index < 20_000; index++) {
    const lane = names[index % 5]!
    const owner = `owner ${String(random(30))}`
    const keys = ['all', lane, owner]
    const durationMs = random(4)
    const fate = random(20)
    const handle = supervisor.spawn(
      ({ attempt }) => {
        for (const key of keys) change(key, 1)
        starts.get(lane)!.push(clock.monotonic())
        return new Promise<void>((resolve, reject) => {
          clock.setTimer(durationMs, () => {
            for (const key of keys) change(key, -1)
            if (fate === 0 && attempt === 1) reject(new Error('once'))
            else resolve()
          })
        })
      },
      {
        ...{ lane, owner, priority: random(3), timeout: fate === 1 ? 1 : 1_000 },
        ...(fate === 0 && { retry: { attempts: 2, delay: 3, jitter: 'none' as const } }),
      },
    )
    if (fate === 2) handle.cancel()
  }
  let steps = 0
  for (; supervisor.status({ tasks: 0 }).queue.waiting > 0 && steps < 20_000; steps++) {
    clock.advance(1)
    await turn()
    if (steps % 500 === 0) {
      const { lanes, queue, slots } = supervisor.status({ tasks: 0 })
      const sum = (key: 'running' | 'waiting') => Object.values(lanes).reduce((total, lane) => total + lane[key], 0)
      expect([sum('running'), sum('waiting')]).toEqual([slots.running + slots.stopping, queue.waiting])
    }
  }
  clock.advance(100)
  await turns()
  const { totals, slots } = supervisor.status()
  expect(totals.spawned).toBe(totals.completed + totals.failed + totals.cancelled)
  expect(slots).toMatchObject({ running: 0, stopping: 0 })
  expect(most.get('all')).toBe(40)
  expect([most.get('narrow'), most.get('both'), most.get('single')]).toEqual([3, 5, 1])
  for (const [key, count] of most) if (key.startsWith('owner')) expect(count).toBeLessThanOrEqual(9)
  for (const [name, times] of starts) {
    const { rate } = lanes[name as keyof typeof lanes] as { rate?: { limit: number; interval: number } }
    if (!rate) continue
    times.forEach((at, index) => {
      const before = times[index - rate.limit]
      if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(rate.interval)
    })
  }
  // The slowest lane had somebody waiting all the time, and its rate alone to wait for.
  const slow = starts.get('slow')!
  expect(slow.at(-1)).toBeLessThanOrEqual(Math.ceil(slow.length / 7) * 10 + 10)
})

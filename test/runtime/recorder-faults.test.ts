import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BUFFERED } from '../../src/runtime/recorder.js'
import type { CommitAnswer, TaskChange } from '../../src/store.js'
import { stored } from './support/fault-store.js'
import { recorderWith, recorderWithTasks as setUp } from './support/recorder.js'
import { begin, complete, failWith, makeTask } from './support/tasks.js'
import { stateOf, turns } from './support/turns.js'

describe('Recorder, on a store that fails', () => {
  const faults: [string, () => unknown][] = [
    ['throws', () => { throw new Error('down') }],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['hangs', () => new Promise(() => undefined)],
    ['answers nothing', async () => undefined],
    ['answers text', async () => 'applied'],
    ['answers too few', async () => []],
    ['answers too many', async () => ['applied', 'applied']],
    ['answers nonsense', async () => ['perhaps']],
  ] // prettier-ignore

  it.each(faults)('says so once when it %s, keeps what waits, and writes it on recovery', async (_, fault) => {
    const { recorder, inner, end, clock, events } = setUp({ durable: false })
    inner.fault = fault
    const task = end(0)
    for (let second = 0; second < 20; second++) {
      await turns(2)
      clock.advance(1_000)
    }
    await turns(2)
    expect(events).toEqual([['failed', expect.any(String), 1]])
    expect(recorder.status).toMatchObject({
      state: 'degraded',
      buffered: 1,
      dropped: 0,
      lastError: { code: 'STORE_UNAVAILABLE' },
    })
    expect(await stateOf(task.persisted.promise)).toBe('unsettled')
    inner.fault = null
    clock.advance(30_000)
    await turns(2)
    clock.advance(30_000)
    await turns(2)
    expect(events.slice(1)).toEqual([
      ['recovered', 0],
      ['recorded', 1],
    ])
    expect(await task.persisted.promise).toBe(true)
    expect(recorder.status).toMatchObject({ state: 'ok', buffered: 0, dropped: 0 })
  })

  it('tries again after 100 ms, then twice as long each time, up to 30 s', async () => {
    const { inner, end, clock } = setUp({ durable: false })
    inner.fault = () => Promise.reject(new Error('down'))
    end(0)
    await turns(2)
    const waits: number[] = []
    for (let retry = 0; retry < 11; retry++) {
      const before = inner.commits.length
      let waited = 0
      for (; inner.commits.length === before; waited += 100) {
        clock.advance(100)
        await turns(1)
      }
      waits.push(waited)
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
  })

  it.each<CommitAnswer>(['stale', 'terminal', 'missing'])(
    'counts a change that is answered %s as dropped, and goes on',
    async (answer) => {
      const { recorder, inner, end, events } = setUp({ durable: false })
      inner.fault = (apply, changes) =>
        apply().then(() => changes.map((_, index) => (index === 0 ? answer : 'applied')))
      const [dropped, kept] = [end(0), end(1)]
      await turns(2)
      expect([await dropped.persisted.promise, await kept.persisted.promise]).toEqual([false, true])
      expect(recorder.status).toMatchObject({ state: 'ok', dropped: 1, buffered: 0 })
      expect(events).toEqual([['recorded', 1]])
      expect(recorder.find('task-0')).toBeUndefined()
    },
  )

  it('stores the outcome of a task though the answer to an earlier commit was lost', async () => {
    const { recorder, inner, track, clock } = setUp()
    inner.fault = async (apply) => {
      await apply()
      throw new Error('the answer was lost')
    }
    const task = track(0)
    await turns(2)
    inner.fault = null
    recorder.changed(complete(task))
    clock.advance(100)
    await turns(3)
    expect(await stored(inner)).toEqual(['task-0 completed v3'])
    expect(await stateOf(task.persisted.promise)).toBe(true)
  })

  it('keeps a bounded number of outcomes, drops the oldest first, and says so', async () => {
    const { recorder, inner, end, clock } = setUp({ durable: false })
    inner.fault = () => Promise.reject(new Error('down'))
    const first = end(0)
    await turns(2)
    for (let order = 1; order <= MAX_BUFFERED + 9; order++) end(order)
    expect(recorder.status).toMatchObject({ buffered: MAX_BUFFERED, dropped: 10 })
    expect(await stateOf(first.persisted.promise)).toBe(false)
    expect([recorder.find('task-9'), recorder.find('task-10')?.id]).toEqual([undefined, 'task-10'])
    inner.fault = null
    for (let second = 0; second < 15; second++) {
      clock.advance(1_000)
      await turns(2)
    }
    expect((await inner.inner.counts()).completed).toBe(MAX_BUFFERED)
  })

  it.each([
    ['after it was dropped', false],
    ['before, and waits for that to be written too', true],
  ])('never writes a task of which it has said that it was dropped, if that stops %s', async (_, isEarly) => {
    const { recorder, inner, track, end, clock } = setUp({ durable: false })
    const stop = (task: ReturnType<typeof track>): void => {
      task.run!.isActive = false
      task.stop()
      recorder.changed(task)
    }
    inner.fault = () => Promise.reject(new Error('down'))
    const slow = track(0)
    begin(slow, 1)
    slow.run!.isActive = true
    recorder.changed(failWith(slow, 'TASK_TIMEOUT'))
    await turns(2)
    if (isEarly) stop(slow)
    const more = isEarly ? MAX_BUFFERED - 1 : MAX_BUFFERED
    for (let order = 1; order <= more; order++) end(order)
    expect(await stateOf(slow.persisted.promise)).toBe(false)
    inner.fault = null
    if (!isEarly) stop(slow)
    for (let second = 0; second < 15; second++) {
      clock.advance(1_000)
      await turns(2)
    }
    expect(await inner.inner.get('task-0')).toBeUndefined()
  })

  it('keeps each history in order and whole through any series of faults', async () => {
    const fault = fc.constantFrom('ok', 'throws', 'rejects', 'hangs', 'junk')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fault, fc.nat(3)), { maxLength: 25 }), async (steps) => {
        const { recorder, inner, track, clock } = setUp()
        const tasks = [0, 1, 2, 3].map(track)
        for (const [kind, which] of steps) {
          inner.fault = kind === 'ok' ? null : (faults.find(([name]) => name === kind)?.[1] ?? (async () => []))
          const task = tasks[which]!
          if (task.status === 'pending') begin(task, clock.now())
          else if (!task.isSettled) complete(task)
          recorder.changed(task)
          await turns(1)
          clock.advance(2_000)
        }
        inner.fault = null
        for (let second = 0; second < 40; second++) {
          await turns(1)
          clock.advance(1_000)
        }
        for (const task of tasks) {
          const history = await inner.inner.history(task.id)
          const expected = ['pending', 'running', task.status].slice(0, task.version)
          expect(history.map(({ to }) => to)).toEqual(expected)
          expect(await inner.inner.get(task.id)).toMatchObject({ status: task.status, version: task.version })
        }
        expect(recorder.status).toMatchObject({ state: 'ok', buffered: 0, dropped: 0 })
      }),
      { numRuns: 40 },
    )
  })
})

describe('Recorder, on a store that takes all but one record', () => {
  const refuses = (id: string) => (apply: () => Promise<CommitAnswer[]>, changes: readonly TaskChange[]) =>
    changes.some(({ record }) => record.id === id) ? Promise.reject(new Error('cannot store this')) : apply()

  it.each([1, 2, 7, 300])('finds it among %i others, gives it up, and writes the rest', async (others) => {
    const { recorder, inner, end, clock, events } = setUp({ durable: false })
    const bad = Math.floor(others / 2)
    inner.fault = refuses(`task-${bad}`)
    const tasks = Array.from({ length: others + 1 }, (_, order) => end(order))
    let order = others + 1
    for (let step = 0; step < 200 && recorder.status.buffered > 0; step++) {
      await turns(2)
      clock.advance(100)
      // Life goes on: without others that are written, one that is not tells nothing.
      if (step % 20 === 19) end(order++)
    }
    const persisted = await Promise.all(tasks.map((task) => stateOf(task.persisted.promise)))
    expect(persisted.map((is, index) => is === (index !== bad))).toEqual(Array(others + 1).fill(true))
    expect(recorder.status).toMatchObject({ state: 'ok', dropped: 1, lastError: { code: 'STORE_UNAVAILABLE' } })
    expect(events.filter((event) => (event as unknown[])[0] !== 'recorded')).toEqual([
      ['failed', expect.stringContaining('cannot store this'), expect.any(Number)],
      ['recovered', expect.any(Number)],
    ])
    expect((await inner.inner.counts()).completed).toBe(order - 1)
  })

  it('holds nobody up meanwhile, and writes nothing else of its task before it is settled', async () => {
    const { recorder, inner, track, end, clock } = setUp()
    inner.fault = refuses('task-0')
    const task = track(0)
    await turns(2)
    clock.advance(100)
    await turns(2)
    recorder.changed(complete(task))
    for (let order = 1; order <= 3; order++) {
      const other = end(order)
      await turns(2)
      clock.advance(60_000)
      await turns(4)
      expect(await stateOf(other.persisted.promise)).toBe(true)
    }
    const versions = inner.commits.flat().filter(({ record }) => record.id === 'task-0').map(({ record }) => record.version) // prettier-ignore
    expect(new Set(versions)).toEqual(new Set([1]))
    expect(await stateOf(task.persisted.promise)).toBe(false)
    expect(recorder.status).toMatchObject({ state: 'ok', dropped: 1, buffered: 0 })
  })

  it('gives up nothing while the store takes nothing at all', async () => {
    const { recorder, inner, end, clock } = setUp({ durable: false })
    inner.fault = () => Promise.reject(new Error('down'))
    const tasks = [end(0), end(1), end(2)]
    for (let step = 0; step < 50; step++) {
      await turns(2)
      clock.advance(30_000)
    }
    expect(recorder.status).toMatchObject({ state: 'degraded', dropped: 0, buffered: 3 })
    inner.fault = null
    for (let step = 0; step < 5; step++) {
      clock.advance(30_000)
      await turns(4)
    }
    expect(await Promise.all(tasks.map((task) => stateOf(task.persisted.promise)))).toEqual([true, true, true])
  })

  it('comes back at times spread over half the delay', async () => {
    const waits: number[] = []
    for (const random of [0, 0.5, 0.999]) {
      const { clock, recorder, inner } = recorderWith({ random: () => random })
      inner.fault = () => Promise.reject(new Error('down'))
      const task = complete(makeTask(0))
      recorder.track(task)
      recorder.changed(task)
      await turns(2)
      const before = inner.commits.length
      let waited = 0
      for (; inner.commits.length === before; waited++) {
        clock.advance(1)
        await turns(1)
      }
      waits.push(waited)
    }
    expect(waits).toEqual([100, 75, 51])
  })
})

import { describe, expect, it } from 'vitest'
import { stored } from './support/fault-store.js'
import { recorderWithTasks as setUp } from './support/recorder.js'
import { begin, complete, failWith, makeTask } from './support/tasks.js'
import { stateOf, turns } from './support/turns.js'

describe('Recorder, on a store that works', () => {
  it('tells a durable store of each step, and the handle when it is there', async () => {
    const { recorder, inner, track } = setUp()
    const task = track(0)
    let isAccepted: boolean | null = null
    void task.accepted.promise.then((answer) => (isAccepted = answer))
    await Promise.resolve()
    expect([isAccepted, inner.commits.length]).toEqual([null, 0])
    await turns(1)
    expect([await stateOf(task.accepted.promise), await stateOf(task.persisted.promise)]).toEqual([true, 'unsettled'])
    begin(task, 1)
    recorder.changed(task)
    await turns(2)
    expect(await stored(inner)).toEqual(['task-0 running v2'])
    recorder.changed(complete(task))
    await turns(2)
    expect(await task.persisted.promise).toBe(true)
    expect(inner.commits.map((changes) => changes.map(({ expected }) => expected))).toEqual([[0], [1], [2]])
    expect((await inner.inner.history('task-0')).map(({ to }) => to)).toEqual(['pending', 'running', 'completed'])
    expect(recorder.find('task-0')).toBeUndefined()
  })

  it('tells a store that is not durable of tasks that have ended only, all at once', async () => {
    const { recorder, inner, track } = setUp({ durable: false })
    const task = track(0)
    expect(await task.accepted.promise).toBe(true)
    await turns(2)
    expect(inner.commits).toHaveLength(0)
    recorder.changed(failWith(task, 'X'))
    await turns(2)
    expect(inner.commits).toHaveLength(1)
    expect((await inner.inner.history('task-0')).map(({ to }) => to)).toEqual(['pending', 'running', 'failed'])
    expect((await inner.inner.errors({})).items).toHaveLength(1)
  })

  it('gathers what happens while a commit is under way into the next one', async () => {
    const { inner, end, events } = setUp({ durable: false })
    let answer!: () => void
    inner.fault = (apply) => new Promise((resolve) => (answer = () => resolve(apply())))
    end(0)
    await turns(2)
    for (let order = 1; order <= 50; order++) end(order)
    inner.fault = null
    await turns(2)
    expect(inner.commits).toHaveLength(1)
    answer()
    await turns(2)
    expect(inner.commits.map(({ length }) => length)).toEqual([1, 50])
    expect(events).toEqual([
      ['recorded', 1],
      ['recorded', 50],
    ])
  })

  it('keeps a task known while its function runs on, and forgets it when that is stored', async () => {
    const { recorder, track } = setUp()
    const task = track(0)
    begin(task, 1)
    task.run!.isActive = true
    recorder.changed(failWith(task, 'TASK_TIMEOUT'))
    await turns(2)
    expect([await task.persisted.promise, recorder.find('task-0')]).toEqual([true, task])
    task.run!.isActive = false
    task.stop()
    recorder.changed(task)
    await turns(2)
    expect(recorder.find('task-0')).toBeUndefined()
  })

  it('says of an id whether it is known here, or to the store where that can be told', async () => {
    const { recorder, track, inner } = setUp()
    track(0)
    expect([recorder.isTaken('task-0'), recorder.isTaken('task-1')]).toEqual([true, undefined])
    await turns(2)
    expect(recorder.isTaken('task-1')).toBe(false)
    // One that answers with a promise has said nothing.
    inner.has = () => Promise.resolve(true) as never
    expect(recorder.isTaken('task-1')).toBe(false)
  })

  it('writes nothing of a task that was refused', async () => {
    const { recorder, inner } = setUp()
    const task = makeTask(0)
    recorder.refuse(task)
    recorder.changed(complete(task))
    await turns(2)
    expect([await task.accepted.promise, await task.persisted.promise, inner.commits.length]).toEqual([false, false, 0])
  })

  it('flushes until all that has happened is in the store, however much that is', async () => {
    const { recorder, inner, end } = setUp({ durable: false })
    for (let order = 0; order < 2_500; order++) end(order)
    expect(await recorder.flush(() => false)).toBe(true)
    expect(recorder.status.buffered).toBe(0)
    expect((await inner.inner.counts()).completed).toBe(2_500)
  })
})

describe('Recorder, at the end', () => {
  it('flushes all there is, also what is under way', async () => {
    const { recorder, inner, end } = setUp({ durable: false })
    let answer!: () => void
    inner.fault = (apply) => new Promise((resolve) => (answer = () => resolve(apply())))
    const task = end(0)
    await turns(2)
    const flushing = recorder.flush(() => false)
    expect(await stateOf(flushing)).toBe('unsettled')
    answer()
    expect([await flushing, await task.persisted.promise]).toEqual([true, true])
  })

  it('tries again while it may, and says false when it may no longer', async () => {
    const { recorder, inner, end, clock } = setUp({ durable: false })
    inner.fault = () => Promise.reject(new Error('down'))
    end(0)
    let isOver = false
    const flushing = recorder.flush(() => isOver)
    for (let wait = 0; wait < 5; wait++) {
      await turns(2)
      clock.advance(100)
    }
    expect(inner.commits.length).toBeGreaterThan(3)
    isOver = true
    await turns(2)
    clock.advance(100)
    expect(await flushing).toBe(false)
  })

  it('tells whoever waits that nothing more comes, once it is closed', async () => {
    const { recorder, inner, end, track, clock } = setUp({ durable: false })
    inner.fault = () => new Promise(() => undefined)
    const underWay = end(0)
    await turns(2)
    const waiting = end(1)
    const living = track(2)
    recorder.close()
    recorder.close()
    recorder.changed(complete(living))
    const after = end(3)
    expect(await stateOf(waiting.persisted.promise)).toBe(false)
    expect(await stateOf(living.persisted.promise)).toBe(false)
    expect([await stateOf(after.accepted.promise), await stateOf(after.persisted.promise)]).toEqual([false, false])
    clock.advance(5_000)
    expect(await stateOf(underWay.persisted.promise)).toBe(false)
    expect(recorder.status).toMatchObject({ state: 'closed', buffered: 0 })
    expect([...recorder.known()]).toEqual([])
  })
})

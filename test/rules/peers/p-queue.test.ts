import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners, setMaxListeners } from 'node:events'
import PQueue from 'p-queue'
import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from 'taskward'
import { clocked, deferred, never, turns } from '../support.js'

const ignore = () => undefined

/** A function that runs until it is let go, and how often it was called. */
function work() {
  const gate = deferred()
  const seen = { calls: 0, live: 0, most: 0 }
  const run = async () => {
    seen.calls++
    seen.most = Math.max(seen.most, ++seen.live)
    await gate.promise
    seen.live--
  }
  return { seen, run, end: gate.resolve }
}

describe('where p-queue has a queue, side by side', () => {
  it('ends a waiting task with the reason of its signal at once, and never calls it', async () => {
    const abort = new AbortController()
    const [theirs, ours] = [work(), work()]
    const { signal } = abort

    const queue = new PQueue({ concurrency: 1 })
    void queue.add(never)
    const added = queue.add(theirs.run, { signal })
    const { supervisor } = clocked({ concurrency: 1 })
    supervisor.spawn(never)
    const spawned = supervisor.spawn(ours.run, { signal })

    abort.abort('gone')
    await expect(added).rejects.toBe('gone')
    expect(await spawned.settled).toMatchObject({
      status: 'cancelled',
      error: { code: 'TASK_CANCELLED', details: { cause: { message: 'gone' } } },
    })
    expect([theirs.seen.calls, ours.seen.calls]).toEqual([0, 0])
    expect(supervisor.status().queue.waiting).toBe(0)
  })

  it('takes no start of the rate for a task that was cancelled while it waited', async () => {
    const abort = new AbortController()
    const { signal } = abort
    const names = ['first', 'gone', 'gone too', 'second', 'third']
    const ofName = (name: string) => (name.startsWith('gone') ? { signal } : {})

    const theirs: string[] = []
    const queue = new PQueue({ intervalCap: 2, interval: 3_600_000, autoStart: false })
    for (const name of names) queue.add(() => void theirs.push(name), ofName(name)).catch(ignore)
    const ours: string[] = []
    const { supervisor } = clocked({ lanes: { mail: { rate: { limit: 2, interval: 3_600_000 } } } })
    supervisor.pause()
    for (const name of names) supervisor.spawn(() => void ours.push(name), { lane: 'mail', ...ofName(name) })

    abort.abort()
    queue.start()
    supervisor.resume()
    await turns()
    expect([theirs, ours]).toEqual([
      ['first', 'second'],
      ['first', 'second'],
    ])
    queue.pause()
    queue.clear()
  })

  it('cancels a waiting task while paused', async () => {
    const abort = new AbortController()
    const { signal } = abort
    const queue = new PQueue({ autoStart: false })
    const added = queue.add(ignore, { signal })
    const { supervisor } = clocked()
    supervisor.pause()
    const spawned = supervisor.spawn(ignore, { signal })
    abort.abort('gone')
    await expect(added).rejects.toBe('gone')
    expect([spawned.status, supervisor.status().state]).toEqual(['cancelled', 'paused'])
  })

  it('keeps the slot of a task that timed out until its function has stopped', async () => {
    const [theirs, ours] = [work(), work()]
    const queue = new PQueue({ concurrency: 1, timeout: 1 })
    await Promise.allSettled([1, 2, 3].map(() => queue.add(theirs.run)))
    expect([theirs.seen.most, queue.pending]).toEqual([3, 0])

    const { clock, supervisor } = clocked({ concurrency: 1, timeout: 1, grace: Infinity })
    const handles = [1, 2, 3].map(() => supervisor.spawn(ours.run))
    clock.advance(1)
    await turns()
    expect(handles.map(({ status }) => status)).toEqual(['failed', 'pending', 'pending'])
    expect([ours.seen.most, supervisor.status().slots]).toEqual([
      1,
      { limit: 1, running: 0, stopping: 1, abandoned: 0 },
    ])
    theirs.end()
    ours.end()
    await turns()
    expect(ours.seen.most).toBe(1)
  })

  it('is idle only when a function that timed out has stopped, or its grace is over', async () => {
    const [theirs, ours] = [work(), work()]
    const queue = new PQueue({ concurrency: 1, timeout: 1 })
    queue.add(theirs.run).catch(ignore)
    await queue.onIdle()
    expect(theirs.seen.live).toBe(1)

    const { clock, supervisor } = clocked({ timeout: 1, grace: 100 })
    supervisor.spawn(ours.run)
    let isIdle = false
    void supervisor.onIdle().then(() => (isIdle = true))
    clock.advance(1)
    await turns()
    expect([isIdle, ours.seen.live]).toEqual([false, 1])
    ours.end()
    await turns()
    expect([isIdle, ours.seen.live]).toEqual([true, 0])
    theirs.end()
  })

  it('tells of what a function came to after it had timed out', async () => {
    const queue = new PQueue({ timeout: 1 })
    const gate = deferred()
    const told: string[] = []
    for (const event of ['completed', 'error'] as const) queue.on(event, () => told.push(event))
    await queue.add(() => gate.promise).catch(ignore)

    const { clock, supervisor } = clocked({ timeout: 1 })
    supervisor.on('task:late', ({ error, lateBy }) => void told.push(`late by ${lateBy}: ${error?.message ?? ''}`))
    supervisor.spawn(() => gate.promise)
    clock.advance(1)
    await turns()
    clock.advance(20)
    gate.reject(new Error('too late'))
    await turns()
    expect(told).toEqual(['error', 'late by 20: too late'])
    expect(supervisor.status().totals).toMatchObject({ timedOut: 1, late: 1 })
  })

  it('takes an option that is undefined for one that was not given', async () => {
    const theirs = work()
    const queue = new PQueue({ timeout: 1 })
    let hasTimedOut = false
    queue.add(theirs.run, { timeout: undefined } as object).catch(() => (hasTimedOut = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(hasTimedOut).toBe(false)
    theirs.end()

    const { clock, supervisor } = clocked({ timeout: 1 })
    const spawned = supervisor.spawn(never, { timeout: undefined })
    clock.advance(1)
    expect(spawned.snapshot().error?.code).toBe('TASK_TIMEOUT')
  })

  it('has nothing listening on a shared signal once its tasks have ended, and one listener while they live', async () => {
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    const [theirs, ours] = [work(), work()]
    const queue = new PQueue()
    const added = [1, 2, 3].map(() => queue.add(theirs.run, { signal }))
    await turns()
    const whileTheirsRun = listeners()
    theirs.end()
    await Promise.all(added)
    expect([whileTheirsRun, listeners()]).toEqual([3, 0])

    const { supervisor } = clocked()
    for (let count = 0; count < 3; count++) supervisor.spawn(ours.run, { signal })
    expect(listeners()).toBe(1)
    ours.end()
    await turns()
    expect(listeners()).toBe(0)
  })

  it('survives ten thousand waiting tasks that one signal cancels', async () => {
    const abort = new AbortController()
    const { signal } = abort
    const { supervisor } = clocked({ concurrency: 1, queueLimit: Infinity })
    supervisor.spawn(never)
    const handles = Array.from({ length: 10_000 }, () => supervisor.spawn(ignore, { signal }))
    abort.abort('gone')
    expect(handles.every(({ status }) => status === 'cancelled')).toBe(true)
    expect(supervisor.status().queue.waiting).toBe(0)

    const theirs = new AbortController()
    setMaxListeners(0, theirs.signal)
    const queue = new PQueue({ concurrency: 1 })
    void queue.add(never)
    const added = Array.from({ length: 2_000 }, () => queue.add(ignore, { signal: theirs.signal }).catch(String))
    theirs.abort('gone')
    expect(await Promise.all(added)).toEqual(added.map(() => 'gone'))
  })

  it('starts the higher priority first, and equals in the order they came', async () => {
    const order = [0, 5, 1, 5, 0].map((priority, index) => ({ priority, name: `${priority}:${index}` }))
    const [theirs, ours] = [[] as string[], [] as string[]]
    const queue = new PQueue({ concurrency: 1, autoStart: false })
    for (const { priority, name } of order) void queue.add(() => void theirs.push(name), { priority })
    queue.start()
    await queue.onIdle()
    const supervisor = new TaskSupervisor({ concurrency: 1 })
    supervisor.pause()
    for (const { priority, name } of order) supervisor.spawn(() => void ours.push(name), { priority })
    supervisor.resume()
    await supervisor.onIdle()
    expect([theirs, ours]).toEqual([
      ['5:1', '5:3', '1:2', '0:0', '0:4'],
      ['5:1', '5:3', '1:2', '0:0', '0:4'],
    ])
  })

  it('runs a waiting task in the async context of its own spawn', async () => {
    const request = new AsyncLocalStorage<string>()
    const [theirs, ours]: [unknown[], unknown[]] = [[], []]
    const queue = new PQueue({ concurrency: 1 })
    const supervisor = new TaskSupervisor({ concurrency: 1 })
    for (const name of ['a', 'b', 'c']) {
      request.run(name, () => {
        void queue.add(async () => {
          await turns(1)
          theirs.push(request.getStore())
        })
        supervisor.spawn(async () => {
          await turns(1)
          ours.push(request.getStore())
        })
      })
    }
    await queue.onIdle()
    await supervisor.onIdle()
    expect([theirs, ours]).toEqual([
      ['a', 'a', 'a'],
      ['a', 'b', 'c'],
    ])
  })

  it('keeps the outcome of a task whose listener throws', async () => {
    const broken = () => {
      throw new Error('the listener is broken')
    }
    const queue = new PQueue()
    const told: string[] = []
    queue.on('completed', broken)
    queue.on('error', () => told.push('error'))
    await queue.add(() => 'done').catch(ignore)

    const { supervisor } = clocked()
    supervisor.on('task:completed', broken)
    supervisor.on('hook:error', ({ where }) => void told.push(where))
    expect(await supervisor.run(() => 'done')).toBe('done')
    expect(told).toEqual(['error', expect.stringContaining('task:completed')])
  })

  it('settles what waits when the queue is emptied', async () => {
    const queue = new PQueue({ concurrency: 1 })
    void queue.add(never)
    let isSettled = false
    void queue.add(ignore).finally(() => (isSettled = true))
    queue.clear()
    await turns()
    expect(isSettled).toBe(false)

    const { supervisor } = clocked({ concurrency: 1 })
    const running = supervisor.spawn(never)
    const waiting = supervisor.spawn(ignore)
    expect(supervisor.cancel({ status: 'pending' })).toBe(1)
    expect([(await waiting.settled).status, running.status]).toEqual(['cancelled', 'running'])
  })

  it('refuses a second live task of one id', async () => {
    const [theirs, ours] = [work(), work()]
    const queue = new PQueue()
    for (let count = 0; count < 2; count++) void queue.add(theirs.run, { id: 'order-1' })
    await turns()
    const { supervisor } = clocked()
    supervisor.spawn(ours.run, { id: 'order-1' })
    expect(() => supervisor.spawn(ours.run, { id: 'order-1' })).toThrow('order-1')
    expect([theirs.seen.calls, ours.seen.calls]).toEqual([2, 1])
    theirs.end()
    ours.end()
  })

  it('fails a task that is awaited in the last slot and can never start, and the one that awaits it goes on', async () => {
    const queue = new PQueue({ concurrency: 1 })
    let isSettled = false
    void queue.add(() => queue.add(ignore)).finally(() => (isSettled = true))
    await turns()
    expect([isSettled, queue.pending, queue.size]).toEqual([false, 1, 1])

    const { supervisor } = clocked({ concurrency: 1 })
    const outer = supervisor.spawn(async () => (await supervisor.spawn(ignore, { name: 'inner' }).settled).status)
    await turns()
    expect(await outer.result).toBe('failed')
    expect((await supervisor.errors()).items).toMatchObject([{ taskName: 'inner', error: { code: 'TASK_DEADLOCK' } }])
  })
})

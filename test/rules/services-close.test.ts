import { describe, expect, it } from 'vitest'
import type { ServiceContext } from 'taskward'
import { boom, deaf, obedient, scripted, SERVICE_EVENTS } from './services-support.js'
import { clocked, deferred, durableStore, hold, namesOf, never, record, turns, type Clocked } from './support.js'

/** Ends only some time after it was told to. */
const slow =
  ({ clock }: Clocked, ms: number, onEnd: () => void = () => undefined) =>
  ({ signal }: ServiceContext): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        clock.setTimer(ms, () => {
          onEnd()
          resolve()
        })
      })
    })

/** Lets time pass in steps until the promise settles. */
const passing = async <T>({ clock }: Clocked, promise: Promise<T>, stepMs = 10): Promise<T> => {
  let isOver = false
  void promise.finally(() => (isOver = true))
  await turns(3)
  for (let step = 0; step < 500 && !isOver; step++) {
    clock.advance(stepMs)
    await turns(3)
  }
  return promise
}

describe('close', () => {
  it('stops services after the tasks, one after the other, the last started first', async () => {
    const one = clocked()
    const { supervisor } = one
    const order: string[] = []
    for (const name of ['a', 'b', 'c']) {
      supervisor.supervise(name, (context) => {
        context.signal.addEventListener('abort', () => void order.push(`${name} told`))
        return slow(one, 50, () => order.push(`${name} ended`))(context)
      })
    }
    const task = hold(supervisor)
    void task.handle.settled.then(() => order.push('task'))
    const closing = supervisor.close()
    await turns()
    one.clock.advance(1_000)
    expect(order).toEqual([])
    task.resolve()
    expect(await passing(one, closing)).toMatchObject({ completed: 1, failed: 0, cancelled: 0, abandoned: [] })
    expect(order).toEqual(['task', 'c told', 'c ended', 'b told', 'b ended', 'a told', 'a ended'])
    expect(supervisor.status().services.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
  })

  it('stops one with stopOnClose: "first" before it drains, so that it spawns no more', async () => {
    const { supervisor } = clocked()
    const poller = scripted(supervisor, { stopOnClose: 'first' }, 'poller')
    const last = scripted(supervisor, {}, 'last')
    const task = hold(supervisor)
    const closing = supervisor.close()
    expect([poller.handle.status().state, last.handle.status().state]).toEqual(['stopping', 'running'])
    expect(poller.last.context.signal.reason).toMatchObject({ name: 'TaskCancelledError', code: 'SUPERVISOR_CLOSED' })
    await turns()
    expect(poller.handle.status().state).toBe('stopped')
    task.resolve()
    await closing
    expect(await last.handle.settled).toEqual({ state: 'stopped', error: null })
  })

  it('keeps those that tasks need running while it drains: one that fails is started again', async () => {
    const { clock, supervisor } = clocked()
    const { last, handle } = scripted(supervisor)
    const task = hold(supervisor)
    const closing = supervisor.close()
    last.reject(new Error('boom'))
    await turns()
    clock.advance(100)
    expect(handle.status()).toMatchObject({ state: 'running', restarts: 1 })
    handle.restart()
    await turns()
    expect(handle.status()).toMatchObject({ state: 'running', restarts: 1 })
    task.resolve()
    await closing
  })

  it('ends one that waits for its next start at once', async () => {
    const { clock, supervisor } = clocked()
    const { handle, last, runs } = scripted(supervisor)
    last.reject(new Error('boom'))
    await turns()
    await supervisor.close()
    expect([handle.status().state, runs.length, clock.timers]).toEqual(['stopped', 1, 0])
  })

  it.each([
    ['drain', { timeout: 600, grace: 400 }],
    ['cancel', { mode: 'cancel', grace: 1_000 }],
  ] as const)('returns in time by %s, whatever tasks and services do, and gives up what does not stop', async (_, options) => {
    const one = clocked({ store: durableStore() })
    const { supervisor } = one
    const handles = [1, 2, 3].map((i) => supervisor.supervise(`deaf ${String(i)}`, deaf, { grace: Infinity }))
    handles.push(supervisor.supervise('deaf first', deaf, { grace: Infinity, stopOnClose: 'first' }))
    const healthy = supervisor.supervise('healthy', obedient)
    supervisor.spawn(never)
    const report = await passing(one, supervisor.close(options))
    expect(report.abandoned).toHaveLength(1)
    expect(report.persisted).toBe(true)
    expect(report.durationMs).toBeLessThanOrEqual(1_000)
    const message = expect.stringContaining('did not stop in time and was given up') as string
    for (const { settled } of handles) expect(await settled).toMatchObject({ state: 'stopped', error: { message } })
    expect(await healthy.settled).toEqual({ state: 'stopped', error: null })
    expect(one.clock.timers).toBe(0)
  }) // prettier-ignore

  it('gives a service no more than its own grace', async () => {
    const one = clocked()
    const { supervisor } = one
    supervisor.supervise('deaf', deaf, { grace: 100 })
    const report = await passing(one, supervisor.close())
    expect(report.durationMs).toBe(100)
  })

  it('keeps time back for services from tasks that never stop', async () => {
    const one = clocked()
    const { supervisor } = one
    let hasEnded = false
    const handle = supervisor.supervise(
      'slow',
      slow(one, 90, () => void (hasEnded = true)),
    )
    supervisor.spawn(never)
    const closing = supervisor.close({ timeout: 500, grace: 500 })
    await turns()
    one.clock.advance(899)
    await turns()
    expect(handle.status().state).toBe('running')
    one.clock.advance(1)
    await passing(one, closing, 1)
    expect([hasEnded, supervisor.status().slots.abandoned]).toEqual([true, 1])
  })

  it('with no time at all aborts them all the same', async () => {
    const one = clocked()
    const { supervisor } = one
    const { handle, last } = scripted(supervisor)
    const stuck = supervisor.supervise('deaf', deaf)
    const report = await supervisor.close({ mode: 'cancel', grace: 0 })
    expect([report.durationMs, last.context.signal.aborted]).toEqual([0, true])
    expect([handle.status().state, stuck.status().state]).toEqual(['stopped', 'stopped'])
  })

  it('may be asked for by the service itself', async () => {
    const one = clocked()
    const { supervisor } = one
    const handle = supervisor.supervise('last words', async (context) => {
      await Promise.resolve()
      void supervisor.close()
      return obedient(context)
    })
    expect(await passing(one, handle.settled)).toEqual({ state: 'stopped', error: null })
    await supervisor.close()
  })
})

describe('supervise on a supervisor that is closing or closed', () => {
  it.each(['closing', 'closed'])('gives a handle that has ended, and never calls the function (%s)', async (when) => {
    const { supervisor } = clocked()
    const task = hold(supervisor)
    const closing = supervisor.close()
    if (when === 'closed') {
      task.resolve()
      await closing
    }
    const seen = record(supervisor, SERVICE_EVENTS)
    let calls = 0
    const handle = supervisor.supervise('poller', () => (calls += 1))
    const end = await handle.settled
    expect(end).toMatchObject({ state: 'stopped', error: { code: 'SUPERVISOR_CLOSED' } })
    expect(handle.status()).toEqual({
      ...{ name: 'poller', state: 'stopped', startedAt: null, restarts: 0, nextRestartAt: null },
      lastError: end.error,
    })
    handle.restart()
    await handle.stop()
    await turns()
    expect([calls, supervisor.status().services, namesOf(seen)]).toEqual([0, [], []])
    expect(() => supervisor.supervise('', () => boom())).toThrow('supervise().name')
    task.resolve()
    await closing
  })

  it('restarts none that has ended', async () => {
    const { supervisor } = clocked()
    const { handle, runs } = scripted(supervisor)
    await supervisor.close()
    handle.restart()
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['stopped', 1])
  })

  it('lets a restart that was asked for before go on', async () => {
    const { supervisor } = clocked()
    const gate = deferred()
    const { handle, runs } = scripted(supervisor)
    supervisor.spawn(() => gate.promise)
    handle.restart()
    const closing = supervisor.close()
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['running', 2])
    gate.resolve()
    await closing
    expect(handle.status().state).toBe('stopped')
  })
})

import { describe, expect, it } from 'vitest'
import { boom, deaf, EVEN, obedient, scripted } from '../services-support.js'
import { clocked, never, turns } from '../support.js'

describe('where suture has services', () => {
  it('takes a throw of a service for its failure, and starts it again', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.supervise('poller', () => (++calls === 1 ? boom('first start') : never()), {
      backoff: EVEN,
    })
    expect(handle.status()).toMatchObject({ state: 'waiting', lastError: { message: 'first start' } })
    clock.advance(100)
    expect([calls, handle.status().state]).toEqual([2, 'running'])
  })

  it('holds back the restarts of the service that fails, and of no other', async () => {
    const { clock, supervisor } = clocked()
    const slow = { backoff: 'constant', delay: 15_000, jitter: 'none' } as const
    supervisor.supervise('broken', () => boom(), { backoff: slow })
    const other = scripted(supervisor, {}, 'other')
    other.last.reject(new Error('once'))
    await turns()
    clock.advance(100)
    expect(supervisor.status().services.map(({ name, state }) => [name, state])).toEqual([
      ['broken', 'waiting'],
      ['other', 'running'],
    ])
  })

  it('lengthens the pause with the restarts of the last window, and goes back to the shortest after a quiet one', async () => {
    const { clock, supervisor } = clocked()
    const backoff = { backoff: 'exponential', delay: 100, jitter: 'none' } as const
    const { handle, runs } = scripted(supervisor, { backoff, within: 10_000, maxRestarts: 5 })
    const fail = async (): Promise<number> => {
      const before = clock.monotonic()
      const count = runs.length
      runs.at(-1)!.reject(new Error('boom'))
      await turns()
      while (runs.length === count) clock.advance(100)
      return clock.monotonic() - before
    }
    expect([await fail(), await fail(), await fail()]).toEqual([100, 200, 400])
    clock.advance(10_000)
    expect([await fail(), handle.status().state]).toEqual([100, 'running'])
  })

  it('tries for ever where maxRestarts is Infinity', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.supervise('broken', () => (calls++, boom()), { maxRestarts: Infinity, backoff: EVEN })
    for (let step = 0; step < 50; step++) {
      await turns(2)
      clock.advance(100)
    }
    expect([calls, handle.status().state]).toEqual([51, 'waiting'])
  })

  it('lets a transient service end its own life by a normal end', async () => {
    const { clock, supervisor } = clocked()
    const { handle, last, runs } = scripted(supervisor, { restart: 'transient' })
    last.resolve(undefined)
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    clock.advance(60_000)
    expect(runs).toHaveLength(1)
  })

  it("takes somebody else's abort for a failure of the service", async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { restart: 'transient' })
    runs[0]!.reject(AbortSignal.abort().reason)
    await turns()
    expect(handle.status()).toMatchObject({ state: 'waiting', lastError: { message: 'This operation was aborted' } })
    clock.advance(100)
    expect(runs).toHaveLength(2)
  })

  it("takes somebody else's abort for a failure of the task", async () => {
    const { supervisor } = clocked()
    const handle = supervisor.spawn(() => Promise.reject(AbortSignal.abort().reason))
    expect(await handle.settled).toMatchObject({ status: 'failed', error: { details: { name: 'AbortError' } } })
  })

  it('stops the rest in time though one service hangs, and says which did not stop', async () => {
    const warnings: [string, unknown][] = []
    const logger = { error: () => undefined, warn: (...args: [string, unknown]) => void warnings.push(args) }
    const { clock, supervisor } = clocked({ logger: { ...logger, info: () => undefined, debug: () => undefined } })
    const obeys = supervisor.supervise('obeys', obedient)
    supervisor.supervise('hangs', deaf, { grace: 1_000 })
    const closed = supervisor.close()
    for (let step = 0; step < 10; step++) {
      await turns()
      clock.advance(200)
    }
    await closed
    expect([(await obeys.settled).state, (await closed).durationMs]).toEqual(['stopped', 1_000])
    expect(JSON.stringify(warnings)).toMatch(/did not stop within its grace.*hangs/)
  })

  it('lists each task that did not stop in the report of close', async () => {
    const { clock, supervisor } = clocked()
    supervisor.spawn(never, { name: 'a' })
    supervisor.scope('inner').spawn(never, { name: 'b' })
    const closed = supervisor.close({ mode: 'cancel', grace: 100 })
    await turns()
    clock.advance(100)
    await turns()
    const { abandoned } = await closed
    expect(abandoned.map(({ name, scope }) => [name, scope])).toEqual([
      ['a', null],
      ['b', 'inner'],
    ])
  })

  it('never calls a service that comes after close, and says so in its end', async () => {
    const { supervisor } = clocked()
    await supervisor.close()
    let calls = 0
    const handle = supervisor.supervise('late', () => ++calls)
    expect(await handle.settled).toMatchObject({ state: 'stopped', error: { code: 'SUPERVISOR_CLOSED' } })
    expect(calls).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { isServiceError, ServiceError } from 'taskward'
import { boom, EVEN, obedient, scripted, SERVICE_EVENTS } from './services-support.js'
import { clocked, namesOf, record, runFixture, turns } from './support.js'

describe('a service that fails again and again', () => {
  it('fails for good with one more than maxRestarts restarts within the window, failed starts among them', async () => {
    const { clock, supervisor } = clocked()
    const seen = record(supervisor, SERVICE_EVENTS)
    let calls = 0
    const handle = supervisor.supervise(
      'poller',
      () => (++calls % 2 === 0 ? boom(`boom ${String(calls)}`) : Promise.reject(new Error(`boom ${String(calls)}`))),
      { backoff: EVEN },
    )
    for (let step = 0; step < 10; step++) {
      await turns(2)
      clock.advance(100)
    }
    expect(calls).toBe(4)
    const end = await handle.settled
    expect(end).toMatchObject({
      state: 'failed',
      error: {
        code: 'SERVICE_RESTART_LIMIT',
        message: expect.stringContaining("'poller'") as string,
        details: { name: 'ServiceError', service: 'poller', cause: { message: 'boom 4', code: 'E_BOOM' } },
      },
    })
    expect(handle.status()).toMatchObject({ state: 'failed', restarts: 3, nextRestartAt: null, lastError: end.error })
    // A start that throws is none.
    expect(namesOf(seen)).toEqual([
      ...['service:started', 'service:restarting', 'service:restarting', 'service:started', 'service:restarting'],
      'service:failed',
    ])
    expect(seen[1]!.payload).toMatchObject({ service: { state: 'waiting' }, error: { message: 'boom 1' }, delay: 100 })
    expect(seen.at(-1)!.payload).toEqual({ service: handle.status(), error: end.error })
    for (const { payload } of seen) {
      expect(JSON.parse(JSON.stringify(payload))).toEqual(payload)
      expect(Object.isFrozen((payload as { service: object }).service)).toBe(true)
    }
    await supervisor.close()
  })

  it('goes on where its restarts are spread out', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { maxRestarts: 1, within: 1_000 })
    for (let step = 0; step < 10; step++) {
      clock.advance(1_000)
      runs.at(-1)!.reject(new Error('boom'))
      await turns(2)
      clock.advance(100)
    }
    expect([handle.status().state, handle.status().restarts, runs.length]).toEqual(['running', 10, 11])
    await supervisor.close({ mode: 'cancel', grace: 0 })
  })

  it('waits longer each time, by the machine’s steady time and not by its calendar', async () => {
    const { clock, supervisor } = clocked()
    const starts: number[] = []
    supervisor.supervise('poller', () => (starts.push(clock.monotonic()), boom()), { backoff: { jitter: 'none' } })
    clock.setWallClock(0)
    clock.advance(60_000)
    expect(starts).toEqual([0, 100, 300, 700])
    await supervisor.close()
  })

  it.each([
    ['leave', 'open'],
    ['close', 'closed'],
  ] as const)('with onLimit %j leaves its supervisor %s', async (onLimit, state) => {
    const { clock, supervisor } = clocked()
    const other = supervisor.supervise('other', obedient)
    supervisor.supervise('poller', () => boom(), { maxRestarts: 0, onLimit })
    await turns()
    clock.advance(1)
    await turns()
    expect([supervisor.status().state, other.status().state]).toEqual([state, state === 'open' ? 'running' : 'stopped'])
    await supervisor.close()
  })

  it('has an error of a class of its own, with a guard', () => {
    const error = new ServiceError('too often', 'poller')
    expect([isServiceError(error), isServiceError(new Error()), error.code, error.name]).toEqual([
      ...[true, false, 'SERVICE_RESTART_LIMIT', 'ServiceError'],
    ])
  })
})

describe('the process', () => {
  it.each([
    ['lives as long as a service does', 'alive', 'stopped by itself'],
    ['is not kept alive by one with keepAlive: false', 'detached', ''],
    ['is not kept alive by one that has ended', 'ended', ''],
  ])('%s', async (_, mode, stdout) => {
    expect(await runFixture('service-keeps-alive.ts', [mode])).toMatchObject({ code: 0, stdout })
  })
})

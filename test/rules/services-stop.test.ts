import { describe, expect, it } from 'vitest'
import { isTaskCancelledError, type ServiceHandle, type TaskCancelledError } from 'taskward'
import { boom, scripted, SERVICE_EVENTS } from './services-support.js'
import { clocked, namesOf, record, turns } from './support.js'

const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let is = false
  void promise.then(() => (is = true))
  await turns(2)
  return is
}

describe('stop', () => {
  it('tells the function to stop, with the reason, and resolves when it has', async () => {
    const { supervisor } = clocked()
    const seen = record(supervisor, SERVICE_EVENTS)
    const { handle, last, runs } = scripted(supervisor, { isDeaf: true })
    const { signal } = last.context
    const stopped = handle.stop('enough')
    expect(isTaskCancelledError(signal.reason)).toBe(true)
    expect([(signal.reason as TaskCancelledError).code, (signal.reason as Error).cause]).toEqual([
      ...['TASK_CANCELLED', 'enough'],
    ])
    expect(handle.status().state).toBe('stopping')
    expect(await isSettled(stopped)).toBe(false)
    last.resolve('whatever')
    await stopped
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    expect(Object.isFrozen(await handle.settled)).toBe(true)
    expect([handle.status().state, runs.length]).toEqual(['stopped', 1])
    expect(namesOf(seen)).toEqual(['service:started', 'service:stopped'])
    expect(seen.at(-1)!.payload).toEqual({ service: handle.status() })
    await supervisor.close()
  })

  it.each(['permanent', 'transient', 'temporary'] as const)(
    'is no failure of a %s service, whatever the function throws when it is told',
    async (restart) => {
      const { supervisor } = clocked()
      const { handle, last } = scripted(supervisor, { restart, isDeaf: true })
      const stopped = handle.stop()
      last.reject(new Error('interrupted'))
      await stopped
      expect(await handle.settled).toEqual({ state: 'stopped', error: null })
      // What it threw is not hidden for all that.
      expect(handle.status()).toMatchObject({ state: 'stopped', lastError: { message: 'interrupted' } })
      await supervisor.close()
    },
  )

  it.each([
    ['its signal’s own reason', (reason: unknown) => reason],
    [
      'an AbortError around it',
      (cause: unknown) => Object.assign(new DOMException('aborted', 'AbortError'), { cause }),
    ],
  ])('leaves no error when the function throws %s', async (_, wrap) => {
    const { supervisor } = clocked()
    const { handle, last } = scripted(supervisor, { isDeaf: true })
    const stopped = handle.stop()
    last.reject(wrap(last.context.signal.reason))
    await stopped
    expect(handle.status().lastError).toBeNull()
    await supervisor.close()
  })

  it('gives a function up that has not stopped when its grace is over, and its late end changes nothing', async () => {
    const lines: string[] = []
    const note = (line: unknown) => void lines.push(String(line))
    const { clock, supervisor } = clocked({ logger: { debug: note, info: note, warn: note, error: note } })
    const { handle, last } = scripted(supervisor, { grace: 200, isDeaf: true })
    const stopped = handle.stop()
    clock.advance(199)
    expect(await isSettled(stopped)).toBe(false)
    clock.advance(1)
    expect(await isSettled(stopped)).toBe(true)
    expect(lines).toContain('taskward: service did not stop within its grace and was given up')
    const status = handle.status()
    const error = { message: expect.stringMatching(/^Service '.*' did not stop in time/) as string }
    expect(status).toMatchObject({ state: 'stopped', lastError: error })
    expect(await handle.settled).toMatchObject({ state: 'stopped', error })
    last.reject(new Error('late'))
    await turns()
    expect([handle.status(), clock.timers]).toEqual([status, 0])
    expect(lines).toContain('taskward: service has ended after it was given up')
    await supervisor.close()
  })

  it('has the grace of the supervisor where it has none of its own', async () => {
    const { clock, supervisor } = clocked({ grace: 30 })
    const { handle } = scripted(supervisor, { isDeaf: true })
    void handle.stop()
    clock.advance(29)
    expect(handle.status().state).toBe('stopping')
    clock.advance(1)
    expect(handle.status().state).toBe('stopped')
    await supervisor.close()
  })

  it('ends the wait for the next start at once', async () => {
    const { clock, supervisor } = clocked()
    const { handle, last, runs } = scripted(supervisor)
    last.reject(new Error('boom'))
    await turns()
    expect([handle.status().state, clock.timers]).toEqual(['waiting', 1])
    await handle.stop()
    expect([handle.status(), clock.timers]).toMatchObject([{ state: 'stopped', nextRestartAt: null }, 0])
    clock.advance(1_000)
    expect(runs).toHaveLength(1)
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    await supervisor.close()
  })

  it('may be called twice, and after the end, and resolves each time', async () => {
    const { supervisor } = clocked()
    const seen = record(supervisor, SERVICE_EVENTS)
    const { handle, last } = scripted(supervisor, { isDeaf: true })
    const both = [handle.stop('first'), handle.stop('second')]
    expect((last.context.signal.reason as Error).cause).toBe('first')
    last.resolve(1)
    await Promise.all(both)
    await handle.stop()
    expect(namesOf(seen)).toEqual(['service:started', 'service:stopped'])
    await supervisor.close()
  })

  it('called by the function itself, while it is being called, lets it end by itself', async () => {
    const { supervisor } = clocked()
    const starts: number[] = []
    const call = ({ restarts }: { restarts: number }) => {
      starts.push(restarts)
      if (restarts === 1) void handle.stop()
      else boom()
    }
    const handle: ServiceHandle = supervisor.supervise('poller', call, { backoff: { delay: 0 } })
    handle.restart()
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    expect(starts).toEqual([0, 1])
    await supervisor.close()
  })

  it('takes a rejected promise for a reason without leaving an unhandledRejection', async () => {
    const { supervisor } = clocked()
    const { handle } = scripted(supervisor)
    await handle.stop(Promise.reject(new Error('reason')))
    await turns()
    await supervisor.close()
  })
})

describe('restart', () => {
  it('stops a running one, and starts it in the next turn, which counts as no restart over the limit', async () => {
    const { supervisor } = clocked()
    const seen = record(supervisor, SERVICE_EVENTS)
    const { handle, runs } = scripted(supervisor, { maxRestarts: 0, isDeaf: true })
    handle.restart()
    expect([handle.status().state, runs[0]!.context.signal.aborted]).toEqual(['stopping', true])
    runs[0]!.resolve(1)
    await turns()
    expect([handle.status(), runs.length]).toMatchObject([{ state: 'running', restarts: 1, lastError: null }, 2])
    expect([runs[1]!.context.restarts, runs[1]!.context.signal.aborted]).toEqual([1, false])
    expect(namesOf(seen)).toEqual(['service:started', 'service:restarting', 'service:started'])
    expect(seen[1]!.payload).toMatchObject({ error: null, delay: 0 })
    const stopped = handle.stop()
    runs[1]!.resolve(1)
    await stopped
    await supervisor.close()
  })

  it('starts the next one when the grace of one that does not stop is over, and hears no more of that', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { grace: 200, isDeaf: true })
    handle.restart()
    clock.advance(199)
    await turns()
    expect(runs).toHaveLength(1)
    clock.advance(1)
    await turns()
    expect(runs).toHaveLength(2)
    const status = handle.status()
    expect(status.state).toBe('running')
    runs[0]!.reject(new Error('late'))
    await turns()
    expect(handle.status()).toEqual(status)
    runs[1]!.resolve(1)
    await turns()
    expect(handle.status().state).toBe('waiting')
    await supervisor.close()
  })

  it('starts one that waits without waiting further', async () => {
    const { clock, supervisor } = clocked()
    const { handle, last, runs } = scripted(supervisor)
    last.reject(new Error('boom'))
    await turns()
    handle.restart()
    expect(handle.status()).toMatchObject({ state: 'starting', nextRestartAt: null })
    handle.restart()
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['running', 2])
    clock.advance(1_000)
    expect(runs).toHaveLength(2)
    await supervisor.close()
  })

  it('starts one that has ended anew, with a fresh window, and settled stays what it was', async () => {
    const { supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { maxRestarts: 0 })
    runs[0]!.reject(new Error('boom'))
    const first = await handle.settled
    expect(first).toMatchObject({ state: 'failed', error: { code: 'SERVICE_RESTART_LIMIT' } })
    const other = scripted(supervisor, {}, 'other')
    handle.restart()
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['running', 2])
    // It was started last.
    expect(supervisor.status().services).toEqual([other.handle.status(), handle.status()])
    const stopped = handle.stop()
    await stopped
    expect([handle.status().state, await handle.settled]).toEqual(['stopped', first])
    await supervisor.close()
  })

  it('does nothing for one that has ended and whose name another has', async () => {
    const { supervisor } = clocked()
    const first = scripted(supervisor)
    await first.handle.stop()
    const second = scripted(supervisor)
    first.handle.restart()
    await turns()
    expect([first.runs.length, first.handle.status().state]).toEqual([1, 'stopped'])
    expect(supervisor.status().services).toEqual([second.handle.status()])
    await supervisor.close()
  })

  it('after stop starts it anew when it has stopped, and stop after restart ends it', async () => {
    const { supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { isDeaf: true })
    const stopped = handle.stop()
    handle.restart()
    runs[0]!.resolve(1)
    await stopped
    expect(await handle.settled).toEqual({ state: 'stopped', error: null })
    await turns()
    expect(handle.status()).toMatchObject({ state: 'running', restarts: 1 })
    handle.restart()
    const again = handle.stop()
    runs[1]!.resolve(1)
    await again
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['stopped', 2])
    await supervisor.close()
  })

  it('taken back by stop before the next turn starts nothing', async () => {
    const { supervisor } = clocked()
    const { handle, runs } = scripted(supervisor)
    await handle.stop()
    handle.restart()
    await handle.stop()
    await turns()
    expect([handle.status().state, runs.length]).toEqual(['stopped', 1])
    await supervisor.close()
  })
})

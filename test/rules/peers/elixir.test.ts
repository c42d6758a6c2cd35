import { describe, expect, it } from 'vitest'
import type { TaskHandle } from 'taskward'
import { boom, deaf, EVEN, obedient, scripted } from '../services-support.js'
import { clocked, hold, never, turns } from '../support.js'

describe('where Elixir has supervisors', () => {
  it('never restarts a temporary service, whatever it ended by', async () => {
    const { clock, supervisor } = clocked()
    const ended = scripted(supervisor, { restart: 'temporary' }, 'ends')
    const failed = scripted(supervisor, { restart: 'temporary' }, 'fails')
    ended.last.resolve(undefined)
    failed.last.reject(new Error('boom'))
    await turns()
    clock.advance(60_000)
    expect([ended.runs.length, failed.runs.length]).toEqual([1, 1])
    expect([ended.handle.status().state, failed.handle.status().state]).toEqual(['stopped', 'failed'])
  })

  it('restarts a transient service after a failure, not after a normal end nor when it was stopped', async () => {
    const { clock, supervisor } = clocked()
    const services = ['ends', 'is stopped', 'fails'].map((name) => scripted(supervisor, { restart: 'transient' }, name))
    const [ends, isStopped, fails] = services
    ends!.last.resolve(undefined)
    void isStopped!.handle.stop()
    fails!.last.reject(new Error('boom'))
    await turns()
    clock.advance(100)
    expect(services.map(({ runs, handle }) => [runs.length, handle.status().state])).toEqual([
      [1, 'stopped'],
      [1, 'stopped'],
      [2, 'running'],
    ])
  })

  it('restarts a permanent service however its function ended, and not when it was stopped', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { restart: 'permanent' })
    runs[0]!.resolve(undefined)
    await turns()
    clock.advance(100)
    runs[1]!.reject(new Error('boom'))
    await turns()
    clock.advance(100)
    expect([runs.length, handle.status().state]).toEqual([3, 'running'])
    await handle.stop()
    clock.advance(60_000)
    expect([runs.length, handle.status().state]).toEqual([3, 'stopped'])
  })

  it('gives up a service with one restart too many in the window, and the others go on', async () => {
    const { clock, supervisor } = clocked()
    const other = scripted(supervisor, {}, 'other')
    const handle = supervisor.supervise('broken', () => boom(), { maxRestarts: 2, within: 60_000, backoff: EVEN })
    for (let step = 0; step < 5; step++) {
      await turns()
      clock.advance(100)
    }
    expect(await handle.settled).toMatchObject({ state: 'failed', error: { code: 'SERVICE_RESTART_LIMIT' } })
    expect([handle.status().restarts, other.handle.status().state]).toEqual([2, 'running'])
  })

  it("closes the scope of a service that is given up where onLimit is 'close'", async () => {
    const { supervisor } = clocked()
    const scope = supervisor.scope('mailbox')
    const other = scripted(scope, {}, 'other')
    const outside = scripted(supervisor, {}, 'outside')
    scope.supervise('broken', () => boom(), { maxRestarts: 0, onLimit: 'close' })
    await turns()
    expect([other.handle.status().state, outside.handle.status().state]).toEqual(['stopped', 'running'])
    expect((await scope.spawn(() => 1).settled).status).toBe('cancelled')
  })

  it('counts a start that throws as a restart', async () => {
    const { clock, supervisor } = clocked()
    let calls = 0
    const handle = supervisor.supervise(
      'poller',
      () => {
        calls++
        return calls === 1 ? Promise.reject(new Error('ended')) : boom('not even started')
      },
      { maxRestarts: 2, backoff: EVEN },
    )
    for (let step = 0; step < 5; step++) {
      await turns()
      clock.advance(100)
    }
    expect([calls, handle.status().state]).toEqual([3, 'failed'])
  })

  it('counts only the restarts of the last window', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor, { maxRestarts: 1, within: 5_000 })
    for (let step = 0; step < 5; step++) {
      clock.advance(5_000)
      runs.at(-1)!.reject(new Error('boom'))
      await turns()
      clock.advance(100)
    }
    expect([handle.status().state, handle.status().restarts]).toEqual(['running', 5])
  })

  it('waits before each restart, longer each time', async () => {
    const { clock, supervisor } = clocked()
    const starts: number[] = []
    const backoff = { backoff: 'exponential', delay: 100, jitter: 'none' } as const
    supervisor.supervise('broken', () => (starts.push(clock.monotonic()), boom()), { maxRestarts: 3, backoff })
    for (let step = 0; step < 100; step++) {
      await turns(2)
      clock.advance(10)
    }
    expect(starts).toEqual([0, 100, 300, 700])
  })

  it('waits as long as the grace of a service for it to stop, and then gives it up', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.supervise('deaf', deaf, { grace: 1_000 })
    let hasEnded = false
    void handle.stop().then(() => (hasEnded = true))
    clock.advance(999)
    await turns()
    expect([hasEnded, handle.status().state]).toEqual([false, 'stopping'])
    clock.advance(1)
    await turns()
    expect([hasEnded, handle.status().state]).toEqual([true, 'stopped'])
  })

  it('with a grace of 0 gives a service up in the next turn', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.supervise('deaf', deaf, { grace: 0 })
    const stopped = handle.stop()
    clock.advance(0)
    await stopped
    expect(handle.status().state).toBe('stopped')
  })

  it('with a grace without end waits for ever, save that close ends within its own budget', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.supervise('deaf', deaf, { grace: Infinity })
    void handle.stop()
    clock.advance(3_600_000)
    await turns()
    expect(handle.status().state).toBe('stopping')
    const closed = supervisor.close({ timeout: 100, grace: 100 })
    for (let step = 0; step < 10; step++) {
      await turns()
      clock.advance(100)
    }
    expect((await closed).durationMs).toBeLessThanOrEqual(200)
  })

  it('stops services one after the other, the last started first', async () => {
    const { supervisor } = clocked()
    const stopped: string[] = []
    for (const name of ['database', 'cache', 'poller']) {
      supervisor.supervise(name, async (context) => {
        await obedient(context).catch(() => undefined)
        await turns(2)
        stopped.push(name)
      })
    }
    await supervisor.close()
    expect(stopped).toEqual(['poller', 'cache', 'database'])
  })

  it('ends a service that waits for its restart when it is stopped, and a second stop finds it ended', async () => {
    const { clock, supervisor } = clocked()
    const { handle, runs } = scripted(supervisor)
    runs[0]!.reject(new Error('boom'))
    await turns()
    expect(handle.status().state).toBe('waiting')
    await handle.stop()
    await handle.stop()
    clock.advance(60_000)
    expect([handle.status().state, runs.length]).toEqual(['stopped', 1])
  })

  it('leaves the parent alone when a child fails', async () => {
    const { supervisor } = clocked()
    let child: TaskHandle<unknown> | undefined
    const parent = supervisor.spawn(async ({ spawn }) => {
      child = spawn(() => Promise.reject(new Error('boom')))
      await child.settled
      return 'done'
    })
    expect([await parent.result, child?.status]).toEqual(['done', 'failed'])
  })

  it('makes work wait where all places are taken, and refuses it only where it may not wait', async () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    const held = hold(supervisor)
    const handles = [supervisor.spawn(() => 1), supervisor.spawn(() => 2)]
    expect(handles.map(({ status }) => status)).toEqual(['pending', 'failed'])
    expect(handles[1]!.snapshot().error?.code).toBe('TASK_QUEUE_FULL')
    held.resolve()
    expect(await handles[0]!.result).toBe(1)
  })

  it('knows of each task who asked for it: a chain of parentIds, apart from its scope', async () => {
    const { supervisor } = clocked()
    const scope = supervisor.scope('request')
    let child: TaskHandle<unknown> | undefined
    let grandchild: TaskHandle<unknown> | undefined
    const parent = scope.spawn(({ spawn }) => {
      child = spawn((context) => {
        grandchild = context.spawn(never)
        return never()
      })
      return never()
    })
    await turns()
    expect(grandchild?.snapshot()).toMatchObject({ parentId: child?.id, scope: 'request' })
    expect(child?.snapshot()).toMatchObject({ parentId: parent.id, scope: 'request' })
    expect(parent.snapshot()).toMatchObject({ parentId: null, scope: 'request' })
  })
})

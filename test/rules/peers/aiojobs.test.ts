import { describe, expect, it } from 'vitest'
import type { TaskHandle } from 'taskward'
import { clocked, deferred, hold, never, record, turns } from '../support.js'

describe('where aiojobs has a scheduler', () => {
  it('starts a function in the turn of its spawn while a slot is free', () => {
    const { supervisor } = clocked({ concurrency: 1 })
    let hasStarted = false
    const handle = supervisor.spawn(() => {
      hasStarted = true
      return never()
    })
    expect([hasStarted, handle.status]).toEqual([true, 'running'])
  })

  it('lets what is over the cap wait, first come first served', async () => {
    const { supervisor } = clocked({ concurrency: 1 })
    const held = hold(supervisor)
    const started: string[] = []
    for (const name of ['a', 'b', 'c']) supervisor.spawn(() => void started.push(name))
    expect(supervisor.status().slots.running).toBe(1)
    expect([started, supervisor.status().queue.waiting]).toEqual([[], 3])
    held.resolve()
    await turns()
    expect(started).toEqual(['a', 'b', 'c'])
  })

  it('gives a handle for what no longer fits into the queue, with the refusal as its outcome', async () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    const held = hold(supervisor)
    const waiting = supervisor.spawn(() => 'ran')
    const refused = supervisor.spawn(() => 'never')
    expect(await refused.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_QUEUE_FULL' } })
    held.resolve()
    expect(await waiting.result).toBe('ran')
  })

  it('frees the place of a waiting task that is cancelled, at once', async () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    const held = hold(supervisor)
    let calls = 0
    const cancelled = supervisor.spawn(() => ++calls)
    cancelled.cancel()
    const next = supervisor.spawn(() => 'ran')
    expect([cancelled.status, next.status]).toEqual(['cancelled', 'pending'])
    held.resolve()
    expect([await next.result, calls]).toEqual(['ran', 0])
  })

  it('goes on when the one who spawned it has given up, and close waits for it', async () => {
    const { supervisor } = clocked()
    const gate = deferred<string>()
    let receipt: TaskHandle<string> | undefined
    const request = supervisor.spawn(
      ({ signal }) => {
        receipt = supervisor.spawn(() => gate.promise)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
      { name: 'request' },
    )
    request.cancel()
    let isClosed = false
    const closed = supervisor.close().finally(() => (isClosed = true))
    await turns()
    expect([request.status, receipt?.status, isClosed]).toEqual(['cancelled', 'running', false])
    gate.resolve('sent')
    expect(await closed).toMatchObject({ completed: 1, cancelled: 0 })
    expect(await receipt?.result).toBe('sent')
  })

  it('awaits, while it closes, what live tasks spawn, and takes nothing from anybody else', async () => {
    const { supervisor } = clocked()
    const gate = deferred()
    let followUp = 'not run'
    supervisor.spawn(async ({ spawn }) => {
      await gate.promise
      spawn(async () => {
        await turns(2)
        followUp = 'run'
      })
    })
    const closed = supervisor.close()
    const stranger = supervisor.spawn(() => 1)
    gate.resolve()
    expect(await closed).toMatchObject({ completed: 2, cancelled: 1 })
    expect([followUp, stranger.snapshot().error?.code]).toEqual(['run', 'SUPERVISOR_CLOSED'])
  })

  it('tells what has not ended in the time of the drain to stop', async () => {
    const { clock, supervisor } = clocked()
    const handle = supervisor.spawn(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const closed = supervisor.close({ timeout: 100, grace: 50 })
    clock.advance(99)
    await turns()
    expect(handle.status).toBe('running')
    clock.advance(1)
    await turns()
    expect(await closed).toMatchObject({ cancelled: 1, abandoned: [] })
  })

  it('returns from close within its budget and names the task that would not stop', async () => {
    const { clock, supervisor } = clocked()
    supervisor.spawn(never, { name: 'deaf' })
    const closed = supervisor.close({ timeout: 100, grace: 50 })
    await turns()
    clock.advance(100)
    await turns()
    clock.advance(50)
    await turns()
    expect(await closed).toMatchObject({ durationMs: 150, abandoned: [{ name: 'deaf', abandoned: true }] })
  })

  it('calls onError once for a failed task, also when somebody awaits its result', async () => {
    const errors: string[] = []
    const { supervisor } = clocked({ onError: ({ error }) => errors.push(error.message) })
    const awaited = supervisor.spawn(async () => Promise.reject(new Error('awaited')))
    await expect(awaited.result).rejects.toThrow('awaited')
    await expect(awaited.result).rejects.toThrow('awaited')
    supervisor.spawn(async () => Promise.reject(new Error('left alone')))
    await turns()
    expect(errors).toEqual(['awaited', 'left alone'])
  })

  it('reports a handler that fails as hook:error, and goes on', async () => {
    const { supervisor } = clocked({
      onError: () => {
        throw new Error('the handler is broken')
      },
    })
    const seen = record(supervisor, ['hook:error'])
    supervisor.spawn(() => Promise.reject(new Error('first')))
    await turns()
    expect(seen).toMatchObject([{ payload: { error: { message: 'the handler is broken' } } }])
    expect(await supervisor.run(() => 'second')).toBe('second')
  })

  it('gives a handle after close as well: cancelled with SUPERVISOR_CLOSED, its function not called', async () => {
    const { supervisor } = clocked()
    await supervisor.close()
    let calls = 0
    const late = supervisor.spawn(() => ++calls)
    expect(await late.settled).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
    expect(calls).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import type { SpawnOptions, TaskContext, TaskHandle } from 'taskward'
import { passing } from './passing.js'
import { clocked, deferred, hold, namesOf, never, record, turns } from './support.js'

type On = 'reuse' | 'reject' | 'replace'
const by = (on: On, key = 'k'): SpawnOptions => ({ dedupe: { key, on } })

describe('dedupe: reuse', () => {
  it('gives a handle on the live task, counts nothing, tells nobody and calls nothing', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, { dedupe: { key: 'k' } })
    const seen = record(supervisor)
    let calls = 0
    const again = supervisor.spawn(() => calls++, { name: 'again', dedupe: { key: 'k' } })
    expect([again.id, again.name, seen.length]).toEqual([first.handle.id, 'held', 0])
    expect(supervisor.status().totals.spawned).toBe(1)
    first.resolve()
    await again.result
    expect(calls).toBe(0)
    expect(supervisor.spawn(() => calls++, by('reuse')).id).not.toBe(first.handle.id)
    expect(calls).toBe(1)
  })

  it('is for whoever asks: run, ctx.spawn, any scope, while waiting, delayed and paused', async () => {
    const { supervisor } = clocked({ concurrency: 1 })
    const holder = hold(supervisor)
    const waiting = supervisor.spawn(() => 'once', by('reuse'))
    const delayed = supervisor.spawn(() => 2, { ...by('reuse', 'd'), delay: 1_000 })
    supervisor.pause()
    const elsewhere = supervisor.scope('a').scope('b').spawn(never, by('reuse'))
    expect(elsewhere.snapshot()).toMatchObject({ id: waiting.id, scope: null })
    expect(supervisor.spawn(never, by('reject', 'd')).status).toBe('failed')
    expect(supervisor.spawn(never, by('reuse', 'd')).id).toBe(delayed.id)
    supervisor.resume()
    const ran = supervisor.run(never, by('reuse'))
    holder.resolve()
    expect(await ran).toBe('once')
  })

  it('lets whoever has the second handle cancel the task', () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, by('reuse'))
    expect(supervisor.spawn(never, by('reuse')).cancel()).toBe(true)
    expect(first.handle.status).toBe('cancelled')
  })

  it('reports the failure of a promise that it sets aside, once, and no unhandledRejection', async () => {
    const { supervisor } = clocked()
    hold(supervisor, by('reuse'))
    const seen = record(supervisor, ['hook:error'])
    supervisor.spawn(Promise.reject(new Error('lost')), by('reuse'))
    supervisor.spawn(Promise.resolve(1), by('reuse'))
    supervisor.spawn({ then: () => { throw new Error('thrown') } }, by('reuse')) // prettier-ignore
    await turns()
    expect(seen.map(({ payload }) => (payload as { error: { message: string } }).error.message).sort()).toEqual([
      'lost',
      'thrown',
    ])
    expect(supervisor.status().totals).toMatchObject({ spawned: 1, late: 0 })
  })

  it('gives the live task to who is outside while it closes, and nothing new', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, by('reuse'))
    const closing = supervisor.close()
    expect(supervisor.spawn(never, by('reuse')).id).toBe(first.handle.id)
    expect(supervisor.spawn(never, by('reuse', 'other')).status).toBe('cancelled')
    first.resolve()
    expect(await closing).toMatchObject({ completed: 1, cancelled: 1 })
    expect(await supervisor.spawn(never, by('reuse')).settled).toMatchObject({ error: { code: 'SUPERVISOR_CLOSED' } })
  })
})

describe('dedupe: reject', () => {
  it('fails the new task with TASK_DUPLICATE, under its own id, counted and recorded', async () => {
    const { supervisor } = clocked()
    hold(supervisor, by('reuse'))
    let calls = 0
    const second = supervisor.spawn(() => calls++, { name: 'second', ...by('reject') })
    expect(await second.settled).toMatchObject({
      status: 'failed',
      error: { code: 'TASK_DUPLICATE' },
      reason: { name: 'TaskRejectedError' },
    })
    await turns()
    expect(calls).toBe(0)
    expect(supervisor.status().totals).toMatchObject({ spawned: 2, failed: 1, rejected: 1 })
    expect(await supervisor.get(second.id)).toMatchObject({ status: 'failed', attempt: 0, name: 'second' })
    expect((await supervisor.errors()).items).toMatchObject([{ taskId: second.id, attempt: 0 }])
  })

  it('follows what is refused anyway: closed comes first, and so does a cancelled caller', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, by('reuse'))
    const aborted = supervisor.spawn(never, { ...by('reject'), signal: AbortSignal.abort('gone') })
    expect(await aborted.settled).toMatchObject({ status: 'cancelled', reason: { cause: 'gone' } })
    const closing = supervisor.close()
    expect(await supervisor.spawn(never, by('reject')).settled).toMatchObject({ error: { code: 'SUPERVISOR_CLOSED' } })
    first.resolve()
    await closing
  })

  it('leaves a refused promise to run, and its rejection to nobody', async () => {
    const { supervisor } = clocked()
    hold(supervisor, by('reuse'))
    const second = supervisor.spawn(Promise.reject(new Error('no')), by('reject'))
    expect(await second.settled).toMatchObject({ error: { code: 'TASK_DUPLICATE' } })
    await turns()
    expect(supervisor.status().totals).toMatchObject({ failed: 1, late: 1 })
  })
})

describe('dedupe: replace', () => {
  it('cancels the live one, then goes on as any other', async () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, by('reuse'))
    const seen = record(supervisor)
    const second = supervisor.spawn(never, by('replace'))
    expect(namesOf(seen).filter((name) => name !== 'task:settled' && name !== 'task:stopping')).toEqual([
      'task:spawned',
      'task:cancelled',
      'task:started',
    ])
    expect(await first.handle.settled).toMatchObject({ status: 'cancelled', error: { code: 'TASK_CANCELLED' } })
    expect([second.status, supervisor.status().totals.rejected]).toEqual(['running', 0])
  })

  it('takes the place of a waiting one, whose function is never called', async () => {
    const { supervisor } = clocked({ concurrency: 1, queueLimit: 1 })
    const holder = hold(supervisor)
    const started: string[] = []
    const latest = ['a', 'b', 'c'].map((name) => supervisor.spawn(() => started.push(name), { name, ...by('replace') }))
    holder.resolve()
    await supervisor.onIdle()
    expect([started, latest.map(({ status }) => status)]).toEqual([['c'], ['cancelled', 'cancelled', 'completed']])
  })

  it.each(['an aborted caller', 'an aborted scope', 'a closed scope', 'a cancelled parent', 'a known id'])(
    'does nothing to the live one for %s',
    async (who) => {
      const { supervisor } = clocked()
      const first = hold(supervisor, by('reuse'))
      let context!: TaskContext
      const parent = supervisor.spawn((ctx) => ((context = ctx), never()))
      parent.cancel()
      const scope = supervisor.scope('s', who === 'an aborted scope' ? { signal: AbortSignal.abort() } : {})
      if (who === 'a closed scope') await scope.close()
      await supervisor.spawn(() => 1, { id: 'known' }).settled
      await turns()
      const second: TaskHandle<unknown> =
        who === 'an aborted caller' ? supervisor.spawn(never, { ...by('replace'), signal: AbortSignal.abort() })
        : who === 'a cancelled parent' ? context.spawn(never, by('replace'))
        : who === 'a known id' ? supervisor.spawn(never, { ...by('replace'), id: 'known' })
        : scope.spawn(never, by('replace')) // prettier-ignore
      expect(['cancelled', 'failed']).toContain(second.status)
      expect(first.handle.status).toBe('running')
      expect(supervisor.spawn(never, by('reuse')).id).toBe(first.handle.id)
    },
  )

  it.each(['task:cancelled', 'task:spawned'] as const)(
    'meets itself in a listener of %s that spawns for the same key',
    async (event) => {
      for (const on of ['reuse', 'reject', 'replace'] as const) {
        const { supervisor } = clocked()
        const first = hold(supervisor, by('reuse'))
        let nested!: TaskHandle<unknown>
        supervisor.once(event, () => (nested = supervisor.spawn(never, { name: 'nested', ...by(on) })))
        const second = supervisor.spawn(never, { name: 'second', ...by('replace') })
        expect(first.handle.status).toBe('cancelled')
        expect([on, second.status]).toEqual([on, on === 'replace' ? 'cancelled' : 'running'])
        if (on === 'reuse') expect(nested.id).toBe(second.id)
        if (on === 'reject') expect(await nested.settled).toMatchObject({ error: { code: 'TASK_DUPLICATE' } })
        const { totals, slots, names } = supervisor.status()
        expect(totals.spawned - totals.cancelled - totals.failed).toBe(1)
        expect(slots).toMatchObject({ running: 1 })
        for (const counts of Object.values(names)) expect(Math.min(counts.pending, counts.running)).toBe(0)
        expect(supervisor.cancelAll()).toBe(1)
      }
    },
  )

  it('ends a parent that is replaced by its own child, and that child with it', () => {
    const { supervisor } = clocked()
    let child!: TaskHandle<unknown>
    const parent = supervisor.spawn(({ spawn }) => ((child = spawn(never, by('replace'))), never()), by('reuse'))
    expect([parent.status, child.status]).toEqual(['cancelled', 'cancelled'])
  })
})

describe('a dedupe key', () => {
  it('is free as soon as the outcome is decided, though the function still stops', () => {
    const { supervisor } = clocked()
    const first = hold(supervisor, by('reuse'))
    let id = ''
    supervisor.once('task:cancelled', () => (id = supervisor.spawn(never, by('reject')).id))
    first.handle.cancel()
    expect(supervisor.status().slots).toMatchObject({ running: 1, stopping: 1 })
    expect(supervisor.spawn(never, by('reuse')).id).toBe(id)
  })

  it('is kept between attempts, and belongs to one supervisor', () => {
    const { clock, supervisor } = clocked()
    const boom = (): never => { throw new Error('no') } // prettier-ignore
    const first = supervisor.spawn(boom, { ...by('reuse'), retry: { attempts: 2, delay: 100 } })
    expect([first.status, supervisor.spawn(never, by('reuse')).id]).toEqual(['pending', first.id])
    clock.advance(100)
    expect([first.status, supervisor.spawn(never, by('reject')).status]).toEqual(['failed', 'running'])
    expect(clocked().supervisor.spawn(never, by('reject')).status).toBe('running')
  })

  it.each(['', '\0', 'é'.repeat(200), 5, null, {}])('is a name: %j is misuse', (key) => {
    const { supervisor } = clocked()
    expect(() => supervisor.spawn(never, { dedupe: { key } as never })).toThrow('spawn().dedupe')
    expect(() => supervisor.spawn(never, { dedupe: { key: 'k', on: 'ignore' } as never })).toThrow("'reuse', 'reject'")
    expect(() => supervisor.spawn(never, { dedupe: { on: 'reuse' } as never })).toThrow('an object with a key')
    expect(supervisor.status().totals.spawned).toBe(0)
  })

  it('may be any text, also that of a prototype', () => {
    const { supervisor } = clocked()
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const one = supervisor.spawn(never, by('reuse', key))
      expect(supervisor.spawn(never, by('reuse', key)).id).toBe(one.id)
    }
  })

  it('survives the end of all: closed while replaced, it stays counted once', async () => {
    const { clock, supervisor } = clocked()
    const gate = deferred()
    supervisor.on('task:cancelled', () => void supervisor.close({ mode: 'cancel', grace: 10 }))
    supervisor.spawn(() => gate.promise, by('reuse'))
    const second = supervisor.spawn(never, by('replace'))
    expect(await second.settled).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
    gate.resolve()
    await passing({ clock }, supervisor.close())
    expect(supervisor.status()).toMatchObject({
      totals: { spawned: 2, cancelled: 2 },
      slots: { running: 0, stopping: 0 },
    })
  })
})

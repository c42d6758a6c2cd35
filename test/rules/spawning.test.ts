import { describe, expect, it } from 'vitest'
import { isTaskOptionError, TaskSupervisor, type TaskHandle } from 'taskward'
import { clocked, deferred, microtasks, never, record, turns } from './support.js'

const thenable = (
  then: (ok: (value: unknown) => void, fail: (reason: unknown) => void) => unknown,
): PromiseLike<unknown> => ({ then }) as PromiseLike<unknown>

/** The same work three ways: returned by a function, returned by an async one, handed over. */
const ways: [string, (supervisor: TaskSupervisor, make: () => PromiseLike<unknown>) => TaskHandle<unknown>][] = [
  ['returned', (supervisor, make) => supervisor.spawn(() => make())],
  ['returned by an async function', (supervisor, make) => supervisor.spawn(async () => make())],
  ['handed over', (supervisor, make) => supervisor.spawn(make())],
]

describe('the id of a task', () => {
  it('has its place by when the task was spawned, whenever it is asked for', async () => {
    const supervisor = new TaskSupervisor()
    const handles = Array.from({ length: 5 }, () => supervisor.spawn(never))
    const ids = handles.reverse().map(({ id }) => id)
    expect([...ids].sort().reverse()).toEqual(ids)
    expect((await supervisor.list({ order: 'oldest' })).items.map(({ id }) => id)).toEqual([...ids].reverse())
    expect(await supervisor.get(ids[0]!)).toMatchObject({ id: ids[0] })
    await supervisor.close({ mode: 'cancel', grace: 0 })
  })

  it('finds it also where it was asked for first when the task had ended', async () => {
    const { supervisor } = clocked()
    const handle = supervisor.spawn(() => 1)
    const { id } = handle
    expect((await supervisor.get(id))?.status).toBe('completed')
    await handle.persisted
    expect((await supervisor.get(id))?.status).toBe('completed')
    expect((await supervisor.history(id)).map(({ to }) => to)).toEqual(['pending', 'running', 'completed'])
    await supervisor.close()
  })
})

describe('spawn (rule 1)', () => {
  it.each([undefined, null, 0, 'work', true, 1n, Symbol('work'), {}, [], { then: 1 }, new Date()])(
    'throws a TaskOptionError for %s as work',
    (work) => {
      const supervisor = new TaskSupervisor()
      expect(() => supervisor.spawn(work as never)).toThrow(
        expect.objectContaining({ name: 'TaskOptionError', code: 'OPTION_INVALID' }),
      )
      expect(supervisor.status().totals.spawned).toBe(0)
    },
  )

  it('counts and leaves nothing after a misuse', async () => {
    const supervisor = new TaskSupervisor()
    const seen = record(supervisor)
    expect(() => supervisor.spawn(() => 1, { timeout: -1 })).toThrow()
    await turns()
    expect(seen).toEqual([])
    expect(supervisor.status({ tasks: 10 }).tasks).toEqual([])
  })

  it('never calls the function of a misused spawn', () => {
    let calls = 0
    expect(() => new TaskSupervisor().spawn(() => calls++, { priority: NaN })).toThrow()
    expect(calls).toBe(0)
  })

  it('makes a live id misuse, and a stored one an outcome', async () => {
    const supervisor = new TaskSupervisor()
    const gate = deferred()
    const first = supervisor.spawn(() => gate.promise, { id: 'receipt-1' })
    expect(() => supervisor.spawn(() => 1, { id: 'receipt-1' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
    gate.resolve()
    await first.persisted
    const second = supervisor.spawn(() => 2, { id: 'receipt-1' })
    expect(await second.settled).toMatchObject({ status: 'failed', error: { code: 'TASK_DUPLICATE' } })
    expect(await supervisor.get('receipt-1')).toMatchObject({ status: 'completed' })
  })

  it('gives an outcome, not a throw, for a full queue and a closed supervisor', async () => {
    const supervisor = new TaskSupervisor({ concurrency: 1, queueLimit: 0 })
    const running = supervisor.spawn(never)
    expect(await supervisor.spawn(never).settled).toMatchObject({
      status: 'failed',
      error: { code: 'TASK_QUEUE_FULL' },
    })
    running.cancel()
    await supervisor.close({ mode: 'cancel', grace: 0 })
    const late = supervisor.spawn(() => 1)
    expect(await late.settled).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
    expect(late.attempt).toBe(0)
  })

  it('throws misuse through run as a rejection or a throw, never as an outcome', async () => {
    const supervisor = new TaskSupervisor()
    const misuse = async (): Promise<unknown> => supervisor.run(() => 1, { timeout: -1 })
    expect(isTaskOptionError(await misuse().catch((error: unknown) => error))).toBe(true)
    expect(supervisor.status().totals.spawned).toBe(0)
  })
})

describe('spawn (rule 2)', () => {
  it('starts synchronously when a slot is free, and says so at once', () => {
    let calls = 0
    const handle = new TaskSupervisor().spawn(() => (calls += 1))
    expect([calls, handle.status, handle.attempt]).toEqual([1, 'completed', 1])
  })

  it('completes with any value a function returns, as it is', async () => {
    const supervisor = new TaskSupervisor()
    const generator = (function* () {
      yield 1
    })()
    for (const value of [
      undefined,
      null,
      0,
      NaN,
      -0,
      '',
      false,
      1n,
      Symbol('x'),
      () => 1,
      [],
      generator,
      { then: 1 },
    ]) {
      const outcome = await supervisor.spawn(() => value).settled
      expect(outcome.status).toBe('completed')
      expect(Object.is((outcome as { value: unknown }).value, value)).toBe(true)
    }
    expect(generator.next().value).toBe(1)
  })

  it.each([undefined, null, 0, 'text', Symbol('x'), Object.create(null) as unknown, new Error('x')])(
    'fails with what a function throws, be it %s',
    async (thrown) => {
      const supervisor = new TaskSupervisor()
      const sync = supervisor.spawn(() => {
        throw thrown
      })
      const outcome = await sync.settled
      expect(outcome.status).toBe('failed')
      expect((outcome as { reason: unknown }).reason).toBe(thrown)
      expect(await sync.result.catch((reason: unknown) => ({ reason }))).toEqual({ reason: thrown })
      const rejected = await supervisor.spawn(() => Promise.reject(thrown)).settled
      expect((rejected as { reason: unknown }).reason).toBe(thrown)
    },
  )

  describe.each(ways)('a thenable that is %s', (_, spawn) => {
    it.each<[string, () => PromiseLike<unknown>, unknown]>([
      ['calls back with a value', () => thenable((ok) => ok(1)), { status: 'completed', value: 1 }],
      ['calls back later', () => thenable((ok) => void setImmediate(ok, 2)), { status: 'completed', value: 2 }],
      ['rejects', () => thenable((_ok, fail) => fail('no')), { status: 'failed', reason: 'no' }],
      [
        'throws at once',
        () =>
          thenable(() => {
            throw 'early'
          }),
        { status: 'failed', reason: 'early' },
      ],
      [
        'throws after a value',
        () =>
          thenable((ok) => {
            ok(3)
            throw new Error('after')
          }),
        { status: 'completed', value: 3 },
      ],
      [
        'throws after a rejection',
        () =>
          thenable((_ok, fail) => {
            fail('first')
            throw new Error('after')
          }),
        { status: 'failed', reason: 'first' },
      ],
      [
        'fulfils, then rejects',
        () =>
          thenable((ok, fail) => {
            ok(4)
            fail('second')
          }),
        { status: 'completed', value: 4 },
      ],
      [
        'rejects, then fulfils',
        () =>
          thenable((ok, fail) => {
            fail('first')
            ok(5)
          }),
        { status: 'failed', reason: 'first' },
      ],
      [
        'fulfils twice',
        () =>
          thenable((ok) => {
            ok(6)
            ok(7)
          }),
        { status: 'completed', value: 6 },
      ],
      [
        'gives another thenable',
        () => thenable((ok) => ok(thenable((inner) => inner(8)))),
        { status: 'completed', value: 8 },
      ],
      ['gives a promise', () => thenable((ok) => ok(Promise.resolve(9))), { status: 'completed', value: 9 }],
      [
        'gives a rejected promise',
        () => thenable((ok) => ok(Promise.reject('inner'))),
        { status: 'failed', reason: 'inner' },
      ],
    ])('that %s has its first settlement for its outcome', async (_name, make, expected) => {
      const outcome = await spawn(new TaskSupervisor(), make).settled
      expect(outcome).toMatchObject(expected as object)
      await turns()
    })

    it('that never calls back times out', async () => {
      const { clock, supervisor } = clocked({ timeout: 100 })
      const handle = spawn(supervisor, () => thenable(() => undefined))
      await microtasks()
      clock.advance(100)
      expect(handle.snapshot()).toMatchObject({ status: 'failed', error: { code: 'TASK_TIMEOUT' } })
    })
  })

  // Natively (`async () => own`) such a thenable is asked again for ever, in microtasks that nobody can interrupt.
  it.each([ways[0]!, ways[2]!])('fails a thenable that is %s and resolves with itself', async (_, spawn) => {
    const own: PromiseLike<unknown> = thenable((ok) => ok(own))
    const outcome = await spawn(new TaskSupervisor(), () => own).settled
    expect(outcome).toMatchObject({ status: 'failed', reason: expect.any(TypeError) })
  })

  it('counts the second settlement of a thenable as late, and changes nothing', async () => {
    const supervisor = new TaskSupervisor()
    const seen = record(supervisor, ['task:late'])
    const handle = supervisor.spawn(() =>
      thenable((ok, fail) => {
        ok('first')
        fail(new Error('second'))
      }),
    )
    await turns()
    expect(await handle.settled).toEqual({ status: 'completed', value: 'first' })
    expect(supervisor.status().totals).toMatchObject({ completed: 1, failed: 0, late: 1 })
    expect(seen).toMatchObject([{ payload: { error: { message: 'second' }, task: { status: 'completed' } } }])
  })

  it('takes a function that is a thenable too for a function', async () => {
    const both = Object.assign(() => 'called', { then: () => undefined })
    expect(await new TaskSupervisor().spawn(both as () => string).result).toBe('called')
  })
})

describe('a promise already started', () => {
  it('is running at once with attempt 1, when paused, full and at the cap', async () => {
    const supervisor = new TaskSupervisor({ concurrency: 1, queueLimit: 0 })
    supervisor.spawn(never)
    supervisor.pause()
    const handle = supervisor.spawn(Promise.resolve('there'))
    expect([handle.status, handle.attempt, handle.name]).toEqual(['running', 1, 'anonymous'])
    expect(supervisor.status().slots.running).toBe(1)
    expect(await handle.result).toBe('there')
  })

  it('is timed and cancelled like the rest', async () => {
    const { clock, supervisor } = clocked({ timeout: 50 })
    const timed = supervisor.spawn(never())
    const cancelled = supervisor.spawn(never())
    expect(cancelled.cancel('enough')).toBe(true)
    clock.advance(50)
    expect(timed.snapshot().error?.code).toBe('TASK_TIMEOUT')
    expect((await cancelled.settled).status).toBe('cancelled')
  })

  it('takes no queueTimeout', () => {
    expect(() => new TaskSupervisor().spawn(Promise.resolve(), { queueTimeout: 10 })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('nested spawns', () => {
  it('start synchronously up to a depth of 100, and in a microtask beyond it', async () => {
    const supervisor = new TaskSupervisor({ concurrency: Infinity })
    const started: number[] = []
    const nest = (depth: number): void => {
      started.push(depth)
      if (depth < 500) supervisor.spawn(() => nest(depth + 1))
    }
    supervisor.spawn(() => nest(0))
    expect(started.length).toBeGreaterThanOrEqual(100)
    expect(started.length).toBeLessThanOrEqual(102)
    await microtasks(50)
    expect(started).toEqual(Array.from({ length: 501 }, (_, depth) => depth))
  })
})

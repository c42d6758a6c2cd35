import { describe, expect, it } from 'vitest'
import type { SpawnOptions, TaskContext, TaskHandle, TaskSupervisor } from 'taskward'
import { passing } from './passing.js'
import { clocked, deferred, hold, namesOf, never, record, turn, turns } from './support.js'

/** A parent that runs until it is let go or told to stop, and its context. */
function parentIn(supervisor: Pick<TaskSupervisor, 'spawn'>, options: SpawnOptions = {}) {
  const gate = deferred<unknown>()
  let context!: TaskContext
  const handle = supervisor.spawn(
    async (ctx) => {
      context = ctx
      return gate.promise
    },
    { name: 'parent', ...options },
  )
  const child = (own: SpawnOptions = {}): TaskHandle<never> => context.spawn(never, { name: 'child', ...own })
  return { handle, context, child, end: gate.resolve, fail: gate.reject }
}

const statuses = (...handles: TaskHandle<unknown>[]): string[] => handles.map(({ status }) => status)

describe('a child', () => {
  it('has its parent in its record, live and stored, and can be found by it', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    const child = parent.context.spawn(() => 1, { name: 'child' })
    expect(await child.result).toBe(1)
    await turns()
    expect(await supervisor.get(child.id)).toMatchObject({ parentId: parent.handle.id, scope: null })
    expect((await supervisor.list({ parentId: parent.handle.id })).items.map(({ name }) => name)).toEqual(['child'])
    expect(supervisor.spawn(() => 1).snapshot().parentId).toBeNull()
  })

  it('is a child only through ctx.spawn, which may be taken out of its context', async () => {
    const { supervisor } = clocked()
    const found = supervisor.spawn(({ spawn }) => [spawn(never), supervisor.spawn(never)])
    const [child, other] = (await found.result) as [TaskHandle<never>, TaskHandle<never>]
    expect([child.snapshot().parentId, other.snapshot().parentId]).toEqual([found.id, null])
  })

  it('is cancelled with its parent, and so are its own, each with the same reason', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    const child = parentIn({ spawn: parent.context.spawn })
    const grandchild = child.child()
    parent.handle.cancel('enough')
    for (const handle of [parent.handle, child.handle, grandchild]) {
      expect(await handle.settled).toMatchObject({
        status: 'cancelled',
        error: { code: 'TASK_CANCELLED' },
        reason: { name: 'TaskCancelledError', cause: 'enough' },
      })
    }
    expect(child.context.signal.reason).toMatchObject({ cause: 'enough' })
    expect((await supervisor.errors()).items).toEqual([])
  })

  it('never starts when its parent is cancelled while it waits, though another child leaves a slot', async () => {
    const { supervisor } = clocked({ concurrency: 2 })
    const parent = parentIn(supervisor)
    parent.child()
    let calls = 0
    const waiting = [1, 2, 3].map(() => parent.context.spawn(() => calls++))
    parent.handle.cancel()
    expect(statuses(...waiting)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    await turns()
    expect([calls, supervisor.status().queue.waiting]).toEqual([0, 0])
  })

  it.each(['completes', 'fails', 'times out'])('goes on when its parent %s, unless told to end with it', async (how) => {
    const { clock, supervisor } = clocked({ timeout: Infinity })
    const parent = parentIn(supervisor, { timeout: 100 })
    const staying = parent.child()
    const leaving = parent.child({ onParentEnd: 'cancel' })
    const waiting = parent.child({ onParentEnd: 'cancel', delay: 1_000 })
    if (how === 'completes') parent.end(1)
    else if (how === 'fails') parent.fail(new Error('no'))
    else clock.advance(100)
    await turn()
    expect(statuses(staying, leaving, waiting)).toEqual(['running', 'cancelled', 'cancelled'])
    expect(await leaving.settled).toMatchObject({ error: { message: expect.stringContaining('has ended') as string } })
  }) // prettier-ignore

  it('is not touched by a retry of its parent, and ends with the last attempt', async () => {
    const { clock, supervisor } = clocked({ timeout: Infinity })
    const children: TaskHandle<never>[] = []
    const parent = supervisor.spawn(
      ({ spawn }) => {
        children.push(spawn(never, { onParentEnd: 'cancel' }))
        throw new Error('no')
      },
      { retry: { attempts: 2, jitter: 'none', delay: 10 } },
    )
    expect([parent.status, ...statuses(...children)]).toEqual(['pending', 'running'])
    clock.advance(10)
    expect([parent.status, ...statuses(...children)]).toEqual(['failed', 'cancelled', 'cancelled'])
    expect(children.map((child) => child.snapshot().parentId)).toEqual([parent.id, parent.id])
  })

  it('is cancelled with a parent that waits for its next attempt', () => {
    const { supervisor } = clocked()
    let child!: TaskHandle<never>
    const parent = supervisor.spawn(
      ({ spawn }) => {
        child = spawn(never)
        throw new Error('no')
      },
      { retry: { attempts: 2, delay: 1_000 } },
    )
    parent.cancel()
    expect(child.status).toBe('cancelled')
  })

  it('takes nobody with it: cancel goes down, never up or aside', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    const [one, other] = [parent.child(), parent.child()]
    one.cancel()
    expect(statuses(parent.handle, one, other)).toEqual(['running', 'cancelled', 'running'])
  })

  it('is in the scope of its parent, with its defaults, and nowhere else', () => {
    const { supervisor } = clocked()
    const scope = supervisor.scope('request', { owner: 'ann', metadata: { a: 1 } })
    const child = parentIn(scope).child()
    expect(child.snapshot()).toMatchObject({ scope: 'request', owner: 'ann', metadata: { a: 1 } })
  })
})

describe('a child of a parent that has ended', () => {
  it('is born cancelled where that was cancelled: there, announced, counted, never called', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    parent.handle.cancel('enough')
    const seen = record(supervisor)
    let calls = 0
    const child = parent.context.spawn(() => calls++, { name: 'late' })
    expect(namesOf(seen)).toEqual(['task:spawned', 'task:cancelled', 'task:settled'])
    expect(await child.settled).toMatchObject({ status: 'cancelled', reason: { cause: 'enough' } })
    await turns()
    expect(supervisor.status().totals).toMatchObject({ spawned: 2, cancelled: 2, rejected: 0, failed: 0 })
    expect([calls, (await supervisor.get(child.id))?.parentId]).toEqual([0, parent.handle.id])
  })

  it.each([
    ['completed', 'leave', 'running'],
    ['completed', 'cancel', 'cancelled'],
    ['timed out', 'leave', 'running'],
    ['timed out', 'cancel', 'cancelled'],
    ['abandoned', 'leave', 'running'],
  ] as const)('that has %s, with onParentEnd %j, is %s', async (how, onParentEnd, status) => {
    const { clock, supervisor } = clocked({ grace: 50, timeout: Infinity })
    const parent = parentIn(supervisor, { timeout: 100 })
    if (how === 'completed') parent.end(1)
    else clock.advance(how === 'abandoned' ? 150 : 100)
    await turn()
    expect(parent.child({ onParentEnd }).status).toBe(status)
  })

  it('takes a promise that was started already, whose rejection is lost on nobody', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    parent.handle.cancel()
    const late = parent.context.spawn(Promise.reject(new Error('no')))
    expect(late.status).toBe('cancelled')
    await turns()
    expect(supervisor.status().totals.late).toBe(1)
  })

  it('is turned away after close, whoever spawns it', async () => {
    const { clock, supervisor } = clocked()
    const parent = parentIn(supervisor)
    await passing({ clock }, supervisor.close({ mode: 'cancel', grace: 0 }))
    expect(await parent.child().settled).toMatchObject({ status: 'cancelled', error: { code: 'SUPERVISOR_CLOSED' } })
  })
})

describe('children and close', () => {
  it('lets a draining supervisor take them, and waits for them', async () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    const closing = supervisor.close()
    const child = parent.context.spawn(() => 1)
    expect(supervisor.spawn(never).status).toBe('cancelled')
    parent.end(1)
    expect(await closing).toMatchObject({ completed: 2, cancelled: 1 })
    expect(child.status).toBe('completed')
  })

  it('end cancelled with SUPERVISOR_CLOSED like their parents, none of them failed', async () => {
    const { clock, supervisor } = clocked({ concurrency: 2 })
    const parent = parentIn(supervisor)
    const children = [parent.child(), parent.child(), parent.child({ onParentEnd: 'cancel' })]
    const report = await passing({ clock }, supervisor.close({ mode: 'cancel', grace: 0 }))
    expect(report).toMatchObject({ completed: 0, failed: 0, cancelled: 4 })
    for (const child of children) expect(await child.settled).toMatchObject({ error: { code: 'SUPERVISOR_CLOSED' } })
  })
})

describe('cancel', () => {
  it('counts each that it was meant for once, also where its parent has taken it along', () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    parent.child()
    parent.child()
    expect(supervisor.cancelAll('enough')).toBe(3)
    const other = parentIn(supervisor)
    other.child()
    hold(supervisor)
    expect(supervisor.cancel({ parentId: other.handle.id })).toBe(1)
    expect(supervisor.cancel(other.handle.id)).toBe(1)
    expect(supervisor.status().slots.running).toBe(1)
  })
})

describe('a listener', () => {
  it('of task:spawned that cancels the parent finds the child gone too', () => {
    const { supervisor } = clocked()
    const parent = parentIn(supervisor)
    supervisor.on('task:spawned', () => void parent.handle.cancel())
    let calls = 0
    const child = parent.context.spawn(() => calls++)
    expect([child.status, calls]).toEqual(['cancelled', 0])
  })

  it('of task:cancelled that spawns a child of the cancelled parent, and cancels and closes, leaves all counts true', async () => {
    const { clock, supervisor } = clocked({ concurrency: 3 })
    const parent = parentIn(supervisor)
    for (let count = 0; count < 5; count++) parent.child()
    let spawns = 0
    supervisor.on('task:cancelled', () => {
      if (spawns++ < 3) parent.child()
      supervisor.cancelAll()
      void supervisor.close({ mode: 'cancel', grace: 0 })
    })
    parent.handle.cancel()
    await passing({ clock }, supervisor.close())
    const { totals, slots, queue, names } = supervisor.status()
    expect(totals).toMatchObject({ spawned: 9, cancelled: 9, completed: 0, failed: 0 })
    expect([queue.waiting, slots]).toEqual([0, { limit: 3, running: 0, stopping: 0, abandoned: 3 }])
    expect(names['child']).toMatchObject({ pending: 0, running: 0, cancelled: 8 })
  })
})

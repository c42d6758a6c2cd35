import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isTaskRejectedError,
  TaskSupervisor,
  type TaskContext,
  type TaskHandle,
  type TaskOutcome,
  type TaskSupervisorOptions,
} from 'taskward'
import { manualClock } from 'taskward/testing'
import { deferred, durableStore, hold, turns } from './support.js'

const ONE: TaskSupervisorOptions = { concurrency: 1, timeout: Infinity }

const codeOf = (outcome: TaskOutcome<unknown>): unknown =>
  outcome.status === 'completed' ? outcome.value : outcome.error.code

/** The clock of the test under way. */
let clock = manualClock()

function clocked(options: TaskSupervisorOptions): TaskSupervisor {
  clock = manualClock()
  return new TaskSupervisor({ clock, ...options })
}

/** Waits until all have ended, and lets time pass meanwhile: a deadlock is one only after a second. */
async function settle(...handles: TaskHandle<unknown>[]): Promise<unknown[]> {
  const outcomes = await passing(Promise.all(handles.map(({ settled }) => settled)))
  return outcomes.map(codeOf)
}

async function passing<T>(promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  promise.then(over, over)
  await turns(3)
  while (!isOver) {
    clock.advance(1_000)
    await turns(3)
  }
  return promise
}

const child = ({ spawn }: TaskContext): TaskHandle<string> => spawn(() => 'value', { name: 'child' })

describe('a task that holds the last slot', () => {
  const waits: [string, (context: TaskContext, supervisor: TaskSupervisor) => unknown][] = [
    ['awaits the result of its child', async (context) => await child(context).result],
    ['returns the result of its child', (context) => child(context).result],
    ['returns it from an async function', async (context) => child(context).result],
    ['awaits what was made of it', async (context) => await child(context).result.then((value) => value)],
    ['awaits it among others', async (context) => await Promise.all([child(context).result, Promise.resolve()])],
    ['awaits run()', async (_, supervisor) => await supervisor.run(() => 'value', { name: 'child' })],
    [
      'awaits a task that is not its child',
      async (_, supervisor) => await supervisor.spawn(() => 'value', { name: 'child' }).result,
    ],
    [
      'awaits one in a scope',
      async (_, supervisor) => await supervisor.scope('inner').run(() => 'value', { name: 'child' }),
    ],
  ]
  it.each(waits)('and %s gets TASK_DEADLOCK, with the chain', async (_, wait) => {
    const supervisor = clocked(ONE)
    const parent = supervisor.spawn((context) => wait(context, supervisor), { name: 'parent' })
    const outcome = await passing(parent.settled)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'TASK_DEADLOCK' } })
    const { reason } = outcome as { reason: unknown }
    expect(isTaskRejectedError(reason) && reason.chain).toEqual(['parent', 'child'])
    await turns()
    const { items } = await supervisor.list({ name: 'child' })
    expect(items).toMatchObject([
      { status: 'failed', attempt: 0, error: { code: 'TASK_DEADLOCK', details: { chain: ['parent', 'child'] } } },
    ])
    expect(items[0]!.error!.message).toContain('parent -> child')
    expect(supervisor.status()).toMatchObject({ slots: { running: 0 }, queue: { waiting: 0 } })
  })

  it('and awaits the outcome of its child sees it, and goes on', async () => {
    const supervisor = clocked(ONE)
    const parent = supervisor.spawn(async (context) => codeOf(await child(context).settled))
    expect(await settle(parent)).toEqual(['TASK_DEADLOCK'])
  })

  it('and is woken by something else within a second goes on, and so does its child', async () => {
    const supervisor = clocked(ONE)
    const alarm = (): Promise<string> =>
      new Promise(
        (resolve) =>
          void clock.setTimer(900, () => {
            resolve('woken')
          }),
      )
    const children: TaskHandle<string>[] = []
    const parent = supervisor.spawn((context) => {
      children.push(child(context))
      return Promise.race([children[0]!.result, alarm()])
    })
    await turns()
    clock.advance(900)
    expect(await settle(parent, ...children)).toEqual(['woken', 'value'])
  })

  it('is freed after a second of real time where its clock stands still', async () => {
    const supervisor = clocked(ONE)
    const { result } = supervisor.spawn((context) => child(context).result)
    await expect(result).rejects.toMatchObject({ code: 'TASK_DEADLOCK' })
  })

  it('and only looks at what becomes of its child is left alone', async () => {
    const supervisor = clocked(ONE)
    const gate = deferred<string>()
    const seen: unknown[] = []
    const parent = supervisor.spawn((context) => {
      const { result, settled } = child(context)
      result.then(
        (value) => seen.push(value),
        () => seen.push('rejected'),
      )
      void settled.then(({ status }) => seen.push(status))
      return gate.promise
    })
    await turns()
    expect(supervisor.status().queue.waiting).toBe(1)
    gate.resolve('done')
    expect(await settle(parent)).toEqual(['done'])
    await turns()
    expect(seen.sort()).toEqual(['completed', 'value'])
  })

  it('is left alone while paused, since nobody may start then anyway', async () => {
    const supervisor = clocked(ONE)
    const gate = deferred()
    const parent = supervisor.spawn(async (context) => {
      await gate.promise
      return child(context).result
    })
    supervisor.pause()
    gate.resolve()
    await turns()
    expect([parent.status, supervisor.status().queue.waiting]).toEqual(['running', 1])
    supervisor.resume()
    expect(await settle(parent)).toEqual(['TASK_DEADLOCK'])
  })

  it('and awaits a task that comes after one that cannot start is freed', async () => {
    const supervisor = clocked(ONE)
    const parent = supervisor.spawn(
      ({ spawn }) => spawn(() => 2, { after: [spawn(() => 1, { name: 'first' })] }).result,
    )
    expect(await settle(parent)).toEqual(['TASK_DEPENDENCY_FAILED'])
    expect((await supervisor.list({ name: 'first' })).items[0]?.error?.code).toBe('TASK_DEADLOCK')
  })

  it('and awaits a task that comes after itself is freed, though slots are free', async () => {
    const supervisor = clocked({ ...ONE, concurrency: 5 })
    const parent = supervisor.spawn(({ id, spawn }) => spawn(() => 1, { name: 'child', after: [id] }).result, {
      name: 'parent',
    })
    expect(await passing(parent.settled)).toMatchObject({
      error: { code: 'TASK_DEADLOCK', details: { chain: ['parent', 'child'] } },
    })
  })

  it('is left alone while its child waits for time to pass, and reported when that is over', async () => {
    const supervisor = clocked(ONE)
    const parent = supervisor.spawn(({ spawn }) => spawn(() => 1, { delay: 100 }).result)
    await turns()
    expect(parent.status).toBe('running')
    clock.advance(100)
    expect(await settle(parent)).toEqual(['TASK_DEADLOCK'])
  })

  it('is found also where tasks are stored ahead', async () => {
    const supervisor = clocked({ ...ONE, store: durableStore(), durability: 'ahead' })
    expect(await settle(supervisor.spawn((context) => child(context).result))).toEqual(['TASK_DEADLOCK'])
  })
})

describe('tasks that hold all the slots', () => {
  it('are left alone while one of them does not wait', async () => {
    const supervisor = clocked({ ...ONE, concurrency: 2 })
    const other = hold(supervisor)
    const parent = supervisor.spawn((context) => child(context).result)
    await turns()
    expect(parent.status).toBe('running')
    other.resolve()
    expect(await settle(parent)).toEqual(['value'])
  })

  it('are left alone while one of them is stopping', async () => {
    const supervisor = clocked({ ...ONE, concurrency: 2 })
    const other = hold(supervisor, { grace: 100 })
    const parent = supervisor.spawn((context) => child(context).result)
    other.handle.cancel()
    await turns()
    expect(parent.status).toBe('running')
    clock.advance(100)
    expect(await settle(parent)).toEqual(['value'])
  })

  it('and wait for each other down a chain get one TASK_DEADLOCK, at its end', async () => {
    const supervisor = clocked({ ...ONE, concurrency: 2 })
    const parent = supervisor.spawn(
      ({ spawn }) => spawn((inner) => inner.spawn(() => 1, { name: 'c' }).result, { name: 'b' }).result,
      { name: 'a' },
    )
    expect(await passing(parent.settled)).toMatchObject({ error: { details: { chain: ['a', 'b', 'c'] } } })
  })

  it('and all wait get it one by one, so that who comes free serves the others', async () => {
    const supervisor = clocked({ ...ONE, concurrency: 2 })
    const gate = deferred()
    const parents = [1, 2].map(() =>
      supervisor.spawn(async (context) => {
        await gate.promise
        return child(context).result
      }),
    )
    await turns()
    gate.resolve()
    expect((await settle(...parents)).sort()).toEqual(['TASK_DEADLOCK', 'value'])
  })

  it('of a lane, an owner or a scope are found the same way, though slots are free', async () => {
    const supervisor = clocked({ timeout: Infinity, perOwner: 1, lanes: { narrow: { concurrency: 1 } } })
    const scope = supervisor.scope('narrow', { concurrency: 1 })
    const inLane = { lane: 'narrow' }
    const ofAnn = { owner: 'ann' }
    const parents = [
      supervisor.spawn(({ spawn }) => spawn(() => 1, inLane).result, inLane),
      supervisor.spawn(({ spawn }) => spawn(() => 1, ofAnn).result, ofAnn),
      scope.spawn(({ spawn }) => spawn(() => 1).result),
    ]
    expect(await settle(...parents)).toEqual(['TASK_DEADLOCK', 'TASK_DEADLOCK', 'TASK_DEADLOCK'])
    expect(supervisor.status().slots.running).toBe(0)
  })

  it('are left alone while what is awaited lacks only a token of its rate', async () => {
    const lanes = { slow: { concurrency: 5, rate: { limit: 1, interval: 100 } } }
    const supervisor = clocked({ timeout: Infinity, lanes })
    const parent = supervisor.spawn(({ spawn }) => spawn(() => 1, { lane: 'slow' }).result, { lane: 'slow' })
    await turns()
    expect(parent.status).toBe('running')
    clock.advance(100)
    expect(await settle(parent)).toEqual([1])
  })
})

describe("with reentrant: 'borrow'", () => {
  const BORROW = { ...ONE, reentrant: 'borrow' } as const

  it('an awaited task runs in the slot of who awaits it', async () => {
    const supervisor = clocked(BORROW)
    const gate = deferred<string>()
    const parent = supervisor.spawn(({ spawn }) => spawn(() => gate.promise, { name: 'child' }).result)
    await turns()
    expect(supervisor.status()).toMatchObject({ slots: { limit: 1, running: 1 }, queue: { waiting: 0 } })
    expect(supervisor.status().tasks).toHaveLength(2)
    gate.resolve('done')
    expect(await settle(parent)).toEqual(['done'])
    expect(supervisor.status().slots.running).toBe(0)
  })

  it('is said for one task alone too', async () => {
    const supervisor = clocked(ONE)
    const parent = supervisor.spawn(({ spawn }) => spawn(() => 1, { reentrant: 'borrow' }).result)
    expect(await settle(parent)).toEqual([1])
  })

  it.each([2, 3, 5])(
    '%i that are awaited at once run in it one after the other, however long they take',
    async (count) => {
      const supervisor = clocked({ ...BORROW, perOwner: 1, lanes: { narrow: { concurrency: 1 } } })
      for (const options of [{}, { lane: 'narrow' }, { owner: 'ann' }]) {
        const gates = Array.from({ length: count }, () => deferred())
        const parent = supervisor.spawn(
          ({ spawn }) => Promise.all(gates.map(({ promise }) => spawn(() => promise, options).result)),
          options,
        )
        for (const gate of gates) {
          await turns()
          gate.resolve()
        }
        expect(await passing(parent.settled)).toMatchObject({ status: 'completed' })
      }
    },
  )

  it('one at a time runs in it, and nobody who is not awaited', async () => {
    const supervisor = clocked(BORROW)
    const most = { now: 0, ever: 0 }
    const step = async () => {
      most.ever = Math.max(most.ever, ++most.now)
      await turns(2)
      most.now--
    }
    const stranger = deferred()
    const parent = supervisor.spawn(({ spawn }) => Promise.all([1, 2, 3].map(() => spawn(step).result)))
    const other = supervisor.spawn(() => {
      stranger.resolve()
      return most.now
    })
    await settle(parent)
    await stranger.promise
    expect([most.ever, await settle(other)]).toEqual([1, [0]])
  })

  it('a place in a lane is lent with the slot, and given back with it', async () => {
    const supervisor = clocked({ ...BORROW, concurrency: 9, lanes: { narrow: { concurrency: 1 } } })
    const narrow = { lane: 'narrow' }
    const parent = supervisor.spawn(
      ({ spawn }) => spawn((inner) => inner.spawn(() => 7, narrow).result, narrow).result,
      narrow,
    )
    expect(await settle(parent)).toEqual([7])
    expect(supervisor.status().lanes['narrow']).toMatchObject({ running: 0, waiting: 0, state: 'open' })
    expect(await settle(supervisor.spawn(() => 1, narrow))).toEqual([1])
  })

  it('the slot stays with the borrower when who lent it ends first', async () => {
    const supervisor = clocked({ ...BORROW, lanes: { narrow: { concurrency: 1 } } })
    const gate = deferred<string>()
    const narrow = { lane: 'narrow' }
    const parent = supervisor.spawn(({ spawn }) => spawn(() => gate.promise, { name: 'child', ...narrow }).result, {
      ...narrow,
      timeout: 50,
      grace: 10,
    })
    await turns()
    const next = supervisor.spawn(() => 'next', narrow)
    clock.advance(60)
    await turns()
    expect(await settle(parent)).toEqual(['TASK_TIMEOUT'])
    expect([next.status, supervisor.status().slots.running, supervisor.status().lanes['narrow']?.running]).toEqual([
      'pending',
      1,
      1,
    ])
    gate.resolve('done')
    expect(await settle(next)).toEqual(['next'])
    expect([supervisor.status().slots.running, supervisor.status().lanes['narrow']?.running]).toEqual([0, 0])
  })

  describe('in a lane with a rate', () => {
    const lanes = { slow: { concurrency: 1, rate: { limit: 2, interval: 5_000 } } }
    const slow = { lane: 'slow' }

    it('a start in a lent slot takes a token like any other', async () => {
      const supervisor = clocked({ ...BORROW, lanes })
      const parent = supervisor.spawn(({ spawn }) => spawn(() => 1, slow).result, slow)
      await turns()
      expect(parent.status).toBe('completed')
      expect(supervisor.status().lanes['slow']?.state).toBe('rate-limited')
    })

    it.each<{ lane?: string }>([slow, {}])(
      'what may borrow waits for its token, and is in no deadlock: parent %o',
      async (options) => {
        const supervisor = clocked({ ...BORROW, lanes })
        supervisor.spawn(() => 1, slow)
        if (!options.lane) supervisor.spawn(() => 1, slow)
        const parent = supervisor.spawn(({ spawn }) => spawn(() => clock.monotonic(), slow).result, options)
        await turns()
        clock.advance(4_999)
        await turns()
        expect(parent.status).toBe('running')
        clock.advance(1)
        expect(await settle(parent)).toEqual([5_000])
      },
    )

    it('what may borrow, but never gets a token, ends', async () => {
      const supervisor = clocked({ ...BORROW, lanes: { slow: { rate: { limit: 1, interval: Infinity } } } })
      expect(await settle(supervisor.spawn(({ spawn }) => spawn(() => 1, slow).result, slow))).toEqual([
        'TASK_DEADLOCK',
      ])
    })
  })
})

interface Tree {
  readonly children: readonly Tree[]
  readonly isParallel: boolean
}

const trees = fc.letrec<{ leaf: Tree; node: Tree; tree: Tree }>((tie) => ({
  leaf: fc.constant({ children: [], isParallel: false }),
  node: fc.record({ children: fc.array(tie('tree'), { maxLength: 3 }), isParallel: fc.boolean() }),
  tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('node')),
})).tree

/** A task for each node of the tree, which awaits those below it. */
const grow =
  ({ children, isParallel }: Tree) =>
  async ({ spawn }: TaskContext): Promise<number> => {
    let size = 1
    if (isParallel) {
      for (const below of await Promise.all(children.map((each) => spawn(grow(each)).result))) size += below
    } else for (const each of children) size += await spawn(grow(each)).result
    return size
  }

const sizeOf = ({ children }: Tree): number => children.reduce((size, each) => size + sizeOf(each), 1)

describe('whatever tasks await each other', () => {
  it.each(['report', 'borrow'] as const)("all of them end, and with 'borrow' all complete: %s", async (reentrant) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(trees, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (forest, cap) => {
          const supervisor = clocked({ concurrency: cap, timeout: Infinity, reentrant })
          const roots = forest.map((tree) => supervisor.spawn(grow(tree)))
          const ends = await settle(...roots)
          ends.forEach((end, index) => {
            if (reentrant === 'borrow' || end !== 'TASK_DEADLOCK') expect(end).toBe(sizeOf(forest[index]!))
          })
          await supervisor.onIdle()
          expect(supervisor.status()).toMatchObject({ slots: { running: 0, stopping: 0 }, queue: { waiting: 0 } })
        },
      ),
      { numRuns: 150 },
    )
  })
})

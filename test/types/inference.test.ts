import { describe, expectTypeOf, it } from 'vitest'
import {
  memoryStore,
  TaskSupervisor,
  type CloseReport,
  type JsonValue,
  type Page,
  type SpawnOptions,
  type SupervisorStatus,
  type TaskContext,
  type TaskError,
  type TaskErrorGroup,
  type TaskErrorRecord,
  type TaskFunction,
  type TaskHandle,
  type TaskOutcome,
  type TaskRecord,
  type TaskStatus,
  type TaskStore,
  type TaskSupervisorOptions,
  type TaskTransition,
} from 'taskward'

const supervisor = new TaskSupervisor()
const thenable: PromiseLike<'there'> = Promise.resolve('there' as const)

describe('spawn', () => {
  it('infers what the work gives', () => {
    expectTypeOf(supervisor.spawn(() => 1)).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(supervisor.spawn(async () => Promise.resolve('text'))).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(supervisor.spawn(() => undefined)).toEqualTypeOf<TaskHandle<undefined>>()
    expectTypeOf(supervisor.spawn((): void => undefined)).toEqualTypeOf<TaskHandle<void>>()
    expectTypeOf(supervisor.spawn(thenable)).toEqualTypeOf<TaskHandle<'there'>>()
    expectTypeOf(supervisor.spawn(Promise.resolve([1]))).toEqualTypeOf<TaskHandle<number[]>>()
    expectTypeOf(supervisor.spawn(() => thenable)).toEqualTypeOf<TaskHandle<'there'>>()
    expectTypeOf(
      supervisor.spawn(
        ({ signal }) => new Promise<Date>((resolve) => resolve(signal.aborted ? new Date(0) : new Date(1))),
      ),
    ).toEqualTypeOf<TaskHandle<Date>>()
  })

  it('infers through a function that gives one of several, or a promise now and then', () => {
    const work = (): number | Promise<number> => (Math.abs(1) > 0 ? 1 : Promise.resolve(2))
    expectTypeOf(supervisor.spawn(work)).toEqualTypeOf<TaskHandle<number>>()
    const either = (): 'a' | 1 => 'a'
    expectTypeOf(supervisor.spawn(either)).toEqualTypeOf<TaskHandle<'a' | 1>>()
  })

  it('gives a function its context', () => {
    supervisor.spawn((context) => {
      expectTypeOf(context).toEqualTypeOf<TaskContext>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
      expectTypeOf(context.deadline).toEqualTypeOf<number | null>()
      expectTypeOf(context.attempt).toEqualTypeOf<number>()
      expectTypeOf(context.metadata).toEqualTypeOf<Readonly<Record<string, JsonValue>>>()
    })
  })

  it('takes no work of another shape, and no option of another name or type', () => {
    const misuse = (): void => {
      // @ts-expect-error a number is no work
      supervisor.spawn(1)
      // @ts-expect-error a misspelt option
      supervisor.spawn(() => 1, { timout: 5 })
      // @ts-expect-error text for a time
      supervisor.spawn(() => 1, { timeout: '5' })
      // @ts-expect-error what is no JSON
      supervisor.spawn(() => 1, { metadata: { at: new Date() } })
      // @ts-expect-error a function that wants more than its context
      supervisor.spawn((_: TaskContext, second: number) => second)
      // @ts-expect-error a policy there is none of
      new TaskSupervisor({ onOverflow: 'drop' })
      // @ts-expect-error an option of a spawn
      new TaskSupervisor({ priority: 1 })
    }
    expectTypeOf(misuse).toEqualTypeOf<() => void>()
  })

  it('takes undefined for each option', () => {
    expectTypeOf<{ [K in keyof SpawnOptions]: undefined }>().toExtend<SpawnOptions>()
    expectTypeOf<{ [K in keyof TaskSupervisorOptions]: undefined }>().toExtend<TaskSupervisorOptions>()
  })
})

describe('run', () => {
  it('promises what the work gives', () => {
    const work: TaskFunction<{ id: number }> = () => ({ id: 1 })
    expectTypeOf(supervisor.run(work)).toEqualTypeOf<Promise<{ id: number }>>()
    expectTypeOf(supervisor.run(thenable)).toEqualTypeOf<Promise<'there'>>()
  })
})

describe('a handle', () => {
  const handle = supervisor.spawn(() => 7 as const)

  it('is typed all through, and no thenable', () => {
    expectTypeOf(handle.id).toEqualTypeOf<string>()
    expectTypeOf(handle.status).toEqualTypeOf<TaskStatus>()
    expectTypeOf(handle.result).toEqualTypeOf<Promise<7>>()
    expectTypeOf(handle.settled).toEqualTypeOf<Promise<TaskOutcome<7>>>()
    expectTypeOf(handle.accepted).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(handle.persisted).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(handle.snapshot()).toEqualTypeOf<TaskRecord>()
    expectTypeOf(handle.cancel).parameters.toEqualTypeOf<[reason?: unknown]>()
    expectTypeOf(handle.setPriority(1)).toEqualTypeOf<boolean>()
    expectTypeOf<Extract<keyof TaskHandle<7>, 'then' | 'catch' | 'finally'>>().toEqualTypeOf<never>()
    expectTypeOf<Awaited<TaskHandle<7>>>().toEqualTypeOf<TaskHandle<7>>()
  })

  it('can be held as one of something wider, and not of something narrower', () => {
    expectTypeOf(handle).toExtend<TaskHandle<number>>()
    expectTypeOf(handle).toExtend<TaskHandle<unknown>>()
    expectTypeOf<TaskHandle<number>>().not.toExtend<TaskHandle<7>>()
  })

  it('has an outcome that its status tells apart', async () => {
    const outcome = await handle.settled
    if (outcome.status === 'completed') {
      expectTypeOf(outcome.value).toEqualTypeOf<7>()
      expectTypeOf(outcome).not.toHaveProperty('error')
    } else {
      expectTypeOf(outcome.status).toEqualTypeOf<'failed' | 'cancelled'>()
      expectTypeOf(outcome.error).toEqualTypeOf<TaskError>()
      expectTypeOf(outcome.reason).toEqualTypeOf<unknown>()
      expectTypeOf(outcome).not.toHaveProperty('value')
    }
  })
})

describe('the supervisor', () => {
  it('reads in the types of the contract', () => {
    expectTypeOf(supervisor.status()).toEqualTypeOf<SupervisorStatus>()
    expectTypeOf(supervisor.get('id')).toEqualTypeOf<Promise<TaskRecord | undefined>>()
    expectTypeOf(supervisor.list()).toEqualTypeOf<Promise<Page<TaskRecord>>>()
    expectTypeOf(supervisor.history('id')).toEqualTypeOf<Promise<TaskTransition[]>>()
    expectTypeOf(supervisor.errors()).toEqualTypeOf<Promise<Page<TaskErrorRecord>>>()
    expectTypeOf(supervisor.errorGroups()).toEqualTypeOf<Promise<TaskErrorGroup[]>>()
    expectTypeOf(supervisor.cancel('id')).toEqualTypeOf<number>()
    expectTypeOf(supervisor.cancelAll()).toEqualTypeOf<number>()
    expectTypeOf(supervisor.open).toEqualTypeOf<() => Promise<void>>()
    expectTypeOf(supervisor.onIdle).toEqualTypeOf<() => Promise<void>>()
    expectTypeOf(supervisor.drain()).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(new TaskSupervisor().close()).toEqualTypeOf<Promise<CloseReport>>()
    expectTypeOf(supervisor).toExtend<AsyncDisposable>()
    expectTypeOf(supervisor.concurrency).toEqualTypeOf<number>()
    expectTypeOf(memoryStore()).toEqualTypeOf<TaskStore>()
  })

  it('keeps what identifies it', () => {
    const misuse = (): void => {
      // @ts-expect-error it is read only
      supervisor.name = 'other'
      // @ts-expect-error it is read only
      supervisor.instanceId = 'other'
    }
    expectTypeOf(misuse).toEqualTypeOf<() => void>()
  })

  it('takes the queries of the contract', () => {
    const misuse = (): void => {
      // @ts-expect-error no such status
      void supervisor.list({ status: 'done' })
      // @ts-expect-error errors have no status
      void supervisor.errors({ status: 'failed' })
      // @ts-expect-error a filter of what lives has no text
      supervisor.cancel({ text: 'a' })
      // @ts-expect-error neither an id nor a filter
      supervisor.cancel(5)
    }
    expectTypeOf(misuse).toEqualTypeOf<() => void>()
  })
})

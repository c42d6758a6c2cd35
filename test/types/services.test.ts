import { describe, expectTypeOf, it } from 'vitest'
import { TaskSupervisor, type ServiceContext, type ServiceEnd, type ServiceHandle, type ServiceStatus } from 'taskward'

const supervisor = new TaskSupervisor()

describe('supervise', () => {
  it('gives a handle, which is no thenable', () => {
    const handle = supervisor.supervise('poller', () => undefined, { restart: 'temporary' })
    expectTypeOf(handle).toEqualTypeOf<ServiceHandle>()
    expectTypeOf(handle.settled).toEqualTypeOf<Promise<ServiceEnd>>()
    expectTypeOf(handle.status()).toEqualTypeOf<ServiceStatus>()
    expectTypeOf(handle.stop('enough')).toEqualTypeOf<Promise<void>>()
    expectTypeOf<ServiceHandle>().not.toExtend<PromiseLike<unknown>>()
  })

  it('gives the function its context, whose spawn is that of the supervisor', () => {
    const supervise = (): void => {
      supervisor.supervise('poller', async (context) => {
        expectTypeOf(context).toEqualTypeOf<ServiceContext>()
        expectTypeOf(context.spawn(() => 1).result).toEqualTypeOf<Promise<number>>()
        await Promise.resolve()
      })
      // @ts-expect-error no such restart
      supervisor.supervise('poller', () => undefined, { restart: 'always' })
      // @ts-expect-error a check answers
      supervisor.supervise('poller', () => undefined, { healthCheck: { check: () => undefined } })
      // @ts-expect-error a service has no attempts
      supervisor.supervise('poller', () => undefined, { backoff: { attempts: 3 } })
    }
    expectTypeOf(supervise).toEqualTypeOf<() => void>()
    expectTypeOf<TaskSupervisor['spawn']>().toExtend<ServiceContext['spawn']>()
  })
})

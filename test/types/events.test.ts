import { describe, expectTypeOf, it } from 'vitest'
import {
  TaskSupervisor,
  type CloseReport,
  type ServiceStatus,
  type TaskError,
  type TaskEventName,
  type TaskEvents,
  type TaskRecord,
} from 'taskward'

const supervisor = new TaskSupervisor()

describe('on, once and off', () => {
  it('give each listener the payload of its event', () => {
    supervisor.on('task:spawned', (payload) => expectTypeOf(payload).toEqualTypeOf<{ task: TaskRecord }>())
    supervisor.once('task:failed', ({ task, error }) => {
      expectTypeOf(task).toEqualTypeOf<TaskRecord>()
      expectTypeOf(error).toEqualTypeOf<TaskError>()
    })
    supervisor.on('task:late', ({ lateBy, error }) => {
      expectTypeOf(lateBy).toEqualTypeOf<number>()
      expectTypeOf(error).toEqualTypeOf<TaskError | null>()
    })
    supervisor.on('supervisor:closed', ({ report }) => expectTypeOf(report).toEqualTypeOf<CloseReport>())
    supervisor.on('supervisor:saturated', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<'concurrency' | 'queue'>())
    supervisor.on('hook:error', ({ where, error }) => {
      expectTypeOf(where).toEqualTypeOf<string>()
      expectTypeOf(error).toEqualTypeOf<TaskError>()
    })
  })

  it('give the supervisor back, for chains', () => {
    expectTypeOf(supervisor.on('task:settled', () => undefined)).toEqualTypeOf<TaskSupervisor>()
    expectTypeOf(supervisor.off('task:settled', () => undefined)).toEqualTypeOf<TaskSupervisor>()
  })

  it('take asynchronous listeners, and no event or payload of another name', () => {
    const listen = (): void => {
      supervisor.on('task:completed', async () => Promise.resolve())
      // @ts-expect-error no such event
      supervisor.on('task:compleated', () => undefined)
      // @ts-expect-error no such field
      supervisor.on('task:completed', ({ error }) => error)
    }
    expectTypeOf(listen).toEqualTypeOf<() => void>()
  })

  it('cover every event of a service with its status', () => {
    type ServiceEvent = Extract<TaskEventName, `service:${string}`>
    expectTypeOf<TaskEvents[ServiceEvent]>().toExtend<{ service: ServiceStatus }>()
    expectTypeOf<ServiceEvent>().toEqualTypeOf<
      'service:started' | 'service:restarting' | 'service:failed' | 'service:stopped'
    >()
    expectTypeOf<TaskEvents['service:restarting']>().toEqualTypeOf<{
      service: ServiceStatus
      error: TaskError | null
      delay: number
    }>()
  })

  it('cover every event of a task with its record', () => {
    type TaskEvent = Extract<TaskEventName, `task:${string}`>
    expectTypeOf<TaskEvents[TaskEvent]>().toExtend<{ task: TaskRecord }>()
    expectTypeOf<TaskEvent>().toEqualTypeOf<
      | 'task:spawned'
      | 'task:started'
      | 'task:progress'
      | 'task:retrying'
      | 'task:stopping'
      | 'task:completed'
      | 'task:failed'
      | 'task:cancelled'
      | 'task:settled'
      | 'task:abandoned'
      | 'task:late'
    >()
  })
})

import type { ServiceContext, ServiceHandle, ServiceOptions, TaskEventName, TaskSupervisor } from 'taskward'
import { deferred, type Deferred } from './support.js'

export const SERVICE_EVENTS = [
  'service:started',
  'service:restarting',
  'service:failed',
  'service:stopped',
] as const satisfies readonly TaskEventName[]

/** Restarts after exactly 100 ms, always. */
export const EVEN = { backoff: 'constant', delay: 100, jitter: 'none' } as const

export interface Run extends Deferred<unknown> {
  context: ServiceContext
}

export interface Scripted {
  handle: ServiceHandle
  /** Each call of the function, to be settled by hand. */
  runs: Run[]
  readonly last: Run
}

/** A service whose runs end when the test ends them, or when they are told to stop unless they are deaf to it. */
export function scripted(
  supervisor: Pick<TaskSupervisor, 'supervise'>,
  { isDeaf = false, ...options }: ServiceOptions & { isDeaf?: boolean } = {},
  name = 'poller',
): Scripted {
  const runs: Run[] = []
  const handle = supervisor.supervise(
    name,
    (context) => {
      const run = { ...deferred<unknown>(), context }
      runs.push(run)
      const { signal } = context
      if (!isDeaf) signal.addEventListener('abort', () => run.reject(signal.reason))
      return run.promise
    },
    { backoff: EVEN, ...options },
  )
  return {
    handle,
    runs,
    get last() {
      return runs.at(-1)!
    },
  }
}

/** Ends as soon as it is told to. */
export const obedient = ({ signal }: ServiceContext): Promise<void> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Never does what it is told. */
export const deaf = (): Promise<never> => new Promise(() => undefined)

export const boom = (message = 'boom'): never => {
  throw Object.assign(new Error(message), { code: 'E_BOOM' })
}

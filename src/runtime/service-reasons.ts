import { ServiceError, TaskCancelledError, TaskRejectedError } from '../core/errors.js'
import type { RestartPolicy } from '../core/restarts.js'

// Why a service is told to stop, or is not started (again), in words. All in one place, so that they read alike.

export const stopped = (name: string, reason: unknown): TaskCancelledError =>
  new TaskCancelledError(`Service '${name}' was stopped`, reason)

export const stoppedToRestart = (name: string): TaskCancelledError =>
  new TaskCancelledError(`Service '${name}' was stopped to be started again`)

export const stoppedByClose = (name: string): TaskCancelledError =>
  new TaskCancelledError(`Service '${name}' was stopped: its supervisor is closing`, undefined, 'SUPERVISOR_CLOSED')

export const unhealthy = (name: string, why: Error): TaskCancelledError =>
  new TaskCancelledError(`Service '${name}' was stopped: it is unhealthy`, why)

export const refusedByClose = (name: string): TaskRejectedError =>
  new TaskRejectedError('SUPERVISOR_CLOSED', `Service '${name}' was not started: its supervisor is closing or closed`)

export const notStopped = (name: string): Error =>
  new Error(`Service '${name}' did not stop in time and was given up; its function may run on`)

/** @param cause what the last run has thrown; undefined where it ended normally */
export const overLimit = (
  name: string,
  { maxRestarts, within }: Pick<RestartPolicy, 'maxRestarts' | 'within'>,
  cause: Error | undefined,
): ServiceError => {
  const text = `Service '${name}' would have to be started again more than ${String(maxRestarts)} times within ${String(within)} ms`
  return new ServiceError(text, name, cause === undefined ? undefined : { cause })
}

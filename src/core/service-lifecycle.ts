export type ServiceState = 'starting' | 'running' | 'unhealthy' | 'waiting' | 'stopping' | 'stopped' | 'failed'

/** Every legal move of a service. The last two are its ends, out of which only `restart()` leads. */
export const SERVICE_MOVES = {
  starting: ['running', 'waiting', 'stopping', 'stopped', 'failed'],
  running: ['unhealthy', 'waiting', 'stopping', 'stopped', 'failed'],
  unhealthy: ['waiting', 'stopping', 'failed'],
  waiting: ['starting', 'stopped'],
  stopping: ['starting', 'stopped'],
  stopped: ['starting'],
  failed: ['starting'],
} as const satisfies Record<ServiceState, readonly ServiceState[]>

/** The only place that decides whether a service may change its state; an illegal move is a bug of taskward's. */
export function moveService(from: ServiceState, to: ServiceState): ServiceState {
  if (!(SERVICE_MOVES[from] as readonly ServiceState[]).includes(to)) {
    throw new Error(`BUG: a service cannot go from ${from} to ${to}; please report this`)
  }
  return to
}

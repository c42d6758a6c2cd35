import type { LiveTask } from './live-task.js'

/** Supervisors of whose tasks somebody wants to know where they were spawned, by instance, and how many want it. */
const wanted = new Map<string, number>()
const sites = new WeakMap<object, Error>()

/** From now on each spawn of the supervisor remembers where it was called. Gives what ends that. */
export function wantSites(instanceId: string): () => void {
  wanted.set(instanceId, (wanted.get(instanceId) ?? 0) + 1)
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    const count = wanted.get(instanceId)! - 1
    if (count > 0) wanted.set(instanceId, count)
    else wanted.delete(instanceId)
  }
}

/** To be called within the spawn. The stack is written only when somebody reads it. */
export function rememberSite(task: LiveTask): void {
  if (wanted.size > 0 && wanted.has(task.instanceId)) sites.set(task, new Error('spawned'))
}

/** An error that was made within the spawn of the task, where that was wanted. */
export const spawnOf = (task: object): Error | undefined => sites.get(task)

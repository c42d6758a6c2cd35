import type { LiveTask } from './live-task.js'

/**
 * A running task that stops frees a slot, which must not go to one that is to stop too. Of those who wait the last to come goes
 * first, lest it fails because one that it comes after has just been stopped.
 */
export function waitingFirst(tasks: Iterable<LiveTask>): LiveTask[] {
  const all = [...tasks]
  const waits = ({ status }: LiveTask): boolean => status === 'pending'
  return [...all.filter(waits).sort((a, b) => b.order - a.order), ...all.filter((task) => !waits(task))]
}

import type { TaskSupervisor } from '../../src/index.js'

const TRIES = 20

/** Opens the store, also where that takes longer than a supervisor waits for it: on a slow machine, or among many records. */
export async function openPatiently(supervisor: TaskSupervisor): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      await supervisor.open()
      return
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

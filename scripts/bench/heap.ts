import { setImmediate as turn } from 'node:timers/promises'

/** More than once, with turns in between: what a finalizer or a weak reference has held goes only then. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!()
    await turn()
  }
}

/** What the process holds, typed arrays included. */
export async function heldBytes(): Promise<number> {
  await collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** Which task the code that is now running belongs to, through every await. */
const currentTask = new AsyncLocalStorage<object | undefined>()

const newContext = (): AsyncResource => new AsyncResource('taskward.task', { requireManualDestroy: true })

/** The context of whoever loaded this module: nobody's request, unless it is loaded within one. */
const detached = new AsyncResource('taskward.detached', { requireManualDestroy: true })

export type CapturedContext = Pick<AsyncResource, 'runInAsyncScope'>

/**
 * Remembers the AsyncLocalStorage context of a spawn for a task that has to wait; one that starts at once is in it anyway.
 * An AsyncResource costs a fiftieth of `AsyncLocalStorage.snapshot()` on Node 20.
 */
export function captureContext(mode: 'inherit' | 'detach'): CapturedContext {
  // One for each task, also when detached: what a task enters for good stays in its own.
  return mode === 'detach' ? detached.runInAsyncScope(newContext) : newContext()
}

/** Calls the function as a part of the task, in the captured context or else in the present one. */
export function runInTask<R>(task: object, context: CapturedContext | null, call: () => R): R {
  return context === null ? currentTask.run(task, call) : context.runInAsyncScope(() => currentTask.run(task, call))
}

/** Calls the function in the captured context, but as no part of whatever task that was captured in. */
export function runOutsideTasks<R>(context: CapturedContext, call: () => R): R {
  return context.runInAsyncScope(() => currentTask.run(undefined, call))
}

/** The task in whose context the caller runs, of whichever supervisor. It may have ended. */
export const taskInContext = (): object | undefined => currentTask.getStore()

const currentStep = new AsyncLocalStorage<number>()

/** How many calls of `runInNext`, each of which came of the one before, the code that is now running comes of. */
export const stepInContext = (): number => currentStep.getStore() ?? 0

/** Calls the function, so that whatever comes of it can be told to do so, through every await. */
export const runInNext = <R>(call: () => R): R => currentStep.run(stepInContext() + 1, call)

import type fc from 'fast-check'

const { MODEL_RUNS = '20000', MODEL_SEED, MODEL_PATH, MODEL_SHRINK = '1', MODEL_STEPS = '30' } = process.env

/** How many random schedules are played in all, and of how many steps at most. */
export const RUNS = Number(MODEL_RUNS)
export const STEPS = Number(MODEL_STEPS)

/** Whether what has failed is played again: the same schedule, and the stacks of all errors. */
const isRepeated = MODEL_PATH !== undefined

/**
 * How a campaign is run, by the environment; its seed is printed, and a failure prints the path to repeat it with.
 *
 * @param share of those who share a campaign, which one this is: each plays schedules of its own
 */
export function parametersOf(numRuns: number, share = 0): fc.Parameters<unknown> {
  const base = MODEL_SEED === undefined ? Math.trunc(Math.random() * 2 ** 30) : Number(MODEL_SEED)
  console.info(`${numRuns} runs with MODEL_SEED=${base}`)
  // A failure prints the very seed it was played with.
  const seed = isRepeated ? base : base + share
  return {
    numRuns: Math.ceil(numRuns),
    seed,
    endOnFailure: MODEL_SHRINK === '0',
    includeErrorInReport: true,
    ...(isRepeated && { path: MODEL_PATH }),
  }
}

/** Calls it with errors that do not gather their stacks, which costs more than most schedules do. */
export async function withoutStacks<T>(call: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error
  if (!isRepeated) Error.stackTraceLimit = 0
  try {
    return await call()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

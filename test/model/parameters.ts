import type fc from 'fast-check'

const { MODEL_RUNS = '3000', MODEL_SEED, MODEL_PATH, MODEL_SHRINK = '1' } = process.env

/** How a campaign is run, by the environment. A failure prints the seed and path to repeat it with. */
export const PARAMETERS: fc.Parameters<unknown> = {
  numRuns: Number(MODEL_RUNS),
  endOnFailure: MODEL_SHRINK === '0',
  includeErrorInReport: true,
  ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
  ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
}

import { err } from 'pino-std-serializers'
import type * as taskward from '../../src/index.js'

const BUILT = new URL('../../dist/index.js', import.meta.url)

const ROUNDS = 15
const CALLS = 20_000

export interface Costs {
  /** Microseconds for an error whose stack nobody has asked for yet, as it is when it was just thrown. */
  fresh: { taskward: number; pino: number }
  /** Microseconds for one whose stack is written already. */
  again: { taskward: number; pino: number }
}

/** What it costs to read a plain error with one cause, in the built package: `npm run build` comes first. */
export const measureCosts = async (): Promise<Costs> => {
  // The loader of this script maps stacks to TypeScript, which takes longer than all that is measured.
  process.setSourceMapsEnabled(false)
  const { normalizeError } = (await import(BUILT.href)) as typeof taskward
  const make = () => atDepth(10, () => new Error('order 12 was not sent', { cause: new Error('connect ECONNREFUSED') }))
  const error = make()
  const making = microseconds(make)
  return {
    fresh: {
      taskward: microseconds(() => normalizeError(make())) - making,
      pino: microseconds(() => JSON.stringify(err(make()))) - making,
    },
    again: {
      taskward: microseconds(() => normalizeError(error)),
      pino: microseconds(() => JSON.stringify(err(error))),
    },
  }
}

/** The best of several rounds, by the processor's time: others may use the machine too. */
const microseconds = (work: () => unknown): number => {
  for (let i = 0; i < CALLS; i++) work()
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    for (let i = 0; i < CALLS; i++) work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / CALLS)
  }
  return best
}

const atDepth = <T>(depth: number, make: () => T): T => (depth === 0 ? make() : atDepth(depth - 1, make))

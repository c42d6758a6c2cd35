import { table } from '../bench-stores/page.js'
import { BUILT } from './built.js'
import { measureApart } from './processes.js'
import type { Plan, Report, Target } from './report.js'
import { factor, inRounds, median, ratios, spread, whole, type Figures } from './rounds.js'
import { OPERATIONS, type Operation, type ScaleJob, type ScaleResult } from './scale.js'

const SIZES = [1_000, 10_000, 100_000, 1_000_000] as const
const [SMALLEST, LARGEST] = [SIZES[0], SIZES[3]]
const MOST_ROUNDS = 5

/** What the calls cost by how many tasks wait. */
export async function reportScale({ rounds }: Plan): Promise<Report> {
  const results = await inRounds(SIZES, Math.min(rounds, MOST_ROUNDS), (size) =>
    measureApart<ScaleJob>({ kind: 'scale', size, built: BUILT }),
  )
  const figures = (operation: Operation, size: (typeof SIZES)[number]): Figures =>
    results.get(size)!.map((result: ScaleResult) => result[operation])
  const growth = (operation: Operation): Figures => ratios(figures(operation, LARGEST), figures(operation, SMALLEST))

  const rows = (Object.keys(OPERATIONS) as Operation[]).map((operation) => [
    OPERATIONS[operation],
    ...SIZES.map((size) => whole(median(figures(operation, size)))),
    spread(growth(operation), factor),
  ])
  const grows = (operation: Operation, what: string): Target => ({
    what: `${what} with 10^6 waiting, against 10^3 waiting`,
    ...{ limit: 1.5, figures: growth(operation) },
  })
  return {
    text: table(['ns a call', ...SIZES.map((size) => `${whole(size)} waiting`), '10^6 against 10^3'], rows),
    targets: [
      grows('spawn', 'spawn'),
      grows('cancel', 'cancel'),
      grows('setPriority', 'setPriority'),
      grows('status', '`status()`'),
      {
        ...{ what: '`status()` with 10^6 waiting', limit: 1, unit: ' ms' },
        figures: figures('status', LARGEST).map((ns) => ns / 1e6),
      },
    ],
  }
}

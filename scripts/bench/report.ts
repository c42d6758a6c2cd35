import { table } from '../bench-stores/page.js'
import { factor, median, spread, type Figures } from './rounds.js'

/** What the whole run was asked for. */
export interface Plan {
  readonly rounds: number
  /** Of a burst. */
  readonly tasks: number
  /** Of the load under which the event loop is watched. */
  readonly seconds: number
}

export interface Report {
  /** In Markdown. */
  readonly text: string
  readonly targets: readonly Target[]
}

/** Something to be reached: that the median of the figures is no more than the limit. */
export interface Target {
  readonly what: string
  readonly limit: number
  /** What stands after a number that is no ratio. */
  readonly unit?: string
  readonly figures: Figures
  /** The same by the processor's time, which others who use the machine change less. */
  readonly byCpu?: Figures
}

export const targetTable = (targets: readonly Target[]): string =>
  table(
    ['', 'target', 'measured', 'by CPU time', 'reached'],
    targets.map(({ what, limit, unit = '', figures, byCpu }) => {
      const show = (value: number): string => `${unit === '' ? factor(value) : shown(value)}${unit}`
      const isReached = median(figures) <= limit
      return [
        what,
        `${shown(limit)}${unit}`,
        spread(figures, show),
        byCpu ? spread(byCpu, show) : '',
        isReached ? 'yes' : '**no**',
      ]
    }),
  )

const shown = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

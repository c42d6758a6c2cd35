import { table } from '../bench-stores/page.js'
import { BUILT } from './built.js'
import type { ContenderName } from './contenders.js'
import type { LoadJob, LoadResult } from './load.js'
import { measureApart } from './processes.js'
import type { Plan, Report, Target } from './report.js'
import { factor, inRounds, ratios, spread, whole, type Figures } from './rounds.js'
import type { WorkName } from './work.js'

const BARE = 'bare promise with a catch'
const CAP = 50

const PLAIN = [
  ...([BARE, 'p-limit', 'fastq', 'p-queue', 'p-queue with timeout', 'p-queue with timeout and signal'] as const),
  ...(['cockatiel bulkhead with timeout', 'Effect', 'taskward'] as const),
] satisfies ContenderName[]

const DRESSED = [
  ...([BARE, 'p-queue', 'p-queue with priorities', 'taskward', 'taskward with a listener'] as const),
  ...(['taskward with priorities', 'taskward with lanes', 'taskward, signal read'] as const),
] satisfies ContenderName[]

const WORKS = ['no-op', 'returns at once', 'rejects', '1 ms'] as const

interface Load {
  readonly shape: LoadJob['shape']
  readonly cap: number | null
  readonly works: readonly WorkName[]
  readonly contenders: readonly ContenderName[]
  /** Beside the bare promise. */
  readonly against?: ContenderName
  targets?(figures: Comparison): Target[]
}

/** The ratios of one contender's time for a task to another's, round by round, by the clock and by the processor. */
type Comparison = (work: WorkName, name: ContenderName, to: ContenderName) => Pick<Target, 'figures' | 'byCpu'>

/** A task of 1 ms that is awaited takes 1 ms of the run: there are so many times fewer of them. */
const FEWER = 200

/** The same target for both kinds of a task that does nothing. */
const forBoth = (ratio: Comparison, what: string, limit: number, to: ContenderName): Target[] => [
  { what, limit, ...ratio('no-op', 'taskward', to) },
  { what: `${what}; tasks that return at once`, limit, ...ratio('returns at once', 'taskward', to) },
]

const LOADS = {
  burst: {
    ...{ shape: 'burst', cap: CAP, works: WORKS, contenders: PLAIN },
    targets: (ratio) => [
      ...forBoth(ratio, 'burst at cap 50, against a bare promise with a catch', 1, BARE),
      ...forBoth(ratio, 'burst at cap 50, against p-queue plain', 0.4, 'p-queue'),
      {
        ...{ what: 'burst at cap 50, against p-queue with timeout and signal', limit: 0.08 },
        ...ratio('no-op', 'taskward', 'p-queue with timeout and signal'),
      },
    ],
  },
  uncapped: { shape: 'burst', cap: null, works: WORKS, contenders: PLAIN },
  awaited: {
    ...{ shape: 'awaited', cap: CAP, works: WORKS, contenders: PLAIN },
    targets: (ratio) => forBoth(ratio, 'unsaturated, awaited one by one, against a bare promise with a catch', 2, BARE),
  },
  'awaited-uncapped': { shape: 'awaited', cap: null, works: WORKS, contenders: PLAIN },
  turns: {
    ...{ shape: 'turns', cap: CAP, works: ['no-op', 'returns at once', 'rejects'], contenders: PLAIN },
    targets: (ratio) =>
      forBoth(ratio, 'unsaturated, ten in each turn of the event loop, against a bare promise with a catch', 2, BARE),
  },
  dress: {
    ...{ shape: 'burst', cap: CAP, works: ['no-op'], contenders: DRESSED, against: 'taskward' },
    targets: (ratio) => [
      {
        ...{ what: 'random priorities in 10 levels, all waiting, against p-queue with the same', limit: 0.1 },
        ...ratio('no-op', 'taskward with priorities', 'p-queue with priorities'),
      },
      {
        ...{ what: 'a task that reads `signal`, against one that does not', limit: 3 },
        ...ratio('no-op', 'taskward, signal read', 'taskward'),
      },
    ],
  },
} satisfies Record<string, Load>

export const LOAD_NAMES = Object.keys(LOADS) as (keyof typeof LOADS)[]

export async function reportLoad(name: keyof typeof LOADS, plan: Plan): Promise<Report> {
  const load: Load = LOADS[name]
  const columns = new Map<WorkName, Column>()
  for (const work of load.works) columns.set(work, await measureColumn(load, work, plan))
  const tables = [...columns].map(([work, column]) => columnTable(load, work, column))
  const ratio: Comparison = (work, contender, to) => ({
    figures: ratioIn(columns.get(work)!, 'wallNs', contender, to),
    byCpu: ratioIn(columns.get(work)!, 'cpuNs', contender, to),
  })
  return { text: tables.join('\n\n'), targets: load.targets?.(ratio) ?? [] }
}

/** One kind of work, and what each contender made of it in each round. */
type Column = ReadonlyMap<ContenderName, readonly LoadResult[]>

const measureColumn = (load: Load, work: WorkName, plan: Plan): Promise<Column> =>
  inRounds(load.contenders, plan.rounds, (contender) =>
    measureApart<LoadJob>({
      ...{ kind: 'load', contender, shape: load.shape, cap: load.cap, built: BUILT },
      work: contender === 'taskward, signal read' ? 'reads signal' : work,
      tasks: work === '1 ms' && load.shape !== 'burst' ? Math.ceil(plan.tasks / FEWER) : plan.tasks,
    }),
  )

const figuresIn = (column: Column, what: keyof LoadResult, contender: ContenderName): Figures =>
  column.get(contender)!.map((result) => result[what])

const ratioIn = (column: Column, what: keyof LoadResult, contender: ContenderName, to: ContenderName): Figures =>
  ratios(figuresIn(column, what, contender), figuresIn(column, what, to))

function columnTable({ contenders, against }: Load, work: WorkName, column: Column): string {
  const references: ContenderName[] = against ? [BARE, against] : [BARE]
  const head = [`${work}, ns a task`, 'elapsed', ...references.map(shortly), 'CPU', ...references.map(shortly)]
  const cells = (what: keyof LoadResult, contender: ContenderName): string[] => [
    spread(figuresIn(column, what, contender), whole),
    ...references.map((to) => spread(ratioIn(column, what, contender, to), factor)),
  ]
  const rows = contenders.map((contender) => [contender, ...cells('wallNs', contender), ...cells('cpuNs', contender)])
  return table(head, rows)
}

const shortly = (contender: ContenderName): string => `÷ ${contender === BARE ? 'bare' : contender}`

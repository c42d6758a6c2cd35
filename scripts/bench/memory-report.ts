import { table } from '../bench-stores/page.js'
import { BUILT } from './built.js'
import type { Holder, MemoryJob, State } from './memory.js'
import { measureApart } from './processes.js'
import type { Plan, Report } from './report.js'
import { inRounds, spread, whole } from './rounds.js'

const HOLDERS: readonly Holder[] = ['bare promise with a catch', 'p-queue', 'taskward']
const STATES: readonly State[] = ['waiting', 'running', 'finished']
const MOST_ROUNDS = 3

/** What a task holds of the heap. */
export async function reportMemory({ rounds, tasks }: Plan): Promise<Report> {
  // A bare promise never waits.
  const cells = HOLDERS.flatMap((holder) => STATES.map((state) => ({ holder, state }))).filter(
    ({ holder, state }) => holder !== 'bare promise with a catch' || state !== 'waiting',
  )
  const results = await inRounds(cells, Math.min(rounds, MOST_ROUNDS), (cell) =>
    measureApart<MemoryJob>({ kind: 'memory', ...cell, tasks, built: BUILT }),
  )
  const figures = (holder: Holder, state: State): number[] =>
    [...results].find(([cell]) => cell.holder === holder && cell.state === state)?.[1] ?? []
  const rows = HOLDERS.map((holder) => [
    holder,
    ...STATES.map((state) => {
      const bytes = figures(holder, state)
      // What is left of nothing is noise of the heap.
      return bytes.length === 0 ? '' : spread(bytes, (value) => whole(Math.max(0, value)))
    }),
  ])
  return {
    text: table(['bytes a task', ...STATES], rows),
    targets: [
      {
        ...{ what: "a waiting task, beyond the caller's closure", limit: 400, unit: ' bytes' },
        figures: figures('taskward', 'waiting'),
      },
    ],
  }
}

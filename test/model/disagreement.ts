import { inspect, isDeepStrictEqual } from 'node:util'
import type { SupervisorStatus } from 'taskward'

/** What was found wrong. `what` is the same for every failure of one kind. */
export class Disagreement extends Error {
  readonly what: string

  constructor(what: string, detail: string) {
    super(`${what}${detail}`)
    this.what = what
    this.name = 'Disagreement'
  }
}

const show = (value: unknown) => inspect(value, { depth: 6, breakLength: 160 })

/** Supervisor and model must say the same. */
export function same(what: string, supervisor: unknown, model: unknown): void {
  if (isDeepStrictEqual(supervisor, model)) return
  throw new Disagreement(what, `\n  supervisor: ${show(supervisor)}\n  model:      ${show(model)}`)
}

export function holds(what: string, isSo: boolean, detail?: unknown): void {
  if (!isSo) throw new Disagreement(what, detail === undefined ? '' : `\n  ${show(detail)}`)
}

/** What holds of every status at any moment, also in the middle of a step. */
export function addsUp({ slots, queue, totals, names }: SupervisorStatus): void {
  const counts = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
  for (const name of Object.values(names))
    for (const status of Object.keys(counts) as (keyof typeof counts)[]) counts[status] += name[status]
  const { pending, running, completed, failed, cancelled } = counts
  holds(
    'spawned = pending + running + completed + failed + cancelled',
    totals.spawned === pending + running + completed + failed + cancelled,
    { totals, counts },
  )
  same(
    'the names add up to the totals',
    { completed, failed, cancelled },
    {
      completed: totals.completed,
      failed: totals.failed,
      cancelled: totals.cancelled,
    },
  )
  holds(
    'no count is below zero',
    Math.min(slots.running, slots.stopping, slots.abandoned, queue.waiting, ...Object.values(counts)) >= 0,
    { slots, queue, counts },
  )
}

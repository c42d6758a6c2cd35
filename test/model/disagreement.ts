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
  if (isAlike(supervisor, model) || isDeepStrictEqual(supervisor, model)) return
  throw new Disagreement(what, `\n  supervisor: ${show(supervisor)}\n  model:      ${show(model)}`)
}

/** Whether two plain values are the same. Many times faster than `isDeepStrictEqual`, which has the last word. */
function isAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(b) as (keyof typeof a)[]
  return keys.length === Object.keys(a).length && keys.every((key) => isAlike(a[key], b[key]))
}

/** The same of two lists that only grow, from where they were compared the last time. Gives how far they are compared now. */
export function sameSince(
  start: number,
  what: string,
  supervisor: readonly string[],
  model: readonly string[],
): number {
  const { length } = model
  for (let index = start; index < length; index++) if (supervisor[index] !== model[index]) same(what, supervisor, model)
  if (supervisor.length !== length) same(what, supervisor, model)
  return length
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
  holds(
    'the names add up to the totals',
    completed === totals.completed && failed === totals.failed && cancelled === totals.cancelled,
    { totals, counts },
  )
  holds(
    'no count is below zero',
    Math.min(slots.running, slots.stopping, slots.abandoned, queue.waiting, ...Object.values(counts)) >= 0,
    { slots, queue, counts },
  )
}

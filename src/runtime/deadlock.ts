import type { Gate } from './gate.js'
import type { LiveTask, TaskRun } from './live-task.js'

/** Who waits for whom, and who holds what. */
export interface Situation {
  /** Of each running task: the tasks that it awaits. */
  readonly awaited: (task: LiveTask) => Iterable<LiveTask>
  /** Every run that holds a slot or runs in a lent one, those that are stopping included. */
  readonly runs: readonly TaskRun[]
  readonly areSlotsTaken: boolean
  /** Whether the waiting task may run in a lent slot as soon as time has opened its lane. */
  readonly mayBorrowLater: (task: LiveTask) => boolean
  /** What the waiting task has to pass besides the slots. */
  readonly gatesOf: (task: LiveTask) => readonly Gate[]
}

/**
 * The pending tasks that can never start, since what they lack (a slot, a place in their lane, of their owner, in their scope,
 * the end of another task) is held only by tasks that wait for such ones. Assumed of all that are reachable from those who wait, and
 * taken back for who can go on after all, until nothing changes.
 */
export function stuckTasks(situation: Situation): Set<LiveTask> {
  const stuck = reachable(situation)
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false
    for (const task of stuck) {
      if (isStuck(task, stuck, situation)) continue
      stuck.delete(task)
      hasChanged = true
    }
  }
  return new Set([...stuck].filter(({ status }) => status === 'pending'))
}

/** The tasks that those who hold slots await, and what these wait for in turn; and the holders themselves. */
function reachable({ awaited, runs }: Situation): Set<LiveTask> {
  const found = new Set<LiveTask>()
  const pending = runs.map(({ task }) => task)
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (found.has(task) || task.isSettled) continue
    found.add(task)
    pending.push(...(task.status === 'running' ? awaited(task) : dependenciesOf(task)))
  }
  return found
}

function isStuck(task: LiveTask, stuck: ReadonlySet<LiveTask>, situation: Situation): boolean {
  const { areSlotsTaken, awaited, gatesOf, mayBorrowLater, runs } = situation
  if (task.status === 'running') return [...awaited(task)].some((other) => stuck.has(other))
  if (task.waitsFor) return dependenciesOf(task).some((other) => stuck.has(other))
  if (task.ticket === null || mayBorrowLater(task)) return false
  const areStuck = (holders: readonly TaskRun[]): boolean =>
    holders.length > 0 && holders.every((run) => !run.hasEnded && stuck.has(run.task) && stuck.has(innermost(run).task))
  if (areSlotsTaken && areStuck(runs.filter(({ holdsSlot }) => holdsSlot))) return true
  return gatesOf(task).some(
    (gate) => gate.held >= gate.limit && areStuck(runs.filter(({ gates }) => gates.includes(gate))),
  )
}

/** Who really runs in the slot of a run: itself, or the last of those that it has been lent to. */
const innermost = (run: TaskRun): TaskRun => (run.borrower ? innermost(run.borrower) : run)

const dependenciesOf = ({ waitsFor }: LiveTask): LiveTask[] =>
  [...(waitsFor?.keys() ?? [])].filter((key) => typeof key !== 'string')

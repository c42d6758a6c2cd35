/** Who waits in the reference model, who of them may start, and whose turn it is. Nothing imported from src. */
import { ownerOf, runsOf, scopesOf } from './reference-facts.js'
import type { Model, Task } from './reference-state.js'

/** How many slots are held by such tasks, those of functions that are stopping included. */
export const held = (model: Model, isMeant: (task: Task) => boolean) =>
  runsOf(model).filter(({ hasSlot, task }) => hasSlot && isMeant(task)).length

/** When the rate of a lane allows the next start: at the latest now where it does so now. */
export function rateOpensAt({ setup, laneStarts }: Model, lane: string): number {
  const rate = setup.lanes[lane]!.rate
  if (!rate) return -Infinity
  // Of the last so many starts the first must be out of the window.
  const starts = laneStarts.filter((start) => start.lane === lane)
  const first = starts.at(-rate.limit)
  return first && starts.length >= rate.limit ? first.at + rate.interval : -Infinity
}

/** Whether every gate that the task has to pass is open. */
export function isEligible(model: Model, task: Task): boolean {
  const { lanes, perOwner } = model.setup
  const { lane } = task.order
  const owner = ownerOf(task)
  if (lane !== null) {
    if (held(model, ({ order }) => order.lane === lane) >= lanes[lane]!.concurrency) return false
    if (rateOpensAt(model, lane) > model.now) return false
  }
  if (owner !== null && held(model, (other) => ownerOf(other) === owner) >= perOwner) return false
  return scopesOf(task).every((scope) => held(model, (other) => scopesOf(other).includes(scope)) < scope.order.limit)
}

const laneKey = ({ priority, order }: Task) => JSON.stringify([priority, order.lane])
const ownerKey = (task: Task) => JSON.stringify([task.priority, task.order.lane, ownerOf(task)])

/** It comes last in its line. A lane, or an owner, of whom nobody waited gets its turn after all others. */
export function join(model: Model, task: Task): void {
  model.queue.push(task)
  for (const key of [laneKey(task), ownerKey(task)]) if (!model.turns.has(key)) model.turns.set(key, ++model.turnsGiven)
}

/** Leaves the others their turns. */
export function leaveQueue(model: Model, task: Task): void {
  model.queue = model.queue.filter((waiting) => waiting !== task)
  forgetTurns(model)
}

/** It is to start, so its owner and its lane have had their turn. */
export function take(model: Model, task: Task): void {
  model.queue = model.queue.filter((waiting) => waiting !== task)
  for (const key of [ownerKey(task), laneKey(task)]) model.turns.set(key, ++model.turnsGiven)
  forgetTurns(model)
}

function forgetTurns({ queue, turns }: Model): void {
  for (const key of [...turns.keys()])
    if (!queue.some((task) => laneKey(task) === key || ownerKey(task) === key)) turns.delete(key)
}

/** Highest priority first; then the lane whose turn it is, then the owner, then first come first served. */
export function whoIsNext(model: Model): Task | undefined {
  const lowestOf = (tasks: Task[], rank: (task: Task) => number) => {
    const ranks = tasks.map(rank)
    return tasks.filter((_, index) => ranks[index] === Math.min(...ranks))
  }
  const turnOf = (key: string) => model.turns.get(key)!
  const eligible = model.queue.filter((task) => isEligible(model, task))
  const ofPriority = lowestOf(eligible, ({ priority }) => -priority)
  const ofLane = lowestOf(ofPriority, (task) => turnOf(laneKey(task)))
  return lowestOf(ofLane, (task) => turnOf(ownerKey(task)))[0]
}

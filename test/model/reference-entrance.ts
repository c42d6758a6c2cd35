/** How a task of the reference model comes to wait for a slot, or is turned away. Nothing imported from src. */
import { free, isOver, isStopping } from './reference-facts.js'
import { end, fill, refuse, start } from './reference-life.js'
import { held, isEligible, join } from './reference-queue.js'
import type { Model, Task } from './reference-state.js'

/** A function comes in: at once, or when its delay is over and those it is after have ended. */
export function enter(model: Model, task: Task): void {
  task.waitsFor = task.after.filter((other) => !isOver(other))
  if (task.deadline <= model.now) end(model, task, 'failed', 'TASK_DEADLINE')
  else if (mustFail(task)) refuse(model, task, 'failed', 'TASK_DEPENDENCY_FAILED')
  else if (task.runAt === null && task.waitsFor.length === 0) admit(model, task)
  else task.timer = { at: Math.min(task.runAt ?? Infinity, task.deadline) }
}

/** One of those it is after has failed, was cancelled, or is not known, and it is not to run in spite of that. */
export const mustFail = ({ after, order }: Task) =>
  order.onDependencyFailure === 'fail' && after.some(({ status }) => status === 'failed' || status === 'cancelled')

/** Its time has come for the first time: it starts, waits, or is turned away. The lane's limit is looked at first. */
function admit(model: Model, task: Task): void {
  const { queueLimit, queueTimeout, lanes } = model.setup
  const patience = task.order.queueTimeout ?? queueTimeout
  task.timer = { at: Math.min(task.deadline, model.now + patience) }
  const isAnyEligible = model.queue.some((other) => isEligible(model, other))
  if (free(model) > 0 && !isAnyEligible && isEligible(model, task)) {
    start(model, task)
    return
  }
  // A free slot beside somebody who is to have it is spoken for.
  const spokenFor = isAnyEligible ? free(model) : 0
  const { lane } = task.order
  if (lane !== null) {
    const ownQueue = model.queue.filter(({ order }) => order.lane === lane)
    const places = lanes[lane]!.concurrency - held(model, ({ order }) => order.lane === lane)
    const ownSpokenFor = ownQueue.some((other) => isEligible(model, other)) ? Math.min(spokenFor, places) : 0
    if (ownQueue.length - ownSpokenFor >= lanes[lane]!.queueLimit) {
      overflow(model, task, ownQueue)
      return
    }
  }
  if (model.queue.length - spokenFor < queueLimit) wait(model, task)
  else overflow(model, task, model.queue)
}

/** The queue, or what stands in it of one lane, is full. */
function overflow(model: Model, task: Task, queue: Task[]): void {
  const { onOverflow } = model.setup
  if (onOverflow === 'reject') {
    refuse(model, task, 'failed', 'TASK_QUEUE_FULL')
  } else if (onOverflow === 'drop-newest' || queue.length === 0) {
    refuse(model, task, 'cancelled', 'TASK_DROPPED')
  } else {
    const lowest = Math.min(...queue.map(({ priority }) => priority))
    const victim = queue.find(({ priority }) => priority === lowest)!
    // In this order, so that a lane, or an owner, that both are of keeps its turn.
    wait(model, task)
    refuse(model, victim, 'cancelled', 'TASK_DROPPED')
  }
}

function wait(model: Model, task: Task): void {
  task.isDue = true
  task.waitsSince = model.now
  join(model, task)
}

/** Its delay, or the pause before its next attempt, is over. */
export function due(model: Model, task: Task): void {
  task.isDelayOver = true
  task.timer = { at: task.deadline }
  if (task.waitsFor.length > 0) return
  task.isDue = true
  if (task.attempt === 0) admit(model, task)
  else goOn(model, task)
}

/** A task whose pause is over waits for a slot once its last attempt has stopped. No limit of the queue turns it away. */
export function goOn(model: Model, task: Task): void {
  const isWaiting = model.queue.includes(task)
  if (task.status !== 'pending' || !task.isDue || isWaiting || task.runs.some(isStopping)) return
  wait(model, task)
  fill(model)
}

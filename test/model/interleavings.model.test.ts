import { describe, expect, it } from 'vitest'
import { play } from './play.js'
import { cancel, resize, spawn } from './reference-model.js'
import { createModel, isOver, type Model, type Setup } from './reference-state.js'
import { advance, nextDueAt, turn } from './reference-time.js'
import { orderOf, type Step } from './schedule.js'

const GRACE = 4
const TIMEOUT = 10

const setup: Setup = {
  limit: 1,
  queueLimit: Infinity,
  onOverflow: 'reject',
  timeout: TIMEOUT,
  queueTimeout: Infinity,
  grace: GRACE,
}

const SPAWN: Step = { do: 'spawn', order: orderOf('waits'), from: null, sameIdAs: null, turns: 1 }

/** What can happen to a few tasks, and would change something now. */
function* eventsOf(model: Model): Generator<Step> {
  for (const task of model.tasks) {
    const pick = { task: task.number }
    if (task.isActive) yield { do: 'settle', pick, how: 'ok', turns: 1 }
    // An error takes the way of a value: one task's stand for all.
    if (task.isActive && task.number === 0 && !isOver(task)) yield { do: 'settle', pick, how: 'err', turns: 1 }
    if (task.isActive && isOver(task)) yield { do: 'settle', pick, how: 'reason', turns: 1 }
    if (!isOver(task)) yield { do: 'cancel', pick, turns: 1 }
  }
  for (const ms of [GRACE, TIMEOUT])
    if (nextDueAt(model) <= model.now + ms) yield { do: 'advance', ms, inOneLeap: true, turns: 1 }
  yield { do: 'resize', limit: model.limit === 1 ? 2 : 1, turns: 1 }
}

function happen(model: Model, step: Step): void {
  if (step.do === 'spawn') spawn(model, step.order, null)
  if (step.do === 'advance') advance(model, step.ms)
  if (step.do === 'resize') resize(model, step.limit)
  if (step.do === 'cancel' && typeof step.pick === 'object') cancel(model, model.tasks[step.pick.task]!)
  if (step.do === 'settle' && typeof step.pick === 'object')
    model.onTheirWay.push({ task: model.tasks[step.pick.task]!, how: step.how as 'ok' | 'err' | 'reason' })
  turn(model)
}

/** Every sequence of so many events, as it follows on the given beginning. */
function* sequencesOf(limit: number, beginning: Step[], length: number): Generator<Step[]> {
  if (length === 0) {
    yield beginning
    return
  }
  const model = createModel({ ...setup, limit })
  for (const step of beginning) happen(model, step)
  for (const event of eventsOf(model)) yield* sequencesOf(limit, [...beginning, event], length - 1)
}

const { MODEL_EVENTS = '5' } = process.env
const length = Number(MODEL_EVENTS)

describe('three tasks', () => {
  it.each([1, 2])(
    `do what is right at a cap of %i, whichever ${length} events happen to them`,
    { timeout: 0 },
    async (limit) => {
      let played = 0
      for (const steps of sequencesOf(limit, [SPAWN, SPAWN, SPAWN], length)) {
        await play({ setup: { ...setup, limit }, steps, finale: 'none' })
        played++
      }
      expect(played).toBeGreaterThan(4 ** length)
    },
  )
})

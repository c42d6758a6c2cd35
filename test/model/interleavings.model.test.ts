import { describe, expect, it } from 'vitest'
import type { How } from './performance.js'
import { withoutStacks } from './parameters.js'
import { play } from './play.js'
import { close } from './reference-closing.js'
import { cancel, resize, spawn } from './reference-model.js'
import { closingOf, isOver, runNamed, runsOf } from './reference-facts.js'
import type { Order, Setup } from './reference-orders.js'
import { createModel, type Model } from './reference-state.js'
import { advance, nextDueAt, turn } from './reference-time.js'
import { orderOf } from './order-of.js'
import type { Step } from './schedule.js'

const GRACE = 4
const TIMEOUT = 10

const setup: Setup = {
  limit: 1,
  lanes: {},
  perOwner: Infinity,
  queueLimit: Infinity,
  onOverflow: 'reject',
  timeout: TIMEOUT,
  queueTimeout: Infinity,
  grace: GRACE,
  retry: null,
}

const spawning = (order: Order): Step => ({ do: 'spawn', order, from: null, sameIdAs: null, turns: 1 })

const ONCE = spawning(orderOf('waits'))
const THRICE = spawning(
  orderOf('waits', { retry: { attempts: 3, backoff: 'constant', delay: GRACE, maxDelay: Infinity } }),
)

/** What can happen to a few tasks, and would change something now. */
function* eventsOf(model: Model): Generator<Step> {
  for (const { task, attempt, hasEnded } of runsOf(model).filter(({ isActive }) => isActive)) {
    const pick = { task: task.number, attempt }
    yield { do: 'settle', pick, how: 'ok', turns: 1 }
    // An error takes the way of a value: one task's stand for all.
    if (task.number === 0 && !hasEnded) yield { do: 'settle', pick, how: 'err', turns: 1 }
    if (hasEnded) yield { do: 'settle', pick, how: 'reason', turns: 1 }
  }
  for (const task of model.tasks) if (!isOver(task)) yield { do: 'cancel', pick: { task: task.number }, turns: 1 }
  for (const ms of [GRACE, TIMEOUT])
    if (nextDueAt(model) <= model.now + ms) yield { do: 'advance', ms, inOneLeap: true, turns: 1 }
  yield { do: 'resize', limit: model.limit === 1 ? 2 : 1, turns: 1 }
  const isRetried = model.tasks[0]!.order.retry !== null
  if (isRetried && !closingOf(model, null))
    yield { do: 'close', scope: null, mode: 'cancel', timeout: 0, grace: GRACE, turns: 1 }
}

function happen(model: Model, step: Step): void {
  if (step.do === 'spawn') spawn(model, step.order, null)
  if (step.do === 'advance') advance(model, step.ms)
  if (step.do === 'resize') resize(model, step.limit)
  if (step.do === 'close') close(model, null, step)
  if (step.do === 'cancel' && typeof step.pick === 'object') cancel(model, model.tasks[step.pick.task]!)
  if (step.do === 'settle' && typeof step.pick === 'object')
    model.onTheirWay.push({ run: runNamed(model, step.pick), how: step.how as How })
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

describe(`whichever ${length} events happen to them, they do what is right:`, () => {
  it.each<[string, number, Step[]]>([
    ['three tasks at a cap of 1', 1, [ONCE, ONCE, ONCE]],
    ['three tasks at a cap of 2', 2, [ONCE, ONCE, ONCE]],
    ['a task of three attempts and another at a cap of 1', 1, [THRICE, ONCE]],
  ])('%s', { timeout: 0 }, async (_, limit, spawns) => {
    let played = 0
    let last: Step[] = []
    for (const steps of sequencesOf(limit, spawns, length)) {
      // What two in a row begin with is compared in the first of them.
      const known = steps.findIndex((step, index) => step !== last[index])
      await withoutStacks(() => play({ setup: { ...setup, limit }, steps, finale: 'none' }, { known }))
      last = steps
      played++
    }
    expect(played).toBeGreaterThan(4 ** length)
  })
})

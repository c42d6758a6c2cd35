import type { NameStatus, TaskRecord } from 'taskward'
import type { Actor } from './actor.js'
import { compareListeners, compareReports, compareScopes } from './compare-places.js'
import { compareServices, compareServicesAfterTurns, compareServicesListed } from './compare-services.js'
import { addsUp, holds, same, sameSince } from './disagreement.js'
import type { Driver } from './driver.js'
import { numberOf } from './options.js'
import { held, rateOpensAt } from './reference-queue.js'
import { hasStopped, isIdle, isLeftAlone, isStopping, ownerOf, retryOf, runsOf } from './reference-facts.js'
import type { Model, Run, Task } from './reference-state.js'

/** Holds the supervisor against the model in what can be seen in the middle of a turn, and in passing: what should have changed. */
export function compareInPassing(driver: Driver): void {
  const { model, witness } = driver
  if (witness.alarm) throw witness.alarm
  witness.callsCompared = sameSince(
    witness.callsCompared,
    'which functions were called, and in what order',
    witness.called,
    model.entered,
  )
  same('how many tasks there are', driver.actors.length, model.tasks.length)
  for (const task of model.tasks) {
    const actor = driver.actors[task.number]!
    same('handle.status', actor.handle.status, task.status)
    // What has ended for good is looked at in whole once more at the very end.
    if (actor.hasBeenChecked) continue
    actor.eventsCompared = sameSince(actor.eventsCompared, 'the events of a task', actor.events, task.events)
    if (actor.versionCompared !== task.version) compareTask(driver, task)
  }
  same('hook:error', witness.hookErrors, [])
  compareServices(driver)
}

/** The same in whole: also what should be as it was. */
export function compareNow(driver: Driver): void {
  const { model, supervisor, actors } = driver
  compareInPassing(driver)
  for (const task of model.tasks) if (!actors[task.number]!.hasBeenChecked) compareTask(driver, task)
  compareStatus(driver)
  compareScopes(driver)
  same('supervisor.concurrency', supervisor.concurrency, model.limit)
  compareListeners(driver)
}

function compareTask(driver: Driver, task: Task): void {
  const { actors, model, startedAt } = driver
  const actor = actors[task.number]!
  const { handle } = actor
  same('the record', recordSeen(handle.snapshot(), startedAt), recordExpected(model, task))
  same('handle.attempt', handle.attempt, task.attempt)
  for (const run of task.runs) compareSignal(driver, run)
  actor.versionCompared = task.version
  actor.hasBeenChecked = hasStopped(task)
}

/** An attempt's own signal has aborted when it was told to stop, and only then. */
function compareSignal(driver: Driver, run: Run): void {
  const { context } = driver.performanceOf(run)
  // The signal is made on first read, so some are never read.
  if (!context || run.task.number % 3 === 0) return
  same('signal.aborted', context.signal.aborted, run.told !== null)
  if (run.told) same('the code of signal.reason', codeOf(context.signal.reason), run.told)
}

const codeOf = (thrown: unknown) => (thrown as { code?: unknown } | undefined)?.code

const recordSeen = (record: TaskRecord, epoch: number) => {
  const since = (at: number | null) => (at === null ? null : at - epoch)
  return {
    status: record.status,
    attempt: record.attempt,
    maxAttempts: record.maxAttempts,
    priority: record.priority,
    abandoned: record.abandoned,
    version: record.version,
    code: record.error?.code ?? null,
    owner: record.owner,
    scope: record.scope,
    isChild: record.parentId !== null,
    createdAt: since(record.createdAt),
    startedAt: since(record.startedAt),
    finishedAt: since(record.finishedAt),
    runAt: since(record.runAt),
    stoppingSince: since(record.stoppingSince),
  }
}

const recordExpected = (model: Model, task: Task) => ({
  status: task.status,
  attempt: task.attempt,
  maxAttempts: retryOf(model, task).attempts,
  priority: task.priority,
  abandoned: task.abandoned,
  version: task.version,
  code: task.code,
  owner: ownerOf(task),
  scope: task.scope && `scope ${task.scope.number}`,
  isChild: task.parent !== null,
  createdAt: task.createdAt,
  startedAt: task.startedAt,
  finishedAt: task.finishedAt,
  runAt: task.runAt,
  stoppingSince: task.stoppingSince,
})

function compareStatus(driver: Driver): void {
  const { model, supervisor } = driver
  const status = supervisor.status({ tasks: 1_000 })
  addsUp(status)
  const { slots, queue, totals, names, tasks, waitMs, runMs } = status
  const { limit, now, setup } = model
  const runs = runsOf(model)
  const holders = runs.filter(({ hasSlot }) => hasSlot)
  const stopping = holders.filter(({ hasEnded }) => hasEnded).length
  const abandoned = runs.filter(isLeftAlone).length
  same('status().slots', slots, { limit, running: holders.length - stopping, stopping, abandoned })

  const { saturated, ...rest } = queue
  const oldestWaitMs = Math.max(0, ...model.queue.map(({ waitsSince }) => now - waitsSince))
  same('status().queue', rest, { waiting: model.queue.length, limit: setup.queueLimit, oldestWaitMs })
  // With a slot free nobody must wait.
  if (limit <= holders.length) same('status().queue.saturated', saturated, model.queue.length >= setup.queueLimit)

  same('status().totals', totals, model.totals)
  same('how often waiting was measured', waitMs.count, model.starts)
  const ended = runs.filter(({ hasEnded }) => hasEnded).length
  same('how often running was measured', runMs.count, ended)
  same('status().names', countsOf(names), countsExpected(model))
  same('status().lanes', status.lanes, lanesExpected(model))
  compareServicesListed(driver, null, status.services)
  compareListed(tasks, [
    model.tasks.filter(({ status }) => status === 'running'),
    model.tasks.filter(({ runs }) => runs.some(isStopping)),
    model.tasks.filter(({ runs }) => runs.some(isLeftAlone)),
    model.queue,
    model.tasks.filter(({ status }) => status === 'pending'),
  ])
}

/** Each task is listed once: where it comes first. */
function compareListed(listed: TaskRecord[], sections: Task[][]): void {
  const seen = new Set<Task>()
  const ordered = (numbers: number[]) => numbers.sort((a, b) => a - b)
  let start = 0
  for (const section of sections) {
    const unseen = section.filter((task) => !seen.has(task))
    const records = listed.slice(start, (start += unseen.length))
    const numbers = unseen.map(({ number }) => number)
    for (const task of unseen) seen.add(task)
    same('status().tasks, section by section', ordered(records.map(numberOf)), ordered(numbers))
  }
  same('how many tasks status() lists', listed.length, start)
}

const lanesExpected = (model: Model) =>
  Object.fromEntries(
    Object.entries(model.setup.lanes).map(([name, { concurrency, queueLimit }]) => {
      const waiting = model.queue.filter(({ order }) => order.lane === name)
      const running = held(model, ({ order }) => order.lane === name)
      const isRateFull = rateOpensAt(model, name) > model.now
      return [
        name,
        {
          ...{ limit: concurrency, running, waiting: waiting.length, queueLimit },
          oldestWaitMs: Math.max(0, ...waiting.map(({ waitsSince }) => model.now - waitsSince)),
          state: running >= concurrency ? 'saturated' : isRateFull ? 'rate-limited' : 'open',
        },
      ]
    }),
  )

type Counts = Record<string, Omit<NameStatus, 'runMs'>>

const countsOf = (names: Record<string, NameStatus>): Counts =>
  Object.fromEntries(Object.entries(names).map(([name, { runMs: _, ...counts }]) => [name, counts]))

const countsExpected = ({ tasks }: Model): Counts => {
  const names: Counts = {}
  for (const { order, status } of tasks) {
    names[order.name] ??= { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 }
    names[order.name]![status]++
  }
  return names
}

/** The same for what can be seen only once promises have had their turn: outcomes, reports, and who was told what. */
export function compareAfterTurns(driver: Driver, turns: number): void {
  const { model, actors, clock, places } = driver
  for (const task of model.tasks) compareOutcome(actors[task.number]!, task)
  compareReports(driver)
  compareServicesAfterTurns(driver)
  // That all is quiet is told a turn later, lest somebody spawns what follows.
  const isQuiet = turns > 1 && isIdle(model)
  for (const { expected, answer } of places.waiters) {
    const hasPassed = expected.isExpired || (turns > 1 && isIdle(model, expected.scope))
    holds('onIdle() and drain() answer in time', answer !== null || !hasPassed)
    holds('nobody is told too early that all is quiet', answer !== true || expected.hasBeenIdle)
    holds('drain() does not give up too early', answer !== false || expected.isExpired)
  }
  const news = model.tasks.slice(driver.witness.announcedIdleAfter).filter(({ attempt }) => attempt > 0)
  holds('supervisor:idle is announced', !isQuiet || news.length === 0)
  const ofServices = model.services.filter(({ timer }) => timer.at !== Infinity).length
  const most = 1 + ofServices
  holds('an idle supervisor has its bookkeeping timer at most', !isQuiet || clock.timers <= most, clock.timers)
}

function compareOutcome(actor: Actor, { status, code, attempt }: Task): void {
  const { outcomes } = actor
  const isEnded = status !== 'pending' && status !== 'running'
  same('how many outcomes a task has', outcomes.length, isEnded ? 1 : 0)
  const outcome = outcomes[0]
  if (!outcome || actor.hasOutcomeChecked) return
  actor.hasOutcomeChecked = true
  same('the outcome', outcome.status, status)
  if (outcome.status === 'completed') {
    holds('the value is the one the work gave', outcome.value === actor.performances[attempt - 1]!.value)
    return
  }
  same('the code of the outcome', outcome.error.code, code)
  same("the code of the outcome's reason", codeOf(outcome.reason), code)
  const error = actor.performances[attempt - 1]?.error
  holds('what was thrown is passed on as it was', code !== error?.code || outcome.reason === error)
}

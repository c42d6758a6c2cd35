import { describe, expect, it } from 'vitest'
import { Ledger } from '../../src/runtime/ledger.js'
import type { LiveTask, TaskRun } from '../../src/runtime/live-task.js'
import { begin, complete, failWith, makeTask } from './support/tasks.js'

const at = (order: number, createdAt = order): LiveTask => makeTask(order, { atMs: createdAt, name: 'work' })

function start(ledger: Ledger, task: LiveTask, now: number): TaskRun {
  const run = begin(task, now)
  ledger.started(task)
  run.isActive = true
  return run
}

const spawned = (ledger: Ledger, count: number): [LiveTask, ...LiveTask[]] => {
  const tasks = Array.from({ length: count }, (_, order) => at(order))
  for (const task of tasks) ledger.spawned(task)
  return tasks as [LiveTask, ...LiveTask[]]
}

const namesOf = (ledger: Ledger) => ledger.tallies.status(1_000, 0).names['work']

describe('Ledger', () => {
  it('follows a task from spawn to outcome, in its lists and counts', () => {
    const ledger = new Ledger()
    expect(ledger.isIdle).toBe(true)
    const [task] = spawned(ledger, 1)
    expect([[...ledger.waiting], ledger.isIdle]).toEqual([[task], false])
    expect(namesOf(ledger)).toMatchObject({ pending: 1, running: 0 })
    start(ledger, task, 20)
    expect([ledger.waiting.size, [...ledger.running], ledger.isIdle]).toEqual([0, [task], false])
    expect(namesOf(ledger)).toMatchObject({ pending: 0, running: 1 })
    task.run!.isActive = false
    ledger.ended(complete(task, 50))
    expect([ledger.running.size, ledger.stopping.size, ledger.isIdle, task.list]).toEqual([0, 0, true, null])
    expect(namesOf(ledger)).toMatchObject({ pending: 0, running: 0, completed: 1, runMs: { count: 1, max: 30 } })
    expect(ledger.tallies.status(1_000, 0)).toMatchObject({
      totals: { spawned: 1, completed: 1, failed: 0, cancelled: 0 },
      perSecond: { spawned: 1, completed: 1, failed: 0 },
      waitMs: { count: 1, max: 20 },
      runMs: { count: 1, max: 30 },
    })
  })

  it('counts no run for a task that ended before it began', () => {
    const ledger = new Ledger()
    const [task] = spawned(ledger, 1)
    task.end({ status: 'cancelled', error: { message: 'x', code: null, details: null }, reason: 0 }, 5, 5)
    ledger.ended(task)
    expect(ledger.tallies.status(10, 0)).toMatchObject({
      totals: { cancelled: 1 },
      waitMs: { count: 0 },
      runMs: { count: 0 },
    })
    expect(namesOf(ledger)).toMatchObject({ pending: 0, cancelled: 1 })
    expect(ledger.isIdle).toBe(true)
  })

  it('lists who runs on after its outcome as stopping, then as abandoned, and its slot once', () => {
    const ledger = new Ledger()
    const [task, other] = spawned(ledger, 2)
    for (const running of [task, other!]) {
      start(ledger, running, 1)
      ledger.ended(failWith(running, 'TASK_TIMEOUT', 5))
    }
    expect([[...ledger.stopping], ledger.tallies.stoppingWithSlot, ledger.isIdle]).toEqual([
      [task.run, other!.run],
      2,
      false,
    ])
    ledger.stopped(other!.run!)
    expect([[...ledger.stopping], ledger.tallies.stoppingWithSlot]).toEqual([[task.run], 1])
    ledger.wasAbandoned(task.run!)
    expect([ledger.stopping.size, [...ledger.abandoned], ledger.tallies.stoppingWithSlot]).toEqual([0, [task.run], 0])
    expect([ledger.isIdle, ledger.tallies.totals.abandoned]).toEqual([true, 1])
    task.run!.holdsSlot = false
    ledger.stopped(task.run!)
    expect([ledger.abandoned.size, ledger.tallies.stoppingWithSlot, ledger.tallies.totals.abandoned]).toEqual([0, 0, 1])
  })

  it('counts no slot for a promise that was handed over', () => {
    const ledger = new Ledger()
    const [task] = spawned(ledger, 1)
    start(ledger, task, 1).holdsSlot = false
    ledger.ended(failWith(task, 'TASK_TIMEOUT', 5))
    expect([ledger.stopping.size, ledger.tallies.stoppingWithSlot]).toEqual([1, 0])
    ledger.stopped(task.run!)
    expect([ledger.stopping.size, ledger.tallies.stoppingWithSlot]).toEqual([0, 0])
  })

  it('keeps the last twenty errors, newest first, in a copy', () => {
    const ledger = new Ledger()
    for (let order = 0; order < 25; order++) {
      const task = failWith(at(order), 'X')
      ledger.failed(task, task.failures[0]!)
    }
    const { recentErrors } = ledger.tallies.status(0, 0)
    expect(recentErrors.map(({ taskId }) => taskId)).toEqual(
      Array.from({ length: 20 }, (_, index) => `task-${24 - index}`),
    )
    recentErrors.pop()
    expect(ledger.tallies.status(0, 0).recentErrors).toHaveLength(20)
  })

  it('knows how long the longest waiting has waited', () => {
    const ledger = new Ledger()
    expect(ledger.oldestWaitMs(100)).toBe(0)
    const tasks = spawned(ledger, 3)
    expect(ledger.oldestWaitMs(100.7)).toBe(100)
    start(ledger, tasks[0], 100)
    expect(ledger.oldestWaitMs(100)).toBe(99)
    expect(ledger.oldestWaitMs(0)).toBe(0)
  })

  it('gives records in the order of their urgency, each list oldest first, at most so many', () => {
    const ledger = new Ledger()
    const tasks = spawned(ledger, 6)
    for (const task of tasks.slice(0, 4)) start(ledger, task, 1)
    for (const task of tasks.slice(0, 2)) ledger.ended(failWith(task, 'TASK_TIMEOUT', 5))
    ledger.wasAbandoned(tasks[0].run!)
    const ids = (limit: number): string[] => ledger.records(limit).map(({ id }) => id)
    expect(ids(Infinity)).toEqual(['task-2', 'task-3', 'task-1', 'task-0', 'task-4', 'task-5'])
    expect(ids(3)).toEqual(['task-2', 'task-3', 'task-1'])
    expect(ids(0)).toEqual([])
  })

  it('gives totals that do not change with what comes', () => {
    const ledger = new Ledger()
    const { totals } = ledger.tallies.status(0, 0)
    spawned(ledger, 1)
    expect(totals.spawned).toBe(0)
  })
})

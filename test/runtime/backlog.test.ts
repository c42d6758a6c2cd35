import { describe, expect, it } from 'vitest'
import { Backlog } from '../../src/runtime/backlog.js'
import type { LiveTask } from '../../src/runtime/live-task.js'
import { complete, makeTask } from './support/tasks.js'

const ended = (order: number): LiveTask => complete(makeTask(order))
const orders = (tasks: readonly LiveTask[]): number[] => tasks.map(({ order }) => order)

const filled = (...tasks: readonly LiveTask[]): Backlog => {
  const backlog = new Backlog()
  for (const task of tasks) backlog.add(task)
  return backlog
}

describe('Backlog', () => {
  it('holds each task once, where it belongs by now', () => {
    const task = makeTask(0)
    const backlog = filled(task, task)
    expect([backlog.size, backlog.endedSize, backlog.has(task)]).toEqual([1, 0, true])
    backlog.add(complete(task))
    expect([backlog.size, backlog.endedSize, backlog.has(task)]).toEqual([1, 1, true])
  })

  it('takes outcomes first, each in the order they came, at most so many', () => {
    const backlog = filled(makeTask(0), ended(1), makeTask(2), ended(3))
    expect(orders(backlog.take(3))).toEqual([1, 3, 0])
    expect(orders(backlog.take(3))).toEqual([2])
    expect([backlog.size, backlog.take(1)]).toEqual([0, []])
  })

  it('trims the oldest outcomes beyond so many, and nobody who lives', () => {
    const backlog = filled(makeTask(0), ended(1), makeTask(2), ended(3), ended(4))
    expect(orders(backlog.trim(1))).toEqual([1, 3])
    expect(backlog.trim(1)).toEqual([])
    expect([backlog.size, backlog.endedSize]).toEqual([3, 1])
  })
})

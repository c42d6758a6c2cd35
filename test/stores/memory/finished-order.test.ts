import { describe, expect, it } from 'vitest'
import { makeTask } from '../../runtime/support/tasks.js'
import { FinishedOrder } from '../../../src/stores/memory/finished-order.js'

const finished = (createdAt: number, finishedAt: number | null) => ({
  record: { ...makeTask().snapshot(), createdAt, finishedAt },
})

describe('the order in which finished tasks go', () => {
  it('is that in which they finished, not that in which they came', () => {
    const order = new FinishedOrder()
    const [third, first, second] = [finished(0, 3), finished(0, 1), finished(0, 2)]
    for (const task of [third, first, second, first]) order.add(task)
    expect([...order.oldestFirst()]).toEqual([first, second, third])
    order.delete(first)
    expect([...order.oldestFirst()]).toEqual([second, third])
  })

  it('goes by when a task was made where it has lost when it finished', () => {
    const order = new FinishedOrder()
    const [late, lost] = [finished(0, 3), finished(2, null)]
    order.add(late)
    order.add(lost)
    expect([...order.oldestFirst()]).toEqual([lost, late])
  })
})

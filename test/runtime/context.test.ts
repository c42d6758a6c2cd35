import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { captureContext, runInTask, taskInContext } from '../../src/runtime/context.js'
import { nextTurn } from './support/turns.js'

const request = new AsyncLocalStorage<string>()

describe('runInTask', () => {
  it('makes the task known through every await, and only there', async () => {
    const task = {}
    const inside = runInTask(task, null, async () => {
      const seen = [taskInContext()]
      await Promise.resolve()
      seen.push(taskInContext())
      await nextTurn()
      return [...seen, taskInContext()]
    })
    expect(taskInContext()).toBeUndefined()
    expect(await inside).toEqual([task, task, task])
  })

  it('gives what the function returns and throws what it throws', () => {
    expect(runInTask({}, null, () => 7)).toBe(7)
    expect(() => runInTask({}, captureContext('inherit'), () => { throw new Error('mine') })).toThrow('mine') // prettier-ignore
    expect(taskInContext()).toBeUndefined()
  })

  it('knows the innermost of tasks within each other', () => {
    const [outer, inner] = [{}, {}]
    const seen = runInTask(outer, null, () => [runInTask(inner, null, taskInContext), taskInContext()])
    expect(seen).toEqual([inner, outer])
    expect(seen[0]).toBe(inner)
  })
})

describe('captureContext', () => {
  it('brings back the context of the spawn, not of whoever makes room', () => {
    const captured = request.run('of the spawn', () => captureContext('inherit'))
    const seen = request.run('of another task', () => runInTask({}, captured, () => request.getStore()))
    expect(seen).toBe('of the spawn')
  })

  it('can be used again, for a second run', () => {
    const captured = request.run('of the spawn', () => captureContext('inherit'))
    const run = (): string | undefined => runInTask({}, captured, () => request.getStore())
    expect([run(), run()]).toEqual(['of the spawn', 'of the spawn'])
  })

  it('is in nobody’s context when detached', () => {
    const captured = request.run('of the spawn', () => captureContext('detach'))
    const task = {}
    const seen = request.run('of another', () => runInTask(task, captured, () => [request.getStore(), taskInContext()]))
    expect(seen).toEqual([undefined, task])
  })
})

import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from 'taskward'
import { clocked, never, turns } from './support.js'

describe('a timeout', () => {
  it('of Infinity never fires, also for a task that starts at the instant its queueTimeout falls due', () => {
    const { clock, supervisor } = clocked({ concurrency: 1 })
    supervisor.spawn(never, { timeout: 50, grace: 50 })
    const waiting = supervisor.spawn(never, { queueTimeout: 100, timeout: Infinity })
    clock.advance(100)
    clock.advance(1_000_000)
    // Either it started first or it waited too long; it cannot have run out of an endless timeout.
    expect(waiting.snapshot().error?.code ?? 'running').not.toBe('TASK_TIMEOUT')
    expect(supervisor.status().totals.timedOut).toBe(waiting.status === 'running' ? 1 : 2)
  })
})

describe('cancel', () => {
  it.each<[string, (supervisor: TaskSupervisor) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an array', () => []],
    ['a Map', () => new Map([['name', 'first']])],
    ['a Date', () => new Date()],
    ['a number', () => 0],
    ['a function', () => () => true],
    ['a misspelt filter', () => ({ onwer: 'nobody' })],
    ['an unknown id', () => 'no such id'],
    [
      'a Proxy that throws',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('mine')
            },
          },
        ),
    ],
  ])('given %s tells nobody to stop, and does not throw', (_, target) => {
    const supervisor = new TaskSupervisor()
    const handle = supervisor.spawn(never, { name: 'first' })
    expect(supervisor.cancel(target(supervisor) as never)).toBe(0)
    expect(handle.status).toBe('running')
  })

  it('given a handle cancels no other task than that', () => {
    const supervisor = new TaskSupervisor()
    const bystander = supervisor.spawn(never, { name: 'bystander' })
    const meant = supervisor.spawn(never, { name: 'meant' })
    // A handle has a name and a status, so it passes for a filter in TypeScript.
    supervisor.cancel(meant)
    expect(bystander.status).toBe('running')
  })
})

describe('a promise of a subclass', () => {
  it('whose species throws becomes no unhandledRejection (rule 3)', async () => {
    class Hostile<T> extends Promise<T> {
      static override get [Symbol.species](): PromiseConstructor {
        throw new Error('species')
      }
    }
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listener)
    try {
      const make = (): Promise<never> => new Hostile<never>((_, reject) => reject(new Error('boom')))
      const supervisor = new TaskSupervisor()
      expect((await supervisor.spawn(make()).settled).status).toBe('failed')
      expect((await supervisor.spawn(() => make()).settled).status).toBe('failed')
      await turns()
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', listener)
    }
  })
})

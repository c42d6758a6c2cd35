import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from 'taskward'
import { clocked, never, record, turns } from './support.js'

describe('once', () => {
  it('calls its listener once, also when the event is announced again while it is being announced', () => {
    const supervisor = new TaskSupervisor()
    let isFirst = true
    let calls = 0
    supervisor.on('task:spawned', () => {
      if (!isFirst) return
      isFirst = false
      supervisor.spawn(() => 'nested')
    })
    supervisor.once('task:spawned', () => (calls += 1))
    supervisor.spawn(() => 'outer')
    expect(calls).toBe(1)
  })

  it('is taken back by off, as often as it was given', () => {
    const supervisor = new TaskSupervisor()
    let calls = 0
    const listener = (): number => (calls += 1)
    supervisor.once('task:spawned', listener).once('task:spawned', listener)
    supervisor.off('task:spawned', listener).off('task:spawned', listener)
    supervisor.spawn(() => 1)
    expect(calls).toBe(0)
  })
})

describe('a listener that calls back in', () => {
  it.each<[string, (supervisor: TaskSupervisor) => void]>([
    ['raises the concurrency', (supervisor) => (supervisor.concurrency = 5)],
    ['cancels everything', (supervisor) => supervisor.cancelAll()],
    ['closes the supervisor', (supervisor) => void supervisor.close({ mode: 'cancel', grace: 0 })],
  ])('of supervisor:saturated that %s makes no spawn throw (rule 1)', async (_, react) => {
    for (const onOverflow of ['reject', 'drop-oldest', 'drop-newest'] as const) {
      const supervisor = new TaskSupervisor({ concurrency: 1, queueLimit: 1, onOverflow })
      supervisor.on('supervisor:saturated', ({ reason }) => {
        if (reason === 'queue') react(supervisor)
      })
      const first = supervisor.spawn(never)
      const second = supervisor.spawn(never)
      const third = supervisor.spawn(never)
      supervisor.cancelAll()
      const outcomes = await Promise.all([first.settled, second.settled, third.settled])
      expect(outcomes.every(({ status }) => status !== 'completed')).toBe(true)
      const { totals, queue } = supervisor.status()
      expect([totals.spawned, totals.failed + totals.cancelled, queue.waiting]).toEqual([3, 3, 0])
    }
  })

  it('of task:started that cancels the task finds no slot in use when the cancellation is told', () => {
    const supervisor = new TaskSupervisor()
    const slots: unknown[] = []
    supervisor.on('task:started', ({ task }) => void supervisor.cancel(task.id))
    supervisor.on('task:cancelled', () => void slots.push(supervisor.status().slots))
    let hasRun = false
    supervisor.spawn(() => void (hasRun = true))
    expect(hasRun).toBe(false)
    expect(slots).toEqual([expect.objectContaining({ running: 0, stopping: 0 })])
  })

  it('of supervisor:idle that spawns keeps drain and onIdle waiting for that too', async () => {
    for (const wait of ['drain', 'onIdle'] as const) {
      const supervisor = new TaskSupervisor()
      let isDone = false
      supervisor.once('supervisor:idle', () => {
        supervisor.spawn(async () => {
          await turns(5)
          isDone = true
        })
      })
      supervisor.spawn(() => 1)
      await supervisor[wait]()
      expect(isDone).toBe(true)
    }
  })
})

describe('a listener whose promise hangs', () => {
  it('is given up and reported once, 5 s later, and leaves no timer', async () => {
    const { clock, supervisor } = clocked({ retention: { interval: Infinity } })
    const seen = record(supervisor, ['hook:error'])
    supervisor.on('task:completed', never)
    supervisor.spawn(() => 1)
    clock.advance(4_999)
    expect(seen).toEqual([])
    clock.advance(1)
    expect(seen).toMatchObject([{ payload: { where: expect.stringContaining('task:completed') } }])
    clock.advance(60_000)
    await turns()
    expect(seen).toHaveLength(1)
    expect(clock.timers).toBe(0)
  })

  it('leaves no timer when its promise settles in time', async () => {
    const { clock, supervisor } = clocked({ retention: { interval: Infinity } })
    supervisor.on('task:completed', async () => undefined)
    supervisor.spawn(() => 1)
    await supervisor.onIdle()
    await turns()
    expect(clock.timers).toBe(0)
  })
})

describe('on, once and off', () => {
  it.each(['task:strated', '', 'toString', '__proto__', null, 7, Symbol('x'), Object.create(null) as unknown, {}])(
    'make %s for an event a TaskOptionError',
    (event) => {
      const supervisor = new TaskSupervisor()
      for (const method of ['on', 'once', 'off'] as const) {
        expect(() => supervisor[method](event as never, () => undefined)).toThrow(
          expect.objectContaining({ code: 'OPTION_INVALID' }),
        )
      }
    },
  )
})

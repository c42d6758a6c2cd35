import { describe, expect, it } from 'vitest'
import { clocked, durableStore, never, runFixture, turns } from './support.js'

describe('a process that awaits close', () => {
  it.each(['hanging commit', 'hanging open', 'hanging close'])(
    'gets its report in time with a store with a %s, and ends by itself',
    async (fault) => {
      const { code, stdout } = await runFixture('close-with-bad-store.ts', [fault])
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringContaining(fault === 'hanging close' ? '"persisted":true' : '"persisted":false'),
      })
    },
  )

  it('gets its report with keepAlive: false and a task that never stops', async () => {
    const { code, stdout } = await runFixture('close-with-hung-task.ts')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'abandoned 1' })
  })
})

describe('the time that is kept back for the store', () => {
  it.each([
    ["mode 'cancel'", { mode: 'cancel', grace: 1_000 } as const],
    ['a drain that takes too long', { timeout: 500, grace: 500 }],
    ['no grace at all', { timeout: 1_000, grace: 0 }],
  ])('has the outcome of a task that never stops written down: %s', async (_, options) => {
    const inner = durableStore()
    // As slow as a database may be.
    const { clock, supervisor } = clocked({
      store: {
        ...inner,
        commit: async (changes) => {
          await new Promise<void>((resolve) => void clock.setTimer(20, resolve))
          return inner.commit(changes)
        },
      },
    })
    const stuck = supervisor.spawn(never)
    const closing = supervisor.close(options)
    for (let waited = 0; waited < 1_000; waited += 10) {
      await turns(3)
      clock.advance(10)
    }
    const report = await closing
    expect(report).toMatchObject({ persisted: true, abandoned: [{ id: stuck.id }] })
    expect(report.durationMs).toBeLessThanOrEqual(1_000)
    expect(await inner.get(stuck.id)).toMatchObject({ status: 'cancelled', abandoned: true })
  })

  it('is not taken from the tasks where the store dies with the process', async () => {
    const { clock, supervisor } = clocked()
    const stuck = supervisor.spawn(never)
    const closing = supervisor.close({ mode: 'cancel', grace: 1_000 })
    await turns()
    clock.advance(999)
    expect(stuck.snapshot().abandoned).toBe(false)
    clock.advance(1)
    expect(await closing).toMatchObject({ persisted: true, abandoned: [{ id: stuck.id }] })
  })
})

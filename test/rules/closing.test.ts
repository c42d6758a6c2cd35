import { describe, expect, it } from 'vitest'
import { runFixture } from './support.js'

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

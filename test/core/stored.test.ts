import { describe, expect, it } from 'vitest'
import { errorRecordFromStored, recordFromStored, transitionFromStored } from '../../src/core/stored.js'
import { makeTask } from '../runtime/support/tasks.js'

const RECORD = makeTask(0, { id: 'a' }).snapshot()
const STEP = { taskId: 'a', from: null, to: 'pending', at: 5, attempt: 0, instanceId: 'i', reason: null, error: null }
const FAILURE = {
  ...{ id: 'e', taskId: 'a', taskName: 'work', owner: null, attempt: 1, at: 5, fingerprint: 'f' },
  error: { message: 'boom', code: null, details: null },
}

describe('recordFromStored', () => {
  it('gives what was stored, where the row says the same', () => {
    const { id, version, status, createdAt, instanceId } = RECORD
    expect(recordFromStored({ ...RECORD }, { id, version, status, createdAt, instanceId })).toEqual(RECORD)
    expect(recordFromStored({ ...RECORD })).toEqual(RECORD)
  })

  it.each([
    ['id', 'b'],
    ['version', 7],
    ['status', 'failed'],
    ['createdAt', 7],
    ['instanceId', 'other'],
  ])('believes the row where its text says another %s, and marks it', (key, known) => {
    const read = recordFromStored({ ...RECORD, status: 'completed' }, { status: 'completed', [key]: known })
    expect(read).toMatchObject({ [key]: known, error: { code: 'STORE_CORRUPT' } })
    expect(read.error?.message).toContain(`${key} is not that of its row`)
  })

  it('believes its text where the row knows nothing sound', () => {
    expect(recordFromStored({ ...RECORD }, { status: 'odd' as never, version: NaN, id: '' })).toEqual(RECORD)
  })

  it.each([1.5, 1e300, -3.25, 1e17])('keeps the instant %d, at which its row stands, and marks it', (createdAt) => {
    expect(recordFromStored({ ...RECORD, createdAt })).toMatchObject({ createdAt, error: { code: 'STORE_CORRUPT' } })
  })

  it('gives no instant that JSON has not', () => {
    for (const createdAt of [Infinity, -Infinity]) {
      const read = recordFromStored('torn', { createdAt })
      expect(read).toMatchObject({
        createdAt: Math.sign(createdAt) * Number.MAX_VALUE,
        error: { code: 'STORE_CORRUPT' },
      })
    }
    expect(recordFromStored('torn', { createdAt: NaN }).createdAt).toBe(0)
    for (const key of ['startedAt', 'finishedAt', 'runAt', 'stoppingSince']) {
      const read = recordFromStored({ ...RECORD, [key]: 1.5 })
      expect(read).toMatchObject({ [key]: null, error: { code: 'STORE_CORRUPT' } })
    }
  })
})

describe('transitionFromStored and errorRecordFromStored', () => {
  it('belong to the task of their row', () => {
    expect(transitionFromStored(STEP, { taskId: 'a' })).toEqual(STEP)
    expect(transitionFromStored(STEP, { taskId: 'b' })).toMatchObject({ taskId: 'b', error: { code: 'STORE_CORRUPT' } })
    expect(errorRecordFromStored(FAILURE, { taskId: 'a', id: 'e', at: 5 })).toEqual(FAILURE)
    for (const known of [{ taskId: 'b' }, { id: 'x' }, { at: 6 }]) {
      expect(errorRecordFromStored(FAILURE, known)).toMatchObject({ ...known, error: { code: 'STORE_CORRUPT' } })
    }
  })
})

import { describe, expect, it } from 'vitest'
import { clocked } from './support.js'

describe('a result', () => {
  it('is not kept unless that is asked for', async () => {
    const { supervisor } = clocked()
    const handle = supervisor.spawn(() => ({ sent: 3 }))
    await handle.persisted
    expect(handle.snapshot().result).toBeNull()
    await supervisor.close()
  })

  it('is kept in the record as JSON, secrets redacted, and given to the caller as it is', async () => {
    const { supervisor } = clocked()
    const value = { sent: 3, at: new Date(0), password: 'hush' }
    const handle = supervisor.spawn(async () => value, { keepResult: true })
    expect(await handle.result).toBe(value)
    await handle.persisted
    const kept = { sent: 3, at: '1970-01-01T00:00:00.000Z', password: '[redacted]' }
    expect(handle.snapshot().result).toEqual(kept)
    expect((await supervisor.get(handle.id))?.result).toEqual(kept)
    expect((await supervisor.list()).items.map(({ result }) => result)).toEqual([kept])
    expect((await supervisor.history(handle.id)).at(-1)).toMatchObject({ to: 'completed', reason: null })
    await supervisor.close()
  })

  it('is kept as it was when the task ended, and cannot be changed afterwards', async () => {
    const { supervisor } = clocked()
    const value = { list: [1] }
    const handle = supervisor.spawn(() => value, { keepResult: true })
    value.list.push(2)
    const result = handle.snapshot().result as unknown as { list: number[] }
    expect(() => result.list.push(3)).toThrow(TypeError)
    expect(handle.snapshot().result).toEqual({ list: [1] })
    await supervisor.close()
  })

  it.each<[string, unknown, string]>([
    ['that is not JSON', { total: 10n }, 'the result is not kept: a bigint is not JSON'],
    ['that is too large', 'x'.repeat(16_384), 'the result is not kept: it takes more than 16384 bytes as JSON'],
  ])('%s is null, and the history says why', async (_, value, reason) => {
    const { supervisor } = clocked()
    const handle = supervisor.spawn(() => value, { keepResult: true, metadata: { of: 'ann' } })
    expect(handle.snapshot()).toMatchObject({ status: 'completed', result: null, metadata: { of: 'ann' } })
    await handle.persisted
    expect((await supervisor.history(handle.id)).at(-1)).toMatchObject({ to: 'completed', reason, error: null })
    await supervisor.close()
  })

  it('is as large as maxResultBytes allows', async () => {
    const { supervisor } = clocked({ maxResultBytes: 4 })
    const results = ['ab', 'abc'].map((text) => supervisor.spawn(() => text, { keepResult: true }).snapshot().result)
    expect(results).toEqual(['ab', null])
    await supervisor.close()
  })

  it('that throws when it is read harms nobody', async () => {
    const { supervisor } = clocked()
    const hostile = {
      toJSON() {
        throw new Error('mine')
      },
    }
    const handle = supervisor.spawn(() => hostile, { keepResult: true })
    expect(await handle.result).toBe(hostile)
    expect(handle.snapshot()).toMatchObject({ status: 'completed', result: null })
    await supervisor.close()
  })

  it('of a promise that runs already, and of the attempt that completed, is kept too', async () => {
    const { clock, supervisor } = clocked()
    const adopted = supervisor.spawn(Promise.resolve(1), { keepResult: true })
    let runs = 0
    const retried = supervisor.spawn(
      () => {
        if (++runs === 1) throw new Error('once')
        return 'second'
      },
      { keepResult: true, retry: { attempts: 2, delay: 10, jitter: 'none' } },
    )
    clock.advance(10)
    await adopted.settled
    expect([adopted.snapshot().result, retried.snapshot().result]).toEqual([1, 'second'])
    await supervisor.close()
  })
})

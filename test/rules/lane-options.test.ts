import { describe, expect, it } from 'vitest'
import { TaskSupervisor } from 'taskward'
import { laneOf, type Lanes } from './lane-support.js'
import { clocked, hold } from './support.js'

describe('misuse of lanes', () => {
  const misuse = (make: () => unknown): string => {
    try {
      make()
    } catch (error) {
      expect(error).toMatchObject({ name: 'TaskOptionError', code: 'OPTION_INVALID' })
      return (error as Error).message
    }
    return 'nothing was thrown'
  }
  const made = (lanes: unknown) => () => new TaskSupervisor({ lanes: lanes as Lanes })

  it('is to spawn in one that was not declared: the message has the likely spelling, or those there are', () => {
    const { supervisor } = clocked({ lanes: { mail: {}, reports: {} } })
    const spawn = (name: unknown) => misuse(() => supervisor.spawn(() => 1, { lane: name as string }))
    expect(spawn('mial')).toMatch(/^spawn\(\)\.lane.*unknown lane "mial"; did you mean 'mail'\?/)
    expect(spawn('zzz')).toMatch(/known: mail, reports/)
    expect(misuse(() => supervisor.spawn(Promise.resolve(), { lane: 'mial' }))).toMatch(/did you mean 'mail'/)
    for (const wrong of ['', 5, null, {}, ['mail'], Symbol('mail')]) expect(spawn(wrong)).toMatch(/^spawn\(\)\.lane/)
    expect(supervisor.status().totals.spawned).toBe(0)
    expect(supervisor.spawn(() => 1, { lane: undefined }).snapshot().lane).toBeNull()
  })

  it('is no unhandled rejection of run, but one for the caller', async () => {
    await expect(clocked().supervisor.run(() => 1, { lane: 'mail' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each<[string, unknown, RegExp]>([
    ['no object', 'mail', /lanes: expected an object/],
    ['an array', [{ concurrency: 1 }], /lanes/],
    ['a Map', new Map([['mail', {}]]), /lanes/],
    ['null', null, /lanes: expected an object/],
    ['a lane that is null', { mail: null }, /lanes\.mail: expected an object/],
    ['a lane that is a number', { mail: 5 }, /lanes\.mail: expected an object/],
    ['a lane that is a function', { mail: () => 5 }, /lanes\.mail: expected an object/],
    ['a misspelt option', { mail: { concurency: 5 } }, /lanes\.mail\.concurency.*did you mean 'concurrency'/],
    ['an option of the supervisor', { mail: { timeout: 5 } }, /lanes\.mail\.timeout/],
    ['a cap of 0', { mail: { concurrency: 0 } }, /lanes\.mail\.concurrency: expected an integer from 1/],
    ['a cap of 1.5', { mail: { concurrency: 1.5 } }, /lanes\.mail\.concurrency/],
    ['a cap of NaN', { mail: { concurrency: NaN } }, /lanes\.mail\.concurrency/],
    ['a negative queueLimit', { mail: { queueLimit: -1 } }, /lanes\.mail\.queueLimit/],
    ['a rate that is a number', { mail: { rate: 5 } }, /lanes\.mail\.rate: expected an object with limit and interval/],
    ['a rate that is null', { mail: { rate: null } }, /lanes\.mail\.rate: expected/],
    ['a rate without interval', { mail: { rate: { limit: 5 } } }, /lanes\.mail\.rate: .*interval/],
    ['a rate with undefined', { mail: { rate: { limit: 5, interval: undefined } } }, /lanes\.mail\.rate/],
    ['a rate without limit', { mail: { rate: { interval: 5 } } }, /lanes\.mail\.rate: .*limit/],
    ['a rate of 0', { mail: { rate: { limit: 0, interval: 5 } } }, /lanes\.mail\.rate\.limit/],
    ['a rate with more', { mail: { rate: { limit: 1, interval: 5, burst: 2 } } }, /lanes\.mail\.rate\.burst/],
    ['a negative interval', { mail: { rate: { limit: 1, interval: -5 } } }, /lanes\.mail\.rate\.interval/],
    ['a policy without execute', { mail: { policy: {} } }, /lanes\.mail\.policy: expected an object with execute\(\)/],
    ['a policy that is a function', { mail: { policy: () => 1 } }, /lanes\.mail\.policy/],
    ['a name that is empty', { '': {} }, /name in .*lanes/],
    ['a name that no store takes', { 'a\0b': {} }, /name in .*lanes/],
    ['a name that is too long', { ['x'.repeat(257)]: {} }, /name in .*lanes/],
  ])('is %s', (_, lanes, expected) => {
    expect(misuse(made(lanes))).toMatch(expected)
  })

  it.each([
    ['getter', { get mail() { throw new Error('mine') } }], // prettier-ignore
    ['getter of an option', { mail: { get concurrency() { throw new Error('mine') } } }], // prettier-ignore
    ['Proxy', new Proxy({}, { ownKeys() { throw new Error('mine') } })], // prettier-ignore
  ])('is a %s that throws', (_, lanes) => {
    expect(misuse(made(lanes))).toContain('lanes')
  })

  it('is not undefined, wherever it stands: it means the default', () => {
    const given = { concurrency: undefined, queueLimit: undefined, rate: undefined, policy: undefined }
    const { supervisor } = clocked({ lanes: { mail: given, other: undefined } })
    expect(laneOf(supervisor)).toEqual(laneOf(supervisor, 'other'))
    expect(clocked({ lanes: undefined }).supervisor.status().lanes).toEqual({})
  })

  it('is read once: what the caller changes later changes nothing', () => {
    const mail = { concurrency: 1, rate: { limit: 1, interval: 1_000 } }
    const { supervisor } = clocked({ lanes: { mail } })
    mail.concurrency = 99
    mail.rate.limit = 99
    hold(supervisor, { lane: 'mail' })
    expect(hold(supervisor, { lane: 'mail' }).handle.status).toBe('pending')
  })
})

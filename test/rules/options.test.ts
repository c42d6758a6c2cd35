import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type TaskStore } from 'taskward'
import { fakeStore, turns } from './support.js'

const misuse = expect.objectContaining({ name: 'TaskOptionError', code: 'OPTION_INVALID' })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const throwing = (trap: 'get' | 'ownKeys' | 'getOwnPropertyDescriptor'): object =>
  new Proxy(
    { timeout: 5 },
    {
      [trap]: () => {
        throw new Error('mine')
      },
    },
  )

describe('a set of options', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['a string', 'timeout=5'],
    ['a function', () => ({ timeout: 5 })],
    ['an array', []],
    ['a Map', new Map([['timeout', 5]])],
    ['a Date', new Date()],
    ['a revoked Proxy', revoked()],
    ['a Proxy whose keys throw', throwing('ownKeys')],
    ['a Proxy whose values throw', throwing('get')],
    [
      'an object with a getter that throws',
      {
        get timeout(): number {
          throw new Error('mine')
        },
      },
    ],
  ])('is misuse, told as a TaskOptionError, when it is %s', async (_, given) => {
    const supervisor = new TaskSupervisor()
    expect(() => new TaskSupervisor(given as never)).toThrow(misuse)
    expect(() => supervisor.spawn(() => 1, given as never)).toThrow(misuse)
    expect(() => supervisor.status(given as never)).toThrow(misuse)
    await expect(supervisor.list(given as never)).rejects.toThrow(misuse)
    await expect(supervisor.errors(given as never)).rejects.toThrow(misuse)
    await expect(supervisor.drain(given as never)).rejects.toThrow(misuse)
    await expect(supervisor.close(given as never)).rejects.toThrow(misuse)
    expect(supervisor.status()).toMatchObject({ state: 'open', totals: { spawned: 0 } })
  })
})

describe('times', () => {
  it.each([0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER, Infinity, undefined])('may be %s', (time) => {
    const options = { timeout: time, queueTimeout: time, grace: time }
    expect(() => new TaskSupervisor(options).spawn(() => 1, options)).not.toThrow()
    expect(
      () => new TaskSupervisor({ retention: { maxAge: time, interval: time }, monitor: { interval: time } }),
    ).not.toThrow()
  })
})

describe('metadata', () => {
  it.each<[string, unknown]>([
    ['an array with a hole', [, 1]],
    ['an array with a map of its own', Object.assign([1], { map: () => [() => 1] })],
    ['a Proxy of an array', new Proxy([1], { get: () => () => () => 1 })],
    ['minus zero', -0],
  ])('that holds %s is misuse or is kept as JSON', async (_, value) => {
    const supervisor = new TaskSupervisor()
    let handle
    try {
      handle = supervisor.spawn(() => 1, { metadata: { value: value as never } })
    } catch (error) {
      expect(error).toMatchObject({ code: 'OPTION_INVALID' })
      return
    }
    const { metadata } = handle.snapshot()
    expect(metadata).toStrictEqual(JSON.parse(JSON.stringify(metadata)))
    await handle.persisted
    expect((await supervisor.get(handle.id))?.metadata).toStrictEqual(metadata)
  })
})

describe('a store', () => {
  it.each<[string, Partial<Record<keyof TaskStore, unknown>>]>([
    ['no capabilities', { capabilities: undefined }],
    ['no kind', { kind: undefined }],
    ['no commit', { commit: undefined }],
  ])('with %s is refused by the constructor', (_, broken) => {
    expect(() => new TaskSupervisor({ store: { ...fakeStore(), ...broken } as TaskStore })).toThrow(misuse)
  })
})

describe('a signal', () => {
  it('whose addEventListener throws leaves no task behind that never ends', async () => {
    const supervisor = new TaskSupervisor()
    const signal = {
      aborted: false,
      addEventListener: () => {
        throw new Error('mine')
      },
      removeEventListener: () => undefined,
    }
    try {
      supervisor.spawn(() => 1, { signal: signal as never })
    } catch (error) {
      expect(error).toMatchObject({ code: 'OPTION_INVALID' })
    }
    await turns()
    const { totals, tasks } = supervisor.status()
    expect(tasks).toEqual([])
    expect(totals.spawned).toBe(totals.completed + totals.failed + totals.cancelled)
  })
})

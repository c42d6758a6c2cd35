import { describe, expect, it } from 'vitest'
import { silence, whenSettled } from '../../src/runtime/thenable.js'
import { revoked } from '../core/support/hostile-values.js'
import { runChild } from './support/child.js'
import { turns } from './support/turns.js'

type Then = (fulfil: (value: unknown) => void, reject: (reason: unknown) => void) => unknown
const thenable = (then: Then): object => ({ then })

async function settlements(value: unknown): Promise<unknown[]> {
  const seen: unknown[] = []
  const isPending = whenSettled(
    value,
    (fulfilled) => seen.push(['fulfilled', fulfilled]),
    (rejected: unknown) => seen.push(['rejected', rejected]),
  )
  await turns(3)
  return isPending ? seen : ['settles not']
}

describe('whenSettled', () => {
  it.each([undefined, null, 0, '', 'then', Symbol('x'), {}, [], { then: 1 }, () => 1])('says that %o settles not', async (value) => {
    expect(await settlements(value)).toEqual(['settles not'])
  }) // prettier-ignore

  it('follows a native promise, through promises within it', async () => {
    expect(await settlements(Promise.resolve(1))).toEqual([['fulfilled', 1]])
    expect(await settlements(Promise.reject('no'))).toEqual([['rejected', 'no']])
    expect(await settlements(Promise.resolve().then(() => Promise.resolve(2)))).toEqual([['fulfilled', 2]])
  })

  it('follows a foreign thenable, a function among them, and what it resolves with', async () => {
    expect(await settlements(thenable((fulfil) => fulfil(1)))).toEqual([['fulfilled', 1]])
    expect(await settlements(thenable((_, reject) => reject('no')))).toEqual([['rejected', 'no']])
    expect(await settlements(Object.assign(() => 0, { then: (fulfil: (v: unknown) => void) => fulfil(1) }))).toEqual([
      ['fulfilled', 1],
    ])
    const nested = thenable((fulfil) => fulfil(thenable((inner) => inner(Promise.resolve(3)))))
    expect(await settlements(nested)).toEqual([['fulfilled', 3]])
    expect(await settlements(thenable((fulfil) => fulfil(Promise.reject('within'))))).toEqual([['rejected', 'within']])
  })

  it('does not unwrap what a rejection carries', async () => {
    const reason = thenable((fulfil) => fulfil(1))
    expect(await settlements(thenable((_, reject) => reject(reason)))).toEqual([['rejected', reason]])
  })

  it('hears nothing of a thenable that never calls back', async () => {
    expect(await settlements(thenable(() => undefined))).toEqual([])
  })

  it('passes every settlement on, the first first', async () => {
    expect(
      await settlements(
        thenable((fulfil) => {
          fulfil(1)
          fulfil(2)
        }),
      ),
    ).toEqual([
      ['fulfilled', 1],
      ['fulfilled', 2],
    ])
    const both = thenable((fulfil, reject) => {
      fulfil(1)
      reject('after')
    })
    expect((await settlements(both))[0]).toEqual(['fulfilled', 1])
    const other = thenable((fulfil, reject) => {
      reject('first')
      fulfil(1)
    })
    expect((await settlements(other))[0]).toEqual(['rejected', 'first'])
  })

  it('lets what comes after a promise wait for it', async () => {
    const value = thenable((fulfil, reject) => {
      fulfil(Promise.resolve(1))
      reject('after')
    })
    expect(await settlements(value)).toEqual([
      ['fulfilled', 1],
      ['rejected', 'after'],
    ])
  })

  it('takes a throw for a rejection, but not before the settlement it comes after', async () => {
    const throwing = (fulfil: (value: unknown) => void): never => {
      fulfil(1)
      throw 'after'
    }
    expect(await settlements(thenable(() => { throw 'before' }))).toEqual([['rejected', 'before']]) // prettier-ignore
    expect((await settlements(thenable(throwing)))[0]).toEqual(['fulfilled', 1])
  })

  it('takes the rejection of an async then for its own, unless it has called back', async () => {
    const before = thenable(async () => {
      throw 'before'
    })
    const after = thenable(async (fulfil) => {
      fulfil(1)
      throw 'after'
    })
    expect(await settlements(before)).toEqual([['rejected', 'before']])
    expect(await settlements(after)).toEqual([['fulfilled', 1]])
  })

  it('takes a then that cannot be read for a rejection, and reads it once', async () => {
    let reads = 0
    const once = Object.defineProperty({}, 'then', {
      get: () => (reads++ === 0 ? (fulfil: (value: unknown) => void) => fulfil(reads) : undefined),
    })
    expect(await settlements(once)).toEqual([['fulfilled', 1]])
    expect(await settlements(revoked({}))).toEqual([['rejected', expect.any(TypeError)]])
    expect(await settlements({ then: Promise.prototype.then })).toEqual([['rejected', expect.any(TypeError)]])
  })

  it('ends chains that do not', async () => {
    const self: object = thenable((fulfil) => fulfil(self))
    const ping: object = thenable((fulfil) => fulfil(pong))
    const pong: object = thenable((fulfil) => fulfil(ping))
    const endless = (): object => thenable((fulfil) => fulfil(endless()))
    for (const value of [self, ping, endless()]) {
      expect(await settlements(value)).toEqual([['rejected', expect.any(TypeError)]])
    }
  })

  it('follows a long chain, without a stack', async () => {
    let value: unknown = 'end'
    for (let link = 0; link < 900; link++) {
      const next = value
      value = thenable((fulfil) => fulfil(next))
    }
    expect(await settlements(value)).toEqual([['fulfilled', 'end']])
  })

  it('starts a lazy promise, whose then does the work', async () => {
    class Lazy extends Promise<number> {
      static override get [Symbol.species](): PromiseConstructor {
        return Promise
      }
      starts = 0
      override then<A, B>(...callbacks: Parameters<typeof Promise.prototype.then<A, B>>): Promise<A | B> {
        this.starts++
        return super.then<A, B>(...callbacks)
      }
    }
    const lazy = new Lazy((resolve) => resolve(5))
    expect(await settlements(lazy)).toEqual([['fulfilled', 5]])
    expect(lazy.starts).toBe(1)
  })

  it('follows a subclass that cannot make another of its kind, which await cannot', async () => {
    class Deferred extends Promise<number> {
      readonly label: string
      constructor(label: string) {
        super((resolve) => setImmediate(resolve, 5))
        this.label = label
      }
    }
    expect(await settlements(new Deferred('mine'))).toEqual([['fulfilled', 5]])
  })
})

describe('silence', () => {
  it('takes anything', () => {
    for (const value of [undefined, null, 1, 'text', {}, revoked({}), thenable(() => undefined)]) silence(value)
  })
})

describe('no rejection is left unhandled', () => {
  const script = (body: string): string => `
    import { silence, whenSettled } from 'src/runtime/thenable.ts'
    const look = (value) => whenSettled(value, (v) => console.log('fulfilled', v), (r) => console.log('rejected', String(r)))
    class Species extends Promise { static get [Symbol.species]() { throw new Error('species') } }
    ${body}
    setTimeout(() => console.log('alive'), 10)`

  it.each([
    ['a native promise', `look(Promise.reject('a'))`, 'rejected a'],
    ['an async then after it called back', `look({ async then(f) { f(1); throw 'a' } })`, 'fulfilled 1'],
    ['a promise resolved with', `look({ then: (f) => f(Promise.reject('a')) })`, 'rejected a'],
    ['a promise that is silenced', `silence(Promise.reject('a'))`, ''],
    ['a subclass with a species that throws', `look(Species.reject('a'))`, 'rejected a'],
    ['a silenced subclass with a species that throws', `silence(Species.reject('a'))`, ''],
  ])('of %s', (_, body, printed) => {
    const { status, stdout } = runChild(script(body))
    expect(stdout).toBe(`${printed}\nalive`.trim())
    expect(status).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/core/fingerprint.js'
import { foldMessage } from '../../src/core/fingerprint/message.js'
import { framesOf } from '../../src/core/fingerprint/frames.js'
import { normalizeError } from '../../src/core/normalize-error.js'

const of = (message: string, details: Record<string, unknown> = {}, code: string | null = null) =>
  fingerprint({ message, code, details: { name: 'Error', ...details } })
const stackOf = (...frames: string[]) => ({
  stack: `Error: boom${frames.map((frame) => `\n    at ${frame}`).join('')}`,
})

describe('fingerprint', () => {
  it.each([
    ['order 12 not found', 'order 4711 not found'],
    ['order ord_8fK29x not found', 'order ord_Zz81q not found'],
    ['job 018f3a4e-7c1b-7def-8a2b-0123456789ab failed', 'job 5d9b1a30-aaaa-4bbb-8ccc-ba9876543210 failed'],
    ['segfault at 0x7ffee4', 'segfault at 0xdeadbeef'],
    ['commit deadbeefcafe missing', 'commit cafebabefeed missing'],
    ['late by 1.5e3 ms at 2024-01-02T03:04:05.678Z', 'late by 20 ms at 2026-11-22T00:00:00Z'],
    ["ENOENT: no such file or directory, open '/tmp/a/b.txt'", "ENOENT: no such file or directory, open '/var/c.txt'"],
    ['cannot open /tmp/a/b', 'cannot open /var/lib/c.json'],
    ['cannot open C:\\temp\\a.txt', 'cannot open D:\\x\\y.txt'],
    ['no user "ann"', 'no user "bob smith"'],
    ["no user 'ann'", "no user 'bob'"],
    ['GET https://api.example.com/a?x=1 failed', 'GET https://api.example.com/b/c failed'],
    ['mail to ann@example.com bounced', 'mail to bob.b@mail.example.org bounced'],
    ['connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED 10.0.0.77:5432'],
    ['two  lines\nhere', 'two lines here'],
  ])('is the same for %j and %j', (a, b) => {
    expect(foldMessage(a)).toBe(foldMessage(b))
    expect(of(a)).toBe(of(b))
  })

  it.each([
    ['order not found', 'user not found'],
    ['connect ECONNREFUSED 10.0.0.1:5432', 'connect ETIMEDOUT 10.0.0.1:5432'],
    ["Cannot read properties of undefined (reading 'id')", "Cannot read properties of undefined (reading 'name')"],
    ["the user's card was declined", "the shop's card was declined"],
  ])('differs for %j and %j', (a, b) => {
    expect(of(a)).not.toBe(of(b))
  })

  it('differs by name, code and innermost cause', () => {
    const all = [
      of('boom'),
      of('boom', { name: 'TypeError' }),
      of('boom', {}, 'E_X'),
      of('boom', { cause: { message: 'why', code: null, details: null } }),
      of('boom', {
        cause: { message: 'why', code: null, details: { cause: { message: 'deeper', code: null, details: null } } },
      }),
      of('boom', { errors: [{ message: 'first', code: null, details: null }] }),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  it('differs by function and file, not by line, machine or what lies beneath', () => {
    const base = of('boom', stackOf('pay (/app/src/pay.js:10:5)', 'run (/app/src/run.js:1:1)'))
    expect(of('boom', stackOf('pay (/app/src/pay.js:99:1)', 'run (/app/src/run.js:7:7)'))).toBe(base)
    expect(
      of(
        'boom',
        stackOf('async pay (file:///home/ann/shop/src/pay.js:10:5)', 'run (file:///home/ann/shop/src/run.js:1:1)'),
      ),
    ).toBe(base)
    expect(
      of(
        'boom',
        stackOf(
          'node:internal/x:1:1',
          'pay (/app/src/pay.js:10:5)',
          'f (/app/node_modules/lib/i.js:1:1)',
          'run (/app/src/run.js:1:1)',
        ),
      ),
    ).toBe(base)
    expect(
      of(
        'boom',
        stackOf(
          'pay (/app/src/pay.js:1:1)',
          'run (/app/src/run.js:1:1)',
          'a (/app/src/a.js:1:1)',
          'deep (/app/src/deep.js:1:1)',
        ),
      ),
    ).toBe(
      of(
        'boom',
        stackOf(
          'pay (/app/src/pay.js:1:1)',
          'run (/app/src/run.js:1:1)',
          'a (/app/src/a.js:1:1)',
          'other (/app/src/other.js:1:1)',
        ),
      ),
    )
    expect(of('boom', stackOf('refund (/app/src/pay.js:10:5)', 'run (/app/src/run.js:1:1)'))).not.toBe(base)
    expect(of('boom', stackOf('pay (/app/src/other.js:10:5)', 'run (/app/src/run.js:1:1)'))).not.toBe(base)
  })

  it('does not look beneath taskward, where the first attempt and a retry differ', () => {
    const first = stackOf(
      'work (/app/src/work.js:1:1)',
      'start (/app/node_modules/taskward/dist/index.js:1:1)',
      'route (/app/src/route.js:2:2)',
    )
    const retry = stackOf('work (/app/src/work.js:1:1)', 'timer (/app/node_modules/taskward/dist/index.js:9:9)')
    expect(of('boom', first)).toBe(of('boom', retry))
  })

  it('takes the first frame where none is of the user', () => {
    const one = stackOf('a (/app/node_modules/lib/a.js:1:1)')
    const two = stackOf('b (/app/node_modules/lib/b.js:1:1)')
    expect(of('boom', one)).not.toBe(of('boom', two))
    expect(framesOf('Error: boom\n    at new Promise (<anonymous>)')).toBe('')
  })

  it('is the same for the same fault thrown twice, and another for another place', () => {
    const missing = (id: number) => new Error(`order ${id} is missing`)
    const absent = (id: number) => new Error(`order ${id} is missing`)
    expect(fingerprint(normalizeError(missing(1)))).toBe(fingerprint(normalizeError(missing(20))))
    expect(fingerprint(normalizeError(missing(1)))).not.toBe(fingerprint(normalizeError(absent(1))))
  })

  it('is 16 digits, and spread evenly', () => {
    const seen = new Set<string>()
    const firsts = new Map<string, number>()
    for (let i = 0; i < 20_000; i++) {
      const words = i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)
      const print = of(`fault ${words}`)
      expect(print).toMatch(/^[0-9a-f]{16}$/)
      seen.add(print)
      firsts.set(print[0]!, (firsts.get(print[0]!) ?? 0) + 1)
    }
    expect(seen.size).toBe(
      new Set(
        Array.from({ length: 20_000 }, (_, i) =>
          i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!),
        ),
      ).size,
    )
    for (const count of firsts.values()) expect(count).toBeGreaterThan(1000)
  })

  it.each([
    ['a', `${'a'.repeat(2000)}!`],
    ['path', '/a'.repeat(1000)],
    ['quote', `'${'a'.repeat(2000)}`],
    ['digits', `${'1a-'.repeat(700)}@`],
  ])('folds a message of %s without end in time', (_, message) => {
    const start = performance.now()
    for (let i = 0; i < 20; i++) foldMessage(message)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

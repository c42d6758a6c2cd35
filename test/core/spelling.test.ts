import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { likelySpelling } from '../../src/core/spelling.js'

const OPTIONS = ['concurrency', 'timeout', 'queueTimeout', 'queueLimit', 'grace', 'onOverflow', 'onError', 'name']

describe('likelySpelling', () => {
  it.each([
    ['concurency', 'concurrency'],
    ['timout', 'timeout'],
    ['Timeout', 'timeout'],
    ['time-out', 'timeout'],
    ['queue_timeout', 'queueTimeout'],
    ['queuetimeot', 'queueTimeout'],
    ['conc', 'concurrency'],
    ['nam', 'name'],
    ['gracee', 'grace'],
    ['onerr', 'onError'],
  ])('takes %s for %s', (word, meant) => {
    expect(likelySpelling(word, OPTIONS)).toBe(meant)
  })

  it.each(['', 'x', 'retries', 'colour', 'toString', '__proto__', '---'])('takes %j for none of them', (word) => {
    expect(likelySpelling(word, OPTIONS)).toBeUndefined()
  })

  it.each([
    ['timeoutt', ['time', 'timeout']],
    ['Lanes', ['lane', 'lanes']],
    ['max-age', ['maxAges', 'maxAge']],
  ])('takes %s for the nearest of %j', (word, known) => {
    expect(likelySpelling(word, known)).toBe(known[1])
  })

  it('takes the first of two that are equally near', () => {
    expect(likelySpelling('lanez', ['laned', 'lanes'])).toBe('laned')
  })

  it('knows a word that differs in case and separators alone', () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/)
    fc.assert(
      fc.property(word, word, (first, second) => {
        const known = `${first}${second.toUpperCase()}`
        expect(likelySpelling(`${first}-${second}`, ['entirely other', known])).toBe(known)
      }),
    )
  })

  it('answers at once to a word of any length', () => {
    const started = performance.now()
    likelySpelling('a'.repeat(10_000_000), OPTIONS)
    expect(performance.now() - started).toBeLessThan(100)
  })
})

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { normalizeError } from '../../../src/core/normalize-error.js'

const SECRET = 'pl4nted-S3cret-9f27c1'
const stackOf = (thrown: unknown) => normalizeError(thrown).details?.['stack']
const withStack = (stack: string) => stackOf(Object.assign(new Error('boom'), { stack }))
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

describe('the stack', () => {
  it.each([
    [
      'a space in a path',
      'Error: boom\n    at f (/home/ann lee/app/x.js:1:2)\n    at async Promise.all (index 0)\n    at [eval]:1:1',
    ],
    ['a query', 'Error: boom\n    at f (file:///app/x.js?v=1c3d:1:2)'],
    ['a path that is not ASCII', 'Error: boom\n    at größe (/app/größe/日本.js:1:2)'],
    ['evaluated code', 'Error: boom\n    at eval (eval at run (/app/x.js:1:2), <anonymous>:1:7)'],
  ])('is kept whole with %s', (_, stack) => {
    expect(withStack(stack)).toBe(stack)
    expect(withStack(stack)).toBe(stack)
  })

  it.each([
    ['its header', `Error: password=${SECRET}\n    at f (/x.js:1:1)`],
    ['a frame', `Error: boom\n    at f (https://api.example.com/?token=${SECRET}:1:1)\n    at g (/x.js:1:1)`],
    ['the URL of a frame', `Error: boom\n    at f (https://ann:${SECRET}@example.com/x.js:1:1)`],
    ['a token of a known form', `Error: boom\n    at ghp_${SECRET.replaceAll('-', '')}abcdef (/x.js:1:1)`],
    ['quotes across frames', `Error: password="a\n    at ${SECRET}"\n    at f (/x.js:1:1)`],
    ['brackets across frames', `Error: token={ a:\n    at ${SECRET} }\n    at f (/x.js:1:1)`],
    [
      'a key across frames',
      `Error: -----BEGIN PRIVATE KEY-----\n    at ${SECRET}\n-----END PRIVATE KEY-----\n    at f (/x.js:1:1)`,
    ],
  ])('leaves out a secret in %s', (_, stack) => {
    expect(withStack(stack)).toMatch(/^Error: /)
    expect(JSON.stringify(normalizeError(Object.assign(new Error('boom'), { stack })))).not.toMatch(/pl4nted|S3cret/)
  })

  it('does not take what one redactor found clean for clean with another', () => {
    const thrown = Object.assign(new Error('boom'), {
      stack: 'Error: boom\n    at f (https://x.example/?tenant=t7:1:1)',
    })
    expect(stackOf(thrown)).toContain('tenant=t7')
    expect(normalizeError(thrown, { redact: ['tenant'] }).details?.['stack']).not.toContain('t7')
  })

  it('is well-formed and free of NUL in its frames too', () => {
    expect(withStack('Error: boom\n    at f\0 (/x\ud800.js:1:1)')).toBe('Error: boom\n    at f\u2400 (/x\ufffd.js:1:1)')
  })
})

describe('an error whose message is an accessor', () => {
  const schema = z.object({ name: z.string() })

  it('keeps its stack where its issues say what the message is, and is left as it was', () => {
    const error = thrownBy(() => schema.parse({})) as Error
    const before = Object.getOwnPropertyDescriptor(error, 'message')
    expect(normalizeError(error)).toMatchObject({
      message: 'Invalid input: expected string, received undefined at name',
      details: { name: 'ZodError', stack: expect.stringContaining('stack.test.ts') as string },
    })
    expect(Object.getOwnPropertyDescriptor(error, 'message')).toEqual(before)
    expect(Reflect.ownKeys(error)).toContain('issues')
  })

  it('is not asked, and is given up where it cannot be changed', () => {
    let asked = 0
    const get = () => String(asked++)
    const issues = [{ message: 'wrong', path: ['a'] }]
    const sealed = Object.seal(Object.defineProperty(Object.assign(new Error('x'), { issues }), 'message', { get }))
    expect(normalizeError(sealed)).toEqual({ message: 'wrong at a', code: null, details: { name: 'Error', issues } })
    const open = Object.defineProperty(Object.assign(new Error('x'), { issues }), 'message', { get })
    expect(stackOf(open)).toMatch(/^Error: wrong at a\n {4}at /)
    expect(asked).toBe(0)
  })
})

describe('a class with getters', () => {
  it('is asked for what it says, and passed over where it throws', () => {
    class DeclinedError extends Error {
      override get message() {
        return 'declined'
      }
      get code(): string {
        throw new Error('own code')
      }
    }
    expect(normalizeError(new DeclinedError())).toMatchObject({
      message: 'declined',
      code: null,
      details: { name: 'DeclinedError' },
    })
  })

  it('is asked once when it normalizes itself', () => {
    let asked = 0
    class Reflexive extends Error {
      override get message(): string {
        asked++
        return `seen ${normalizeError(this).message}`
      }
      override get name(): string {
        asked++
        return `inner ${normalizeError(this).message}`
      }
      override get cause(): unknown {
        asked++
        return normalizeError(this).details?.['cause']
      }
    }
    expect(normalizeError(new Reflexive('x'))).toMatchObject({ message: 'x' })
    expect(asked).toBeLessThan(20)
  })
})

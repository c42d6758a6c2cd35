import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeError, parseTaskError } from '../../src/core/normalize-error.js'

const secretText = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{2}\d[A-Za-z0-9]{12,24}$/)

const secretKey = fc
  .constantFrom(
    ...['password', 'Password', 'PASSWD', 'db-pass', 'user_pwd', 'client secret', 'clientSecret', 'SECRET_KEY'],
    ...['accessToken', 'refresh_token', 'X-Auth-Token', 'authorization', 'Proxy-Authorization', 'Authorisation'],
    ...['cookie', 'Set-Cookie', 'api key', 'apiKey', 'API--KEY', 'x-api-key', 'APIKEY', 'private.key', 'sessionId'],
  )
  .chain((key) => fc.constantFrom(key, key.toUpperCase(), key.toLowerCase(), `my_${key}`, `${key}2`))

class Options {
  verbose = true
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** A secret as the value of a key, in the forms that headers, options and variables come in. */
const HOLDERS: Record<string, (key: string, secret: unknown) => unknown> = {
  'a field': (key, secret) => ({ [key]: secret }),
  'a field without prototype': (key, secret) => Object.assign(Object.create(null) as object, { [key]: secret }),
  'a Map': (key, secret) => new Map([[key, secret]]),
  'a list of pairs': (key, secret) => [
    ['accept', 'json'],
    [key.replaceAll(' ', '-'), secret],
  ],
  'a flat list': (key, secret) => ['accept', 'json', key.replaceAll(' ', '-'), secret],
  'a Set of pairs': (key, secret) => new Set([[key.replaceAll(' ', '-'), secret]]),
  'a list of names and values': (key, secret) => [{ name: key.replaceAll(' ', '-'), value: secret }],
  'a class': (key, secret) => Object.assign(new Options(), { [key]: secret }),
  'text of JSON': (key, secret) => JSON.stringify({ [key]: secret }),
  'text of JSON within JSON': (key, secret) => JSON.stringify({ body: JSON.stringify({ a: 1, [key]: secret }) }),
  'inspected text': (key, secret) => inspect(JSON.parse(JSON.stringify({ a: 1, [key]: secret, z: 1 }))),
  'text of a query': (key, secret) => `a=1&${new URLSearchParams({ [key]: textOf(secret) }).toString()}&b=2`,
  'a line': (key, secret) => `GET / HTTP/1.1\r\nHost: x\r\n${key}: ${textOf(secret)}\r\nAccept: json`,
  'a Headers': (key, secret) => new Headers({ [key.replaceAll(' ', '-')]: textOf(secret) }),
}

/** Where such a thing may be in what was thrown. */
const PLACES: Record<string, (held: unknown) => unknown> = {
  itself: (held) => held,
  'a field': (held) => Object.assign(new Error('boom'), { held }),
  'axios fields': (held) =>
    Object.assign(new Error('boom'), { config: { headers: held }, response: { headers: held } }),
  'the cause': (held) => new Error('boom', { cause: held }),
  'a cause of the cause': (held) =>
    new Error('boom', { cause: new Error('why', { cause: Object.assign(new Error('x'), { held }) }) }),
  'an inner error': (held) => new AggregateError([held, Object.assign(new Error('one'), { held })], 'boom'),
  'a named error': (held) => Object.assign(new Error('boom'), { errors: { one: { held } } }),
  'a suppressed error': (held) => Object.assign(new Error('boom'), { error: new Error('x'), suppressed: { held } }),
  'an issue': (held) => Object.assign(new Error('boom'), { issues: [{ message: 'wrong', path: [], input: held }] }),
  'the message': (held) => new Error(typeof held === 'string' ? held : 'boom', { cause: held }),
  'a list in a Map': (held) => new Map([['list', [held]]]),
}

const VALUES: Record<string, (secret: string) => unknown> = {
  text: (secret) => secret,
  'boxed text': (secret) => new String(secret),
  scheme: (secret) => `Bearer ${secret}`,
  list: (secret) => [secret],
  object: (secret) => ({ value: secret }),
  error: (secret) => new Error(secret),
}

const oneOf = <T>(named: Record<string, T>) =>
  fc.constantFrom(...Object.keys(named)).map((name) => [name, named[name]!] as const)

describe('a secret under a key that names one', () => {
  it('is nowhere in the error, wherever the key is and whatever holds it', () => {
    fc.assert(
      fc.property(
        secretText,
        secretKey,
        oneOf(VALUES),
        oneOf(HOLDERS),
        oneOf(PLACES),
        (secret, key, [, value], [, hold], [, place]) => {
          const thrown = place(hold(key, value(secret)))
          const error = normalizeError(thrown)
          expect(JSON.stringify(error)).not.toContain(secret)
          expect(JSON.stringify(parseTaskError({ message: 'm', code: null, details: { thrown } }))).not.toContain(
            secret,
          )
        },
      ),
      { numRuns: 1000 },
    )
  }, 60_000)
})

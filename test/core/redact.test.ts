import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/core/redact.js'
import { isSensitiveKey } from '../../src/core/redact/keys.js'
import { isSuspect } from '../../src/core/redact/text.js'

const SECRET = 'pl4nted-S3cret-9f27c1'
const { redactText, redactValue } = createRedactor()

describe('a sensitive key', () => {
  it.each([
    ...['password', 'userPassword', 'PASSWORD_HASH', 'passwd', 'db_pass', 'smtpPass', 'passphrase', 'passcode', 'pwd'],
    ...['secret', 'client_secret', 'clientSecret', 'AWS_SECRET_ACCESS_KEY', 'token', 'accessToken', 'refresh_token'],
    ...[
      'x-auth-token',
      'csrfToken',
      'authorization',
      'Proxy-Authorization',
      'auth',
      'proxyAuth',
      'cookie',
      'Set-Cookie',
    ],
    ...[
      'apiKey',
      'api_key',
      'api-key',
      'API KEY',
      'api--key',
      'api%20key',
      'x-api-key',
      'apikey',
      'privateKey',
      'accessKeyId',
      'signing_key',
    ],
    ...['credentials', 'sessionId', 'session', 'otp', 'userOtp', 'otpCode', 'smsotp', 'totp', 'cvv', 'cvc2', 'cardCvc'],
    ...['jwt', 'idJwt', 'sid', 'ssn', 'mnemonic', 'seedPhrase', 'cardNumber', 'bearer', 'X-Amz-Signature'],
  ])('is %s', (key) => {
    expect(isSensitiveKey(key)).toBe(true)
    expect(isSuspect(`${key}=x`)).toBe(true)
  })

  it.each([
    ...['key', 'id', 'name', 'passed', 'testsPassed', 'passenger', 'bypass', 'compass', 'passthrough', 'author'],
    ...[
      'authority',
      'secretary',
      'tokenizer',
      'tokenCount',
      'maxTokensPerMinute',
      'sessionTimeout',
      'rootPath',
      'hotplug',
    ],
    ...['primaryKey', 'foreignKey', 'keyboard', 'sign', 'design', 'monkey', 'status', 'description', 'inside'],
  ])('is not %s', (key) => {
    expect(isSensitiveKey(key)).toBe(false)
  })

  it('is not one of a number that counts', () => {
    expect(redactValue({ maxTokens: 4096, tokens: 'abc', otp: 123456 })).toEqual({
      maxTokens: 4096,
      tokens: '[redacted]',
      otp: '[redacted]',
    })
  })
})

describe('redactText', () => {
  it.each([
    [`password=${SECRET}`, 'password=[redacted]'],
    [`password = '${SECRET} and more' next`, "password = '[redacted]' next"],
    [`{"password":"${SECRET}","a":1}`, '{"password":"[redacted]","a":1}'],
    [`{"password":1234,"a":1}`, '{"password":"[redacted]","a":1}'],
    [`{"password":["a","${SECRET}"],"a":1}`, '{"password":"[redacted]","a":1}'],
    [`{"password":"a\\"${SECRET}","a":1}`, '{"password":"[redacted]","a":1}'],
    [`"{\\"token\\":\\"${SECRET}\\"}"`, '"{\\"token\\":\\"[redacted]\\"}"'],
    [`{ password: { value: '${SECRET}' }, a: 1 }`, '{ password: [redacted], a: 1 }'],
    [`{"password":"${SECRET}`, '{"password":"[redacted]'],
    [`GET /?a=1&access_token=${SECRET}&b=2`, 'GET /?a=1&access_token=[redacted]&b=2'],
    [`user[password]=${SECRET}&x=1`, 'user[password]=[redacted]&x=1'],
    [`Server=db;Password=${SECRET};Timeout=3`, 'Server=db;Password=[redacted];Timeout=3'],
    [`Authorization: Bearer ${SECRET}\nAccept: json`, 'Authorization: [redacted]\nAccept: json'],
    [`Cookie: a=${SECRET}; b=${SECRET}\r\nHost: x`, 'Cookie: [redacted]\r\nHost: x'],
    [`curl -H 'Authorization: Token ${SECRET}' https://x`, "curl -H 'Authorization: [redacted]' https://x"],
    [`token: Bearer ${SECRET} rejected`, 'token: [redacted] rejected'],
    [`api key: ${SECRET}`, 'api key: [redacted]'],
    [`the password is: ${SECRET}`, 'the password is: [redacted]'],
    [`["authorization","${SECRET}"]`, '["authorization","[redacted]"]'],
    [`{"set-cookie":["sid=${SECRET}"],"a":1}`, '{"set-cookie":"[redacted]","a":1}'],
    [`{ authorization: { value: '${SECRET}' }, a: 1 }`, '{ authorization: [redacted], a: 1 }'],
    [`{ token: [ 'a]b', '${SECRET}' ], a: 1 }`, '{ token: [redacted], a: 1 }'],
    [`Cookie: [a]=1; b=${SECRET}\nHost: x`, 'Cookie: [redacted]\nHost: x'],
    [`GET /?api%2Dkey=${SECRET}&api+key=${SECRET}&b=2`, 'GET /?api%2Dkey=[redacted]&api+key=[redacted]&b=2'],
    [`Invalid API key provided: ${SECRET}. See`, 'Invalid API key provided: [redacted] See'],
    [`GET /v1?key=${SECRET}&page=2`, 'GET /v1?key=[redacted]&page=2'],
    [`GET /?next=%2Fa%3Ftoken%3D${SECRET}&page=2`, 'GET /?next=%2Fa%3Ftoken%3D[redacted]&page=2'],
    [`https://${SECRET}:@api.example.com`, 'https://[redacted]:@api.example.com'],
    [`Authorization: Digest username="ann", response="${SECRET}"\nHost: x`, 'Authorization: [redacted]\nHost: x'],
    [`sent Api-Key ${SECRET}`, 'sent Api-Key [redacted]'],
    [
      'GET https://api.telegram.org/bot123456789:AAFabcdefghijklmnopqrstuvwxyz-012345/getMe failed',
      'GET https://api.telegram.org/bot[redacted]/getMe failed',
    ],
    [
      'POST https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop failed',
      'POST https://hooks.slack.com/services/[redacted] failed',
    ],
    [`<password>${SECRET}</password>`, '<password>[redacted]</password>'],
    [`mysql --password ${SECRET} --token=${SECRET} app`, 'mysql --password [redacted] --token=[redacted] app'],
    [`postgres://ann:${SECRET}@db:5432/app`, 'postgres://ann:[redacted]@db:5432/app'],
    [`redis://:${SECRET}@db`, 'redis://:[redacted]@db'],
    [`postgres://ann:a/b#${SECRET}@db/app`, 'postgres://ann:[redacted]@db/app'],
    [`amqp://ann:a@${SECRET}@db`, 'amqp://ann:[redacted]@db'],
    [`https://${SECRET}@git.example.com`, 'https://[redacted]@git.example.com'],
    [`root:${SECRET}@tcp(127.0.0.1:3306)/app`, 'root:[redacted]@tcp(127.0.0.1:3306)/app'],
    [`got Bearer ${SECRET}`, 'got Bearer [redacted]'],
    [`Basic dXNlcjpwNDU1`, 'Basic [redacted]'],
    [`Token ${SECRET} is gone`, 'Token [redacted] is gone'],
    [
      'Failed query: select a from b where c = $1\nparams: x,1',
      'Failed query: select a from b where c = $1\nparams: [redacted]',
    ],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!', 'jwt [redacted]!'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[redacted]'],
    ['AKIAABCDEFGHIJKLMNOP', '[redacted]'],
    [`-----BEGIN RSA PRIVATE KEY-----\n${SECRET}\n-----END RSA PRIVATE KEY----- done`, '[redacted] done'],
    [`-----BEGIN PRIVATE KEY-----\n${SECRET}`, '[redacted]'],
    [
      `update users set password = $1\nparams: ${SECRET},7`,
      'update users set password = [redacted]\nparams: [redacted]',
    ],
  ])('redacts %j', (text, redacted) => {
    expect(redactText(text)).toBe(redacted)
    expect(redactText(redacted)).toBe(redacted)
  })

  it.each([
    'Unexpected token } in JSON at position 4',
    'TokenExpiredError: jwt expired',
    'InvalidTokenError: not for this audience',
    'PasswordException: too weak',
    'password must be at least 8 characters',
    'Bearer token is missing',
    'Basic check failed for user 12',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'http://localhost:4873/@types/node',
    'ssh://git@git.example.com/a',
    "Cannot read properties of undefined (reading 'session')",
    'maxTokens: 4096',
    'the key provided: 12, the foreign key given: 7',
    'http://localhost:@example.com/key=value',
    '3 passed, 2 failed: see log',
    'user bob@example.com not found',
    'token: null, password: undefined',
    'GET /a with params: 1,2',
    'foreign key constraint "fk_1" fails',
    'sk-short and a task-runner-with-a-long-name',
  ])('leaves %j as it is', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it.each([
    ['names', 'password'.repeat(125_000)],
    ['separators', '='.repeat(1_000_000)],
    ['names with separators', 'token='.repeat(160_000)],
    ['quotes', 'token="\\'.repeat(120_000)],
    ['brackets', 'token=['.repeat(140_000)],
    ['schemes', 'Bearer '.repeat(140_000)],
    ['token beginnings', 'eyJ'.repeat(330_000)],
    ['addresses', '://a:'.repeat(200_000) + '@'],
    ['bare addresses', 'a:b@'.repeat(250_000)],
    ['elements', '<token>'.repeat(140_000)],
    ['flags', '--token '.repeat(125_000)],
    ['keys', '-----BEGIN PRIVATE KEY-----'.repeat(37_000)],
    ['parameters', 'params: '.repeat(125_000)],
    ['line ends', 'cookie:\n'.repeat(125_000)],
    ['blanks', `password:${' '.repeat(1_000_000)}`],
    ['blank lines', '"token":\n'.repeat(110_000)],
    ['backslashes', `token="${'\\'.repeat(1_000_000)}`],
  ])('takes time linear in a million characters of %s', (_, text) => {
    const start = performance.now()
    redactText(text)
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

describe('redactValue', () => {
  it('gives a value without secrets back as it is', () => {
    const value = { a: [1, { b: 'text' }], c: null }
    expect(redactValue(value)).toBe(value)
  })

  it('redacts by key at any depth, whatever the type', () => {
    expect(
      redactValue({ a: [{ password: SECRET }], token: { b: SECRET }, secret: 7, hasPassword: true, otp: null }),
    ).toEqual({
      a: [{ password: '[redacted]' }],
      token: '[redacted]',
      secret: '[redacted]',
      hasPassword: true,
      otp: null,
    })
  })

  it('redacts what another value marks as a secret', () => {
    expect(
      redactValue({
        rawHeaders: ['Accept', 'json', 'Authorization', SECRET],
        args: ['run', '--token', SECRET, 'x'],
        headers: [{ name: 'Cookie', value: SECRET }],
        entries: [['x-api-key', SECRET]],
        query: { sql: 'update users set pin = $1', params: [SECRET] },
        route: { query: 'page 1', params: ['x'] },
        issue: { path: ['user', 'password', 'length'] },
      }),
    ).toEqual({
      rawHeaders: ['Accept', 'json', 'Authorization', '[redacted]'],
      args: ['run', '--token', '[redacted]', 'x'],
      headers: [{ name: 'Cookie', value: '[redacted]' }],
      entries: [['x-api-key', '[redacted]']],
      query: { sql: 'update users set pin = $1', params: '[redacted]' },
      route: { query: 'page 1', params: ['x'] },
      issue: { path: ['user', 'password', 'length'] },
    })
  })

  it('redacts in texts, and keeps keys that are hard to hold', () => {
    const value = JSON.parse(`{"__proto__":{"note":"Bearer ${SECRET}"}}`) as Record<string, never>
    expect(JSON.stringify(redactValue(value))).toBe('{"__proto__":{"note":"Bearer [redacted]"}}')
  })

  it('takes values nested deeper than the stack', () => {
    const json = `${'['.repeat(100_000)}"password=${SECRET}"${']'.repeat(100_000)}`
    expect(JSON.stringify(redactValue(JSON.parse(json) as never))).not.toContain(SECRET)
  })
})

describe('createRedactor', () => {
  it.each([
    [
      'ssn',
      { ssn: 1, a: { SSN: 2 }, 's-s_n': 3, assn: 4 },
      { ssn: '[redacted]', a: { SSN: '[redacted]' }, 's-s_n': '[redacted]', assn: 4 },
    ],
    [
      'card.number',
      { card: { number: 1 }, a: { card: { number: 2, n: 3 } }, number: 4 },
      { card: { number: '[redacted]' }, a: { card: { number: '[redacted]', n: 3 } }, number: 4 },
    ],
    ['headers.*', { headers: { a: 1, b: { c: 2 } } }, { headers: { a: '[redacted]', b: '[redacted]' } }],
    ['users.*.email', { users: [{ email: 'a', id: 1 }] }, { users: [{ email: '[redacted]', id: 1 }] }],
    [
      /^internal/i,
      { internalNote: 'x', InternalId: 1, note: 'internal' },
      { internalNote: '[redacted]', InternalId: '[redacted]', note: 'internal' },
    ],
  ])('adds %s to the defaults', (entry, value, redacted) => {
    const redactor = createRedactor([entry])
    expect(redactor.redactValue({ ...value, password: 'x' })).toEqual({ ...redacted, password: '[redacted]' })
  })

  it('finds added keys in texts too', () => {
    expect(createRedactor(['ssn', /^tenant/]).redactText('ssn=078-05 tenantId: t7, card=1')).toBe(
      'ssn=[redacted] tenantId: [redacted], card=1',
    )
  })

  it('keeps no state between calls of a pattern with a flag for it', () => {
    const redactor = createRedactor([/x/g])
    expect(redactor.redactValue({ x: 1, ax: 2, bx: 3 })).toEqual({
      x: '[redacted]',
      ax: '[redacted]',
      bx: '[redacted]',
    })
  })
})

import { describe, expect, it } from 'vitest'
import { loadOptions, TaskSupervisor } from 'taskward'
import { isTaskOptionError } from '../../src/core/errors.js'
import { SUPERVISOR_RULES } from '../../src/options/supervisor-options.js'
import { SUPERVISOR_DEFAULTS } from '../../src/options.js'
import { hostileValues } from '../core/support/hostile-values.js'

const misuse = (json: unknown): string => {
  try {
    loadOptions(json)
  } catch (thrown) {
    return isTaskOptionError(thrown) ? thrown.message : `not misuse: ${String(thrown)}`
  }
  return 'accepted'
}

describe('loadOptions', () => {
  it('gives the options of a JSON text, or of what was parsed from one, as a copy', () => {
    const given = {
      ...{ name: 'mailer', concurrency: 5, timeout: 1_000, onOverflow: 'drop-oldest', keepAlive: false },
      ...{ retry: { attempts: 3, backoff: 'linear' }, redact: ['card', '*.pin'], retention: { maxTasks: 7 } },
    }
    expect(loadOptions(JSON.stringify(given))).toEqual(given)
    expect(loadOptions(`\ufeff\n${JSON.stringify(given, null, 2)}\n`)).toEqual(given)
    const copy = loadOptions(given)
    expect(copy).toEqual(given)
    expect(copy).not.toBe(given)
    expect(copy.redact).not.toBe(given.redact)
    expect(new TaskSupervisor(loadOptions(JSON.stringify(given)))).toMatchObject({ name: 'mailer', concurrency: 5 })
  })

  it('gives nothing for nothing, as from a variable that is not set', () => {
    expect(loadOptions(undefined)).toEqual({})
    expect(loadOptions('{}')).toEqual({})
    expect(loadOptions({ timeout: undefined })).toEqual({})
  })

  it('takes every default as JSON has it', () => {
    const json = JSON.stringify(SUPERVISOR_DEFAULTS, (_, value: unknown) => (value === Infinity ? 'Infinity' : value))
    expect(loadOptions(json)).toEqual(SUPERVISOR_DEFAULTS)
  })

  it('takes "Infinity" where Infinity is allowed, and as a text elsewhere', () => {
    const given = { timeout: 'Infinity', concurrency: 'Infinity', retry: { maxDelay: 'Infinity' }, name: 'Infinity' }
    expect(loadOptions({ ...given, redact: ['Infinity'] })).toEqual({
      ...{ timeout: Infinity, concurrency: Infinity, retry: { maxDelay: Infinity }, name: 'Infinity' },
      redact: ['Infinity'],
    })
    expect(misuse({ keepAlive: 'Infinity' })).toBe('loadOptions().keepAlive: expected true or false, got "Infinity"')
    expect(loadOptions({ timeout: Infinity })).toEqual({ timeout: Infinity })
  })

  it.each<[unknown, string]>([
    [{ retry: { delay: '5' } }, 'loadOptions().retry.delay: expected whole milliseconds from 0, or Infinity, got "5"'],
    [{ timeout: null }, 'loadOptions().timeout: expected whole milliseconds from 0, or Infinity, got null'],
    [{ concurency: 5 }, 'loadOptions().concurency: unknown option "concurency"; did you mean \'concurrency\'?'],
    [
      { retention: { maxTask: 5 } },
      'loadOptions().retention.maxTask: unknown option "maxTask"; did you mean \'maxTasks\'?',
    ],
    [[], 'loadOptions(): expected an object of options, got an object'],
    [null, 'loadOptions(): expected an object of options, got null'],
    [5, 'loadOptions(): expected an object of options, got 5'],
    ['"text"', 'loadOptions(): expected an object of options, got "text"'],
    ['[]', 'loadOptions(): expected an object of options, got an object'],
    [{ redact: [/x/] }, 'loadOptions().redact[0]: expected plain data, got an object'],
    [{ redact: [1n] }, 'loadOptions().redact[0]: expected a JSON value, got a bigint'],
    [{ name: () => 1 }, 'loadOptions().name: expected a JSON value, got a function'],
    [new Map(), 'loadOptions(): expected plain data, got an object'],
  ])('says what is wrong with %o', (json, message) => {
    expect(misuse(json)).toBe(message)
  })

  it('refuses whatever holds code, by its rule', () => {
    const code = Object.entries(SUPERVISOR_RULES).filter(([, { isCode }]) => isCode)
    expect(code.map(([key]) => key)).toEqual(expect.arrayContaining(['onError', 'logger', 'clock', 'store']))
    for (const [key, { expected }] of code)
      for (const value of ['x', {}, () => 1])
        expect(misuse({ [key]: value })).toContain(
          `loadOptions().${key}: cannot come from JSON: expected ${expected}, got `,
        )
    expect(misuse('{"retry": {"when": "always"}}')).toBe(
      'loadOptions().retry.when: cannot come from JSON: expected a function, got "always"',
    )
    expect(misuse('{"retention": {"archive": true}}')).toContain('.retention.archive: cannot come from JSON')
  })

  it.each([
    ['{"timeout": 5,\n  "grace": }', 'got "}" at position 26 (line 2, column 12)'],
    ['{"timeout": 5', 'got the end of the text at position 13 (line 1, column 14)'],
    ['', 'got the end of the text at position 0 (line 1, column 1)'],
    ['name: mailer', 'got "n" at position 0 (line 1, column 1)'],
    ["{'name': 1}", 'got "\'" at position 1 (line 1, column 2)'],
    ['{"timeout": Infinity}', 'got "I" at position 12 (line 1, column 13)'],
  ])('says where a text stops being JSON: %j', (text, message) => {
    expect(misuse(text)).toBe(`loadOptions(): expected JSON, ${message}`)
  })

  it.each([
    ['{"__proto__": {"timeout": 5}}', 'loadOptions().__proto__: expected the name of an option, got "__proto__"'],
    ['{"retry": {"__proto__": {}}}', 'loadOptions().retry.__proto__: expected the name of an option, got "__proto__"'],
    ['{"constructor": {}}', 'loadOptions().constructor: unknown option "constructor"'],
  ])('is not taken in by %s', (text, message) => {
    expect(misuse(text)).toContain(message)
    expect(({} as { timeout?: number }).timeout).toBeUndefined()
  })

  it('refuses what is too deep or too much, at once', () => {
    const deep = `${'{"retry":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    expect(misuse(deep)).toMatch(/: expected at most 20 levels, got more$/)
    expect(misuse({ redact: Array.from({ length: 20_000 }, () => 'x') })).toContain('10000 values, got more')
    expect(misuse({ redact: new Array(2 ** 32 - 1) })).toContain('10000 values, got more')
    expect(misuse(' '.repeat(2 ** 21))).toContain('1048576 characters')
    expect(misuse({ redact: ['x'.repeat(2 ** 21)] })).toContain('1048576 characters')
    const ring: Record<string, unknown> = {}
    ring['retry'] = ring
    expect(misuse(ring)).toMatch(/levels, got more$/)
  })

  it.each(hostileValues())('refuses %s as misuse, in every place', (_, value) => {
    expect(misuse(value)).toContain('loadOptions()')
    for (const key of ['timeout', 'name', 'retry', 'store', 'redact', 'unknown'])
      expect(misuse({ [key]: value })).toContain('loadOptions()')
  })
})

import { RETRY_DEFAULTS } from '../src/core/retry.js'
import { describe, expect, it } from 'vitest'
import { isTaskOptionError } from '../src/core/errors.js'
import { EVENT_NAMES } from '../src/events.js'
import * as rules from '../src/core/option-rules.js'
import * as options from '../src/options.js'
import { memoryStore } from '../src/stores/memory.js'
import { manualClock } from '../src/testing/index.js'
import { hostileValues, revoked } from './core/support/hostile-values.js'

const defaults = options.resolveOptions(undefined)
const spawn = (work: unknown, given?: unknown) => resolveSpawn(work, given, defaults)
const nothing = (): void => undefined

const resolveSpawn = (work: unknown, given: unknown, own: options.ResolvedOptions) =>
  options.resolveSpawn(work, given, { ...own, owner: null, metadata: {} })

const misuse = (call: () => unknown): string => {
  try {
    call()
  } catch (thrown) {
    if (isTaskOptionError(thrown)) return thrown.message
    return `not misuse: ${typeof thrown}`
  }
  return 'accepted'
}

describe('resolveOptions', () => {
  it('fills in every default, and takes undefined for the default', () => {
    expect(defaults).toEqual({ ...options.SUPERVISOR_DEFAULTS, lanes: new Map(), retry: null })
    const unsaid = Object.fromEntries(Object.keys(options.SUPERVISOR_DEFAULTS).map((key) => [key, undefined]))
    expect(options.resolveOptions(unsaid)).toEqual(defaults)
    expect(options.resolveOptions({ monitor: { interval: 5 }, retention: { maxTasks: 0 } })).toMatchObject({
      monitor: { enabled: true, interval: 5 },
      retention: { maxAge: 86_400_000, maxTasks: 0, interval: 60_000 },
    })
  })

  it('does not change its defaults with what it gives', () => {
    Object.assign(options.resolveOptions({}).monitor, { interval: 1 })
    Object.assign(options.resolveOptions({}).retention, { maxTasks: 1 })
    expect(options.resolveOptions({})).toEqual(defaults)
  })

  it('takes every option in its range', () => {
    const given = {
      ...{ name: 'x', concurrency: 1, timeout: 0, queueTimeout: 0, grace: Infinity, queueLimit: 0 },
      ...{ onOverflow: 'drop-oldest', onError: nothing, logger: console, keepAlive: false, context: 'detach' },
      ...{ monitor: { enabled: false, interval: 1 }, retention: { maxAge: 0, maxTasks: Infinity, interval: Infinity } },
      ...{ clock: manualClock(), store: memoryStore() },
    }
    expect(options.resolveOptions(given)).toMatchObject(given)
  })

  it.each([
    ['concurrency', 0, 'an integer from 1, or Infinity, got 0'],
    ['concurrency', '5', 'an integer from 1, or Infinity, got "5"'],
    ['timeout', -1, 'whole milliseconds from 0, or Infinity, got -1'],
    ['timeout', NaN, 'whole milliseconds from 0, or Infinity, got NaN'],
    ['grace', 0.5, 'whole milliseconds from 0, or Infinity, got 0.5'],
    ['queueLimit', -1, 'an integer from 0, or Infinity, got -1'],
    ['onOverflow', 'drop', "one of 'reject', 'drop-oldest', 'drop-newest', got \"drop\""],
    ['onError', {}, 'a function, got an object'],
    ['logger', { debug: nothing }, 'an object with debug(), info(), warn(), error(), got an object'],
    ['keepAlive', 1, 'true or false, got 1'],
    ['context', 'none', "one of 'inherit', 'detach', got \"none\""],
    ['clock', Date, 'an object with now(), monotonic(), setTimer(), got a function'],
    ['name', '', 'well-formed text of 1 to 256 bytes without NUL, got ""'],
  ])('refuses %s: %o', (key, value, what) => {
    const message = misuse(() => options.resolveOptions({ [key]: value }))
    expect(message).toBe(`new TaskSupervisor().${key}: expected ${what}`)
  })

  it('names the option that was likely meant', () => {
    expect(misuse(() => options.resolveOptions({ concurency: 5 }))).toContain("did you mean 'concurrency'?")
    expect(misuse(() => options.resolveOptions({ monitor: { intervall: 5 } }))).toContain(
      'new TaskSupervisor().monitor.intervall: unknown option "intervall"; did you mean \'interval\'?',
    )
  })

  it.each(hostileValues())('says that %s is misuse, in every place', (_, value) => {
    const places = ['timeout', 'name', 'onOverflow', 'monitor', 'retention', 'store', 'logger', 'clock', 'redact']
    expect(misuse(() => options.resolveOptions(value))).toContain('new TaskSupervisor()')
    for (const key of places) expect(misuse(() => options.resolveOptions({ [key]: value }))).toContain(key)
  })
})

describe('retry', () => {
  it('has a default for each of its options', () => {
    expect(options.resolveOptions({ retry: {} }).retry).toEqual(RETRY_DEFAULTS)
    expect(options.resolveOptions({ retry: { delay: 5, when: undefined } }).retry).toEqual({
      ...RETRY_DEFAULTS,
      delay: 5,
    })
  })

  it.each([
    ['attempts', 0, 'an integer from 1, or Infinity, got 0'],
    ['attempts', 1.5, 'an integer from 1, or Infinity, got 1.5'],
    ['backoff', 'quadratic', "one of 'constant', 'linear', 'exponential', got \"quadratic\""],
    ['delay', -1, 'whole milliseconds from 0, or Infinity, got -1'],
    ['maxDelay', '1s', 'whole milliseconds from 0, or Infinity, got "1s"'],
    ['jitter', true, "one of 'full', 'equal', 'none', got true"],
    ['when', 'always', 'a function, got "always"'],
  ])('refuses %s: %o, for a supervisor and for a spawn', (key, value, what) => {
    const given = { retry: { [key]: value } }
    expect(misuse(() => options.resolveOptions(given))).toBe(`new TaskSupervisor().retry.${key}: expected ${what}`)
    expect(misuse(() => spawn(nothing, given))).toBe(`spawn().retry.${key}: expected ${what}`)
  })

  it('names the option that was likely meant', () => {
    expect(misuse(() => spawn(nothing, { retry: { attemps: 2 } }))).toContain("did you mean 'attempts'?")
    expect(misuse(() => spawn(nothing, { retry: 3 }))).toBe('spawn().retry: expected an object, got 3')
  })
})

describe('resolveSpawn', () => {
  it.each([
    ['delay', 0.5, 'whole milliseconds from 0, or Infinity, got 0.5'],
    ['keepResult', 'yes', 'true or false, got "yes"'],
    ['deadline', 1.5, 'epoch milliseconds, or Infinity, got 1.5'],
    ['deadline', NaN, 'epoch milliseconds, or Infinity, got NaN'],
    ['stallTimeout', -1, 'whole milliseconds from 0, or Infinity, got -1'],
  ])('refuses %s: %o', (key, value, what) => {
    expect(misuse(() => spawn(nothing, { [key]: value }))).toBe(`spawn().${key}: expected ${what}`)
  })

  it('fills in what the supervisor was given, and what a spawn says instead', () => {
    const own = options.resolveOptions({
      ...{ timeout: 1, queueTimeout: 2, grace: 3, stallTimeout: 4, retry: { attempts: 2 }, lanes: { l: {} } },
    })
    expect(resolveSpawn(nothing, undefined, own)).toEqual({
      settings: {
        ...{ name: 'nothing', lane: null, owner: null, priority: 0, metadata: {} },
        ...{ timeoutMs: 1, queueTimeoutMs: 2, graceMs: 3, stallTimeoutMs: 4 },
        ...{ delayMs: 0, deadlineAt: Infinity, retry: { ...RETRY_DEFAULTS, attempts: 2 } },
        ...{ after: [], onDependencyFailure: 'fail', onParentEnd: 'leave', dedupe: null },
        ...{ reentrant: 'report', keepResult: false },
      },
      dependencies: null,
      id: null,
      signal: null,
    })
    const { signal } = new AbortController()
    const given = {
      timeout: 0,
      queueTimeout: Infinity,
      grace: 9,
      stallTimeout: 8,
      delay: 7,
      deadline: 6,
      retry: { attempts: Infinity, backoff: 'constant', delay: 0, maxDelay: Infinity, jitter: 'none', when: nothing },
      priority: -1.5,
      owner: 'ann',
      lane: 'l',
      after: ['b'],
      onDependencyFailure: 'run',
      onParentEnd: 'cancel',
      reentrant: 'borrow',
      keepResult: true,
      dedupe: { key: 'k', on: 'replace' },
      name: 'x',
      id: 'i',
      signal,
    }
    expect(resolveSpawn(nothing, { ...given, metadata: { a: 1 } }, own)).toEqual({
      settings: {
        ...{ name: 'x', lane: 'l', owner: 'ann', priority: -1.5, metadata: { a: 1 } },
        ...{ timeoutMs: 0, queueTimeoutMs: Infinity, graceMs: 9, stallTimeoutMs: 8 },
        ...{ delayMs: 7, deadlineAt: 6, retry: given.retry },
        ...{ after: ['b'], onDependencyFailure: 'run', onParentEnd: 'cancel', reentrant: 'borrow', keepResult: true },
        dedupe: { key: 'k', on: 'replace' },
      },
      dependencies: ['b'],
      id: 'i',
      signal,
    })
  })

  it('takes nothing but a function or a thenable for work', () => {
    for (const work of [undefined, null, 1, 'text', {}, { then: 1 }, [], revoked({})]) {
      expect(misuse(() => spawn(work))).toContain('spawn(): expected a function or a promise as work, got ')
    }
  })

  it('lets a promise that was started already wait for nothing', () => {
    expect(spawn(Promise.resolve(), {}).settings).toMatchObject({ name: 'anonymous', queueTimeoutMs: Infinity })
    const own = options.resolveOptions({ queueTimeout: 5 })
    expect(resolveSpawn(Promise.resolve(), {}, own).settings.queueTimeoutMs).toBe(Infinity)
    for (const given of [{ queueTimeout: 5 }, { delay: 0 }, { retry: {} }]) {
      expect(misuse(() => spawn(Promise.resolve(), given))).toContain(`spawn().${Object.keys(given)[0]!}: a promise`)
    }
    const retried = options.resolveOptions({ retry: {} })
    expect(resolveSpawn(Promise.resolve(), {}, retried).settings.retry).toBeNull()
  })

  it('calls a task as its function, made to fit, or anonymous', () => {
    const named = (name: unknown) => spawn(Object.defineProperty(() => 1, 'name', { value: name })).settings.name
    expect(spawn(function sendReceipt() { return 1 }).settings.name).toBe('sendReceipt') // prettier-ignore
    expect([named(''), named(5), named('a\0b')]).toEqual(['anonymous', 'anonymous', 'a\u2400b'])
    for (const long of ['x'.repeat(1_000), 'ü'.repeat(1_000), '\u{1F600}'.repeat(300), `${'x'.repeat(255)}\u{1F600}`]) {
      expect(Buffer.byteLength(named(long))).toBeLessThanOrEqual(256)
      expect(named(long)).not.toMatch(/\p{Surrogate}/u)
    }
    const throwing = Object.defineProperty(() => 1, 'name', { get() { throw new Error('mine') } }) // prettier-ignore
    expect(spawn(throwing).settings.name).toBe('anonymous')
    expect(spawn(revoked(() => 1)).settings.name).toBe('anonymous')
  })

  it.each([
    ['signal', {}, 'an AbortSignal'],
    ['signal', { addEventListener: nothing, removeEventListener: nothing }, 'an AbortSignal'],
    ['metadata', 'text', 'an object'],
    ['metadata', { a: 1n }, 'a JSON value'],
    ['priority', NaN, 'a finite number'],
    ['id', '', 'well-formed text'],
    ['owner', '\uD800', 'well-formed text'],
    ['lanes', 'x', 'unknown option'],
  ])('refuses %s: %o', (key, value, what) => {
    expect(misuse(() => spawn(nothing, { [key]: value }))).toMatch(new RegExp(`^spawn\\(\\)\\.${key}.*${what}`))
  })

  it.each(hostileValues())('says that %s is misuse, in every place', (_, value) => {
    expect(misuse(() => spawn(nothing, value))).toContain('spawn()')
    for (const key of ['id', 'name', 'owner', 'priority', 'timeout', 'signal', 'metadata']) {
      expect([key, misuse(() => spawn(nothing, { [key]: value }))[0]]).toEqual([key, 's'])
    }
  })
})

describe('the other options', () => {
  it('have their defaults', () => {
    expect(options.resolveClose(undefined)).toEqual({ mode: 'drain', timeout: 30_000, grace: 10_000 })
    expect(options.resolveClose({ mode: 'cancel', grace: undefined })).toMatchObject({ mode: 'cancel', grace: 10_000 })
    expect(options.resolveDrain(undefined)).toEqual({ timeout: Infinity })
    expect(options.resolveStatus(undefined)).toEqual({ tasks: 100 })
    expect(options.resolveStatus({ tasks: 0 })).toEqual({ tasks: 0 })
  })

  it.each<[string, () => unknown]>([
    ['close().mode', () => options.resolveClose({ mode: 'kill' })],
    ['drain().timeout', () => options.resolveDrain({ timeout: -1 })],
    ['status().tasks', () => options.resolveStatus({ tasks: 1.5 })],
    ['list().status', () => options.resolveTaskQuery({ status: 'done' })],
    ['list().status', () => options.resolveTaskQuery({ status: ['failed', 'done'] })],
    ['list().limit', () => options.resolveTaskQuery({ limit: 0 })],
    ['list().order', () => options.resolveTaskQuery({ order: 'up' })],
    ['list().createdAfter', () => options.resolveTaskQuery({ createdAfter: '2026-01-01' })],
    ['list().fingerprint', () => options.resolveTaskQuery({ fingerprint: 'x' })],
    ['errors().status', () => options.resolveErrorQuery({ status: 'failed' })],
    ['cursor', () => options.resolveErrorQuery({ cursor: 'x' })],
    ['cursor', () => options.resolveTaskQuery({ cursor: '' })],
    ['cancel().ownr', () => options.resolveFilter({ ownr: 'ann' })],
    ['cancel().text', () => options.resolveFilter({ text: 'x' })],
    ['concurrency', () => options.checkConcurrency(0)],
    ['setPriority()', () => rules.checkValue('setPriority()', Infinity, rules.priorityRule)],
    ['event', () => options.checkListener('task:setled', nothing)],
    ['event', () => options.checkListener(Symbol('x'), nothing)],
    ['event', () => options.checkListener(Object.create(null), nothing)],
    ['event', () => options.checkListener(revoked({}), nothing)],
    ['listener', () => options.checkListener('task:settled', {})],
  ])('are refused at %s', (path, call) => {
    expect(misuse(call)).toMatch(new RegExp(`^${path.replaceAll(/[().]/g, '\\$&')}: `))
  })

  it('are taken as they are meant', () => {
    const query = {
      status: ['failed', 'pending'],
      name: 'a',
      text: '',
      createdAfter: 1,
      limit: 5,
      cursor: '1:a',
      order: 'oldest',
    }
    expect(options.resolveTaskQuery(query)).toEqual(query)
    expect(options.resolveErrorQuery({ fingerprint: 'f', code: 'C' })).toEqual({ fingerprint: 'f', code: 'C' })
    expect(options.resolveFilter({ owner: 'ann' })).toEqual({ owner: 'ann' })
    for (const event of EVENT_NAMES) options.checkListener(event, nothing)
  })

  it('name the event that was likely meant', () => {
    expect(misuse(() => options.checkListener('settled', nothing))).toContain('event: unknown event "settled"')
    expect(misuse(() => options.checkListener('task:setled', nothing))).toContain("did you mean 'task:settled'?")
  })
})

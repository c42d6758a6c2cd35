import { describe, expect, it } from 'vitest'
import { RETRY_DEFAULTS } from '../src/core/retry.js'
import { HEALTH_CHECK_DEFAULTS, resolveService, SERVICE_DEFAULTS } from '../src/options.js'
import { hostileValues } from './core/support/hostile-values.js'

const nothing = (): void => undefined
const resolve = (given?: unknown) => resolveService('poller', nothing, given, { grace: 7 })
const { backoff, delay, maxDelay, jitter } = RETRY_DEFAULTS
const defaults = {
  ...{ name: 'poller', grace: 7, ...SERVICE_DEFAULTS },
  ...{ backoff: { backoff, delay, maxDelay, jitter }, healthCheck: null },
}

describe('resolveService', () => {
  it('fills in every default, and takes undefined for the default', () => {
    expect(resolve()).toEqual(defaults)
    const unsaid = Object.fromEntries(
      Object.keys(defaults)
        .slice(1)
        .map((key) => [key, undefined]),
    )
    expect(resolve(unsaid)).toEqual(defaults)
    expect(resolve({ healthCheck: { check: nothing, interval: undefined } }).healthCheck).toEqual({
      ...HEALTH_CHECK_DEFAULTS,
      check: nothing,
    })
    expect(resolve({ backoff: { delay: 5 } }).backoff).toEqual({ ...defaults.backoff, delay: 5 })
  })

  it('takes every option in its range', () => {
    const given = {
      ...{ restart: 'transient', maxRestarts: 0, within: Infinity, onLimit: 'close', grace: 0, stopOnClose: 'first' },
      healthCheck: { check: nothing, interval: 0, timeout: Infinity },
      backoff: { backoff: 'linear', delay: 0, maxDelay: Infinity, jitter: 'none' },
    }
    expect(resolve(given)).toEqual({ name: 'poller', ...given })
    expect(resolve({ maxRestarts: Infinity, within: 0 })).toMatchObject({ maxRestarts: Infinity, within: 0 })
  })

  it('refuses a hostile value wherever it stands', () => {
    for (const [, value] of hostileValues()) {
      for (const key of ['restart', 'maxRestarts', 'within', 'backoff', 'onLimit', 'grace', 'stopOnClose'])
        expect(() => resolve({ [key]: value })).toThrow(`supervise().${key}`)
    }
  })
})

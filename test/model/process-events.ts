import { afterAll, beforeAll } from 'vitest'

const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning'] as const

/** What the process hears while the tests of a block run, and should not. */
export function hearWhatNobodyShould(): unknown[] {
  const heard: unknown[] = []
  const hear = (what: unknown) => void heard.push(what)
  beforeAll(() => {
    for (const event of EVENTS) process.on(event, hear)
  })
  afterAll(() => {
    for (const event of EVENTS) process.off(event, hear)
  })
  return heard
}

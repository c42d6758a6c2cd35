import { afterAll } from 'vitest'

const IGNORED = new Set(['DeprecationWarning', 'ExperimentalWarning'])
const warnings: Error[] = []

// Listeners left on a signal or emitter and timers out of range only ever show as a warning: here they fail the file.
process.on('warning', (warning) => {
  if (!IGNORED.has(warning.name)) warnings.push(warning)
})

afterAll(async () => {
  // Node emits a warning in a later tick than the call that caused it.
  await new Promise((resolve) => setImmediate(resolve))
  const seen = warnings.splice(0)
  if (seen.length > 0) throw new AggregateError(seen, `Node warned: ${seen.map(String).join('; ')}`)
})

/** npm passes on the Ctrl-C that the terminal has already sent to every process: within this time, two are one. */
const SAME_KEYPRESS_MS = 250

/**
 * Calls `onStop` on the first SIGINT or SIGTERM, and ends the process on the next.
 *
 * @returns a function that gives the signals their usual meaning again
 */
export function onStopSignal(onStop: (signal: NodeJS.Signals) => void): () => void {
  let stoppedAt: number | undefined
  const listener = (signal: NodeJS.Signals) => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      onStop(signal)
    } else if (performance.now() - stoppedAt > SAME_KEYPRESS_MS) {
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
  }
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  return () => {
    process.off('SIGINT', listener)
    process.off('SIGTERM', listener)
  }
}

// Audits every package under a directory, one supervised task each: `npm run demo -- --help` tells how. Read this file first.
import { readdir, realpath } from 'node:fs/promises'
import { startAudit } from './audit.js'
import { liveDisplay, plainDisplay } from './display.js'
import { formatMs } from './format.js'
import { openHistory } from './history.js'
import { readOptions, StartError, USAGE, UsageError, type Options } from './options.js'
import { onStopSignal } from './stop-signals.js'
import { formatSummary } from './summary-text.js'
import { summarise } from './summary.js'
import { clean, cleanJson } from './text.js'

async function run(options: Options): Promise<void> {
  const startedAt = performance.now()
  const { concurrency, timeout, queueLimit, onOverflow, grace } = options
  const budget = { timeout: options.closeTimeout, grace }

  const directory = await openDirectory(options.directory)
  const { store, notice } = await openHistory(options.history)
  const supervised = { concurrency, timeout, queueLimit, onOverflow, grace, store }
  const { supervisor, walk, books, findings } = startAudit(directory, supervised)

  const stream = options.json ? process.stderr : process.stdout
  const isLive = stream.isTTY && !options.plain && process.env['TERM'] !== 'dumb'
  const isSearching = () => walk.status === 'running'
  const display = (isLive ? liveDisplay : plainDisplay)({ stream, supervisor, findings, isSearching })

  if (notice !== null) display.notify(notice)

  let interruptedBy: string | null = null
  const ignoreSignals = onStopSignal((signal) => {
    interruptedBy = signal
    display.notify(`${signal}: stopping within ${formatMs(budget.timeout + budget.grace)}; once more to exit at once`)
    // What waits never starts, what runs may finish within the budget.
    walk.cancel(signal)
    supervisor.cancel({ status: 'pending' }, signal)
    void supervisor.close(budget)
  })

  await supervisor.onIdle()
  const report = await supervisor.close(budget)
  ignoreSignals()
  display.stop()

  const durationMs = Math.round(performance.now() - startedAt)
  const summary = await summarise({ directory, interruptedBy, durationMs, supervisor, books, findings, report })
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : 120
  const text = options.json ? `${cleanJson(JSON.stringify(summary, null, 2))}\n` : formatSummary(summary, width)
  process.exitCode = summary.balanced ? 0 : 1
  process.stdout.write(text, () => {
    // A function that was given up could keep the process alive for as long as it runs.
    if (report.abandoned.length > 0) process.exit()
  })
}

async function openDirectory(path: string): Promise<string> {
  try {
    const directory = await realpath(path)
    await readdir(directory)
    return directory
  } catch (cause) {
    throw new StartError(`cannot read the directory ${path}: ${messageOf(cause)}`, { cause })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// Whoever read the output has gone, as in `npm run demo | head`.
process.stdout.on('error', () => process.exit(1))

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(USAGE)
  else await run(options)
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`${clean(error.message)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

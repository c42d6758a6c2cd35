import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { OverflowPolicy } from 'taskward'

export const USAGE = `Audits every package under a directory: validates its package.json, hashes and measures its files.

Usage: npm run demo -- [directory] [flags]

  directory               where to look for packages [the node_modules of this checkout]
  --concurrency <n>       tasks that run at once; the walk that finds the packages is one of them [16]
  --timeout <ms>          for each package, from its start [30000]
  --queue-limit <n>       packages that may wait [Infinity]
  --on-overflow <policy>  what a full queue does: reject, drop-oldest or drop-newest [reject]
  --grace <ms>            between telling a task to stop and giving it up [1000]
  --close-timeout <ms>    after Ctrl-C, for what is running to finish [2000]
  --history <directory>   keep the tasks' records there, and those of earlier runs [none: they go with the run]
  --json                  print the summary as JSON, and progress to stderr
  --plain                 print lines, not a live display
  --help                  print this

Ctrl-C stops in order, within --close-timeout plus --grace; a second one exits at once.
Exits 0 when every task is accounted for, 1 when one is not or the directory cannot be read, 2 for a wrong flag.
`

export interface Options {
  directory: string
  concurrency: number
  timeout: number
  queueLimit: number
  onOverflow: OverflowPolicy
  grace: number
  closeTimeout: number
  history: string | null
  json: boolean
  plain: boolean
  help: boolean
}

/** Why the audit cannot start, in words for whoever started it. */
export class StartError extends Error {}
/** A mistake on the command line. */
export class UsageError extends StartError {}

/** @throws UsageError for an unknown flag or a value that does not fit */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) {
    throw new UsageError(`expected one directory, got ${positionals.length}: ${positionals.join(', ')}`)
  }
  return {
    directory: positionals[0] ?? join(import.meta.dirname, '../../node_modules'),
    concurrency: wholeNumber('concurrency', values.concurrency, 1) ?? 16,
    timeout: wholeNumber('timeout', values.timeout) ?? 30_000,
    queueLimit: wholeNumber('queue-limit', values['queue-limit']) ?? Infinity,
    onOverflow: overflowPolicy(values['on-overflow'] ?? 'reject'),
    grace: wholeNumber('grace', values.grace) ?? 1_000,
    closeTimeout: wholeNumber('close-timeout', values['close-timeout']) ?? 2_000,
    history: values.history ?? null,
    json: values.json ?? false,
    plain: values.plain ?? false,
    help: values.help ?? false,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        concurrency: { type: 'string' },
        timeout: { type: 'string' },
        'queue-limit': { type: 'string' },
        'on-overflow': { type: 'string' },
        grace: { type: 'string' },
        'close-timeout': { type: 'string' },
        history: { type: 'string' },
        json: { type: 'boolean' },
        plain: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function wholeNumber(flag: string, text: string | undefined, least = 0): number | undefined {
  if (text === undefined) return undefined
  const number = /^(\d+|Infinity)$/.test(text) ? Number(text) : NaN
  if (number >= least && (Number.isSafeInteger(number) || number === Infinity)) return number
  throw new UsageError(`--${flag}: expected a whole number from ${least}, or Infinity, got '${text}'`)
}

function overflowPolicy(text: string): OverflowPolicy {
  if (text === 'reject' || text === 'drop-oldest' || text === 'drop-newest') return text
  throw new UsageError(`--on-overflow: expected reject, drop-oldest or drop-newest, got '${text}'`)
}

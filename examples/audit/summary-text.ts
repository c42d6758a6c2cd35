import { formatBytes, formatCount, formatMs } from './format.js'
import type { Summary } from './summary.js'
import { table } from './table.js'
import { clean, fit, wrap } from './text.js'

const MOST_ROWS = 10

/** The summary for a reader, in lines of at most `width` columns. */
export function formatSummary(summary: Summary, width: number): string {
  const section = (title: string, heading: string[], rows: string[][]): string[] => {
    if (rows.length === 0) return []
    const more = rows.length > MOST_ROWS ? [`  and ${formatCount(rows.length - MOST_ROWS)} more`] : []
    return ['', title, ...table(heading, rows.slice(0, MOST_ROWS), width), ...more]
  }
  // What matters most comes last, where a terminal ends up.
  const lines = [
    '',
    fit(`Audit of ${clean(summary.directory)}`, width),
    ...section('Licences', ['licence', 'packages'], licenses(summary)),
    ...section('In several versions', ['package', 'versions'], duplicates(summary)),
    ...section('Slowest packages', ['package', 'time', 'size', 'files', 'version'], slowest(summary)),
    ...section('Latest errors', ['task', 'error'], latest(summary)),
    ...section('Errors by kind', ['kind', 'count', 'ended', 'for example'], errors(summary)),
    ...section('Tasks', [], totals(summary)),
    '',
    ...wrap(headline(summary), width),
    ...verdict(summary).flatMap((text) => wrap(clean(text), width)),
  ]
  return `${lines.join('\n')}\n`
}

function headline({ packages, files, bytes, durationMs, interruptedBy }: Summary): string {
  const found = `${formatCount(packages)} packages, ${formatCount(files)} files, ${formatBytes(bytes)}`
  return `${found} in ${formatMs(durationMs)}${interruptedBy === null ? '' : `, interrupted by ${interruptedBy}`}`
}

const totals = (summary: Summary): string[][] =>
  Object.entries<number>({ ...summary.totals }).map(([name, count]) => [
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    formatCount(count),
  ])

const errors = (summary: Summary): string[][] =>
  summary.errors.map(({ kind, ended, count, example }) => [
    kind,
    formatCount(count),
    ended,
    `${example.task}: ${example.message}`,
  ])

const latest = (summary: Summary): string[][] =>
  summary.latestErrors.map(({ taskName, error }) => [taskName, error.message])

const slowest = (summary: Summary): string[][] =>
  summary.slowest.map(({ path, version, files, bytes, ms }) => [
    path,
    formatMs(ms),
    formatBytes(bytes),
    formatCount(files),
    version,
  ])

const duplicates = (summary: Summary): string[][] =>
  summary.duplicates.map(({ name, versions }) => [name, versions.join(', ')])

const licenses = (summary: Summary): string[][] =>
  Object.entries(summary.licenses).map(([name, count]) => [name, formatCount(count)])

function verdict({
  balanced,
  differences,
  totals: { spawned, completed, failed, cancelled },
  close,
}: Summary): string[] {
  if (!balanced) return ['THE BOOKS DO NOT BALANCE:', ...differences]
  const sum = `${completed} completed + ${failed} failed + ${cancelled} cancelled`
  const givenUp = close.abandoned.length > 0 ? [`Still running when given up: ${close.abandoned.join(', ')}`] : []
  return [...givenUp, `All accounted for: ${spawned} spawned = ${sum}.`]
}

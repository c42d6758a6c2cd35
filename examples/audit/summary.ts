import type { CloseReport, StatusTotals, TaskErrorRecord, TaskSupervisor } from 'taskward'
import { differencesOf, type Books, type ErrorKind } from './books.js'
import type { Audited, Findings } from './findings.js'

/** What the audit came to, as it is printed with --json. */
export interface Summary {
  directory: string
  /** The signal that ended it early. */
  interruptedBy: string | null
  durationMs: number
  /** Whether the supervisor's totals and the demo's own counts agree, and spawned = completed + failed + cancelled. */
  balanced: boolean
  differences: string[]
  totals: StatusTotals
  counted: Books['counts']
  packages: number
  files: number
  bytes: number
  licenses: Record<string, number>
  slowest: Audited[]
  errors: ErrorKind[]
  latestErrors: TaskErrorRecord[]
  duplicates: { name: string; versions: string[] }[]
  close: Omit<CloseReport, 'abandoned' | 'handedOff'> & { abandoned: string[] }
}

export interface SummaryParts {
  directory: string
  interruptedBy: string | null
  durationMs: number
  supervisor: TaskSupervisor
  books: Books
  findings: Findings
  report: CloseReport
}

export async function summarise({ supervisor, books, findings, report, ...run }: SummaryParts): Promise<Summary> {
  await books.settled()
  // Both accounts are read in the same tick: a function given up may still stop, late, at any time.
  const { totals, recentErrors } = supervisor.status()
  const differences = differencesOf(books.counts, totals)
  const { completed, failed, cancelled, abandoned, persisted, durationMs } = report
  return {
    ...run,
    balanced: differences.length === 0,
    differences,
    totals,
    counted: { ...books.counts },
    packages: findings.packages,
    files: findings.files,
    bytes: findings.bytes,
    licenses: Object.fromEntries([...findings.licenses].sort(([, a], [, b]) => b - a)),
    slowest: findings.slowest,
    errors: books.kinds,
    latestErrors: recentErrors.slice(0, 5),
    duplicates: findings.duplicates,
    close: { completed, failed, cancelled, abandoned: abandoned.map(({ name }) => name), persisted, durationMs },
  }
}

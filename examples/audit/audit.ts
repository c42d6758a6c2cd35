import { relative } from 'node:path'
import { TaskSupervisor, type TaskHandle, type TaskSupervisorOptions } from 'taskward'
import { auditPackage } from './audit-package.js'
import { Books } from './books.js'
import { findPackages } from './find-packages.js'
import { Findings } from './findings.js'
import { taskName } from './task-name.js'

export interface Audit {
  supervisor: TaskSupervisor
  /** The task that looks for packages. */
  walk: TaskHandle<void>
  books: Books
  findings: Findings
}

/** Starts to audit every package under `root`, each as a task of its own. `root` must be absolute. */
export function startAudit(root: string, options: TaskSupervisorOptions): Audit {
  const supervisor = new TaskSupervisor({ name: 'audit', ...options })
  const books = new Books(supervisor)
  const findings = new Findings()
  const pathOf = (directory: string) => relative(root, directory) || '.'

  const spawnAudit = (directory: string) => {
    const path = pathOf(directory)
    const audit = supervisor.spawn(({ signal }) => auditPackage(directory, signal), { name: taskName(path) })
    books.enter(audit, (found) => {
      const { startedAt, finishedAt } = audit.snapshot()
      findings.add({ ...found, path, ms: finishedAt! - startedAt! })
    })
  }

  // Work that is under way already can be supervised too: this promise rejects, and so the failure has its record.
  const recordUnreadable = (directory: string, reading: Promise<unknown>) => {
    books.enter(supervisor.spawn(reading, { name: taskName(pathOf(directory)) }))
  }

  // The walk is a task like any other, but one that may take as long as it takes.
  const walk = supervisor.spawn(
    async ({ signal }) => {
      for await (const directory of findPackages(root, signal, recordUnreadable)) spawnAudit(directory)
    },
    { name: 'walk', timeout: Infinity },
  )
  books.enter(walk)
  return { supervisor, walk, books, findings }
}

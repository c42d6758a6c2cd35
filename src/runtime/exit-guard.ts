import { logText } from '../core/log-text.js'
import type { TaskChange } from '../store.js'
import type { Announcer } from './announcer.js'
import type { GuardedStore } from './guarded-store.js'
import { interrupted, type InterruptionParts } from './interruption.js'
import { LastCommits, type Failure } from './last-commits.js'
import type { Ledger } from './ledger.js'
import type { LiveTask } from './live-task.js'
import type { Recorder } from './recorder.js'

/** The end of the process, to those who want to be there. */
export interface Exits {
  /** Has the function called when the process ends; it has no turn left by then. Gives what takes it back. */
  watch(onExit: () => void): () => void
  /** One line for whoever runs the process. */
  complain(line: string): void
}

export interface ExitGuardParts extends InterruptionParts {
  /** The supervisor's. */
  readonly name: string
  readonly exits: Exits
  readonly hasLogger: boolean
  readonly announcer: Announcer
  readonly ledger: Ledger
  readonly recorder: Recorder
  readonly store: GuardedStore
}

const TEXT = 'the process ends while tasks live'
const MAX_NAMES = 20

/**
 * Names the tasks that go with the process, in one line, and records them as interrupted where the store can write at once,
 * together with the outcomes that it has not been told yet. Watches only while there is something to lose. Changes nothing
 * here: who is still called in the dying process finds every task as it was.
 */
export class ExitGuard {
  readonly #parts: ExitGuardParts
  #unwatch: (() => void) | null = null

  constructor(parts: ExitGuardParts) {
    this.#parts = parts
  }

  /** To be called when work has come. */
  busy(): void {
    this.#unwatch ??= this.#parts.exits.watch(() => {
      this.#end()
    })
  }

  /** To be called when work has gone, or the store has all of it. */
  rest(): void {
    const { ledger, recorder, store } = this.#parts
    if (!ledger.isIdle || (store.commitsSync && recorder.hasWork)) return
    this.#unwatch?.()
    this.#unwatch = null
  }

  #end(): void {
    const { announcer, exits, hasLogger, ledger, name, sanitizer } = this.#parts
    const live = new Set([...ledger.running, ...ledger.live()])
    const { recorded, failure } = this.#write(live)
    if (live.size === 0 && failure === null) return
    const tasks = namesOf(live)
    const error = failure && sanitizer.error(failure.thrown)
    if (hasLogger) {
      announcer.log('error', TEXT, { supervisor: name, count: live.size, tasks, recorded, ...(error && { error }) })
      return
    }
    const what = `${String(live.size)} of '${name}' (${tasks.join(', ')}), ${String(recorded)} recorded as interrupted`
    exits.complain(logText(`taskward: ${TEXT}: ${what}${error ? `; the store failed: ${error.message}` : ''}`))
  }

  /** Gives how many of those that live are recorded as interrupted, and what the store threw, if anything. */
  #write(live: ReadonlySet<LiveTask>): { recorded: number; failure: Failure | null } {
    const { recorder, store } = this.#parts
    if (!store.canCommitSync) return { recorded: 0, failure: null }
    const commit = new LastCommits(store)
    // As it was sent, before anything that has happened to its task since: it may be there already.
    const sent = new Map(recorder.unanswered.map(({ task, change }) => [task, change]))
    const isThere = commit.all([...sent.values()])
    const rest: TaskChange[] = []
    const last = new Set<TaskChange>()
    for (const task of recorder.known()) {
      const before = sent.get(task)
      if (!task.isTracked || (before && !isThere.has(before))) continue
      const change = before ? following(before, task.change()) : task.change()
      if (live.has(task)) {
        const end = together(change, interrupted(change.record, this.#parts))
        last.add(end)
        rest.push(end)
      } else if (change.expected !== change.record.version) rest.push(change)
    }
    const recorded = [...commit.all(rest)].filter((change) => last.has(change)).length
    return { recorded, failure: commit.failure }
  }
}

/** What is left of a change once its beginning has been written. */
const following = (before: TaskChange, change: TaskChange): TaskChange => ({
  record: change.record,
  expected: before.record.version,
  transitions: change.transitions.slice(before.transitions.length),
  errors: change.errors.slice(before.errors.length),
})

const together = (first: TaskChange, second: TaskChange): TaskChange => ({
  record: second.record,
  expected: first.expected,
  transitions: [...first.transitions, ...second.transitions],
  errors: [...first.errors, ...second.errors],
})

/** The first names, each with how many there are of it. */
function namesOf(tasks: Iterable<LiveTask>): string[] {
  const counts = new Map<string, number>()
  for (const { settings } of tasks) counts.set(settings.name, (counts.get(settings.name) ?? 0) + 1)
  return [...counts].slice(0, MAX_NAMES).map(([name, count]) => (count === 1 ? name : `${name} x ${String(count)}`))
}

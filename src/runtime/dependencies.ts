import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskRecord } from '../core/record.js'
import { isTerminal } from '../core/lifecycle.js'
import type { LiveTask } from './live-task.js'
import * as reasons from './reasons.js'

/** How often a task that another process runs is looked at. */
const POLL_MS = 1_000

export interface DependencyParts {
  readonly clock: Clock
  /** How long a store that does not answer is waited for. */
  readonly storeTimeoutMs: number
  readonly find: (id: string) => LiveTask | undefined
  readonly read: (id: string) => Promise<TaskRecord | undefined>
  /** Ends a task that may not run any more. */
  readonly refuse: (task: LiveTask, error: TaskwardError) => void
  /** Goes on with a task that waits for nobody any more. */
  readonly resume: (task: LiveTask) => void
}

/** How something a task waits for has ended. */
interface End {
  readonly name: string
  readonly isCompleted: boolean
  readonly cause?: unknown
  readonly isUnknown?: boolean
}

/** Holds tasks back until those that they come after have ended: here, or in another process that shares the store. */
export class Dependencies {
  readonly #parts: DependencyParts

  constructor(parts: DependencyParts) {
    this.#parts = parts
  }

  /** Looks at what the task comes after; it may have failed, or wait for nobody, when this returns. */
  hold(task: LiveTask): void {
    const dependencies = new Set(task.dependencies)
    const waitsFor = (task.waitsFor = new Map<LiveTask | string, () => void>())
    task.dependencies = null
    for (const dependency of dependencies) {
      const known = typeof dependency === 'string' ? (this.#parts.find(dependency) ?? dependency) : dependency
      if (typeof known === 'string') this.#lookUp(task, known)
      else if (!known.isSettled) this.#follow(task, known)
      else if (!this.#accepts(task, endOf(known))) return
    }
    if (waitsFor.size === 0 && task.waitsFor === waitsFor) task.waitsFor = null
  }

  /** To be called when the task waits no more, for whatever reason. */
  letGo(task: LiveTask): void {
    const waitsFor = task.waitsFor
    task.waitsFor = null
    for (const unlink of waitsFor?.values() ?? []) unlink()
  }

  #follow(task: LiveTask, dependency: LiveTask): void {
    if (task.waitsFor!.has(dependency)) return
    const listeners = (dependency.onEnded ??= new Set())
    const listener = (): void => {
      this.#ended(task, dependency, endOf(dependency))
    }
    listeners.add(listener)
    task.waitsFor!.set(dependency, () => listeners.delete(listener))
  }

  /** Asks the store for one that is not known here, and again while another process has it. */
  #lookUp(task: LiveTask, id: string): void {
    const { clock, find, read, storeTimeoutMs } = this.#parts
    let cancelTimer = (): void => undefined
    // Since when there has been no answer.
    let failingSince = clock.monotonic()
    const isWanted = (): boolean => task.waitsFor?.has(id) === true
    const again = (): void => {
      if (isWanted()) cancelTimer = clock.setTimer(POLL_MS, look)
    }
    const found = (record: TaskRecord | undefined): void => {
      if (!isWanted()) return
      failingSince = clock.monotonic()
      const live = find(id)
      if (live) {
        task.waitsFor!.delete(id)
        if (live.isSettled) this.#ended(task, null, endOf(live))
        else this.#follow(task, live)
      } else if (!record) this.#ended(task, id, { name: id, isCompleted: false, isUnknown: true })
      else if (!isTerminal(record.status)) again()
      else {
        const { name, status, error } = record
        this.#ended(task, id, { name, isCompleted: status === 'completed', cause: error ?? undefined })
      }
    }
    const failed = (thrown: unknown): void => {
      if (clock.monotonic() - failingSince < storeTimeoutMs) again()
      else if (isWanted()) this.#ended(task, id, { name: id, isCompleted: false, cause: thrown })
    }
    const look = (): void => void read(id).then(found, failed)
    task.waitsFor!.set(id, () => {
      cancelTimer()
    })
    look()
  }

  #ended(task: LiveTask, key: LiveTask | string | null, end: End): void {
    if (key !== null) task.waitsFor?.delete(key)
    if (task.isSettled || !this.#accepts(task, end) || !task.waitsFor || task.waitsFor.size > 0) return
    task.waitsFor = null
    this.#parts.resume(task)
  }

  /** Whether the task may still run; else it has been ended. */
  #accepts(task: LiveTask, end: End): boolean {
    if (end.isCompleted || task.settings.onDependencyFailure === 'run') return true
    const { cause, isUnknown, name } = end
    const error = isUnknown ? reasons.dependencyUnknown(task, name) : reasons.dependencyFailed(task, name, cause)
    this.#parts.refuse(task, error)
    return false
  }
}

const endOf = ({ settings, outcome }: LiveTask): End =>
  outcome!.status === 'completed'
    ? { name: settings.name, isCompleted: true }
    : { name: settings.name, isCompleted: false, cause: outcome!.reason }

/** Whether a task of that id would come after itself, through tasks that still wait. */
export function closesOnItself(
  id: string,
  dependencies: readonly (LiveTask | string)[],
  find: (id: string) => LiveTask | undefined,
): boolean {
  const seen = new Set<string>()
  const pending = dependencies.map((each) => (typeof each === 'string' ? each : each.id))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === id) return true
    if (seen.has(next)) continue
    seen.add(next)
    const task = find(next)
    if (task?.isSettled === false) pending.push(...task.settings.after)
  }
  return false
}

import assert from 'node:assert/strict'
import type { TaskStore } from '../../store.js'
import { StoreProcess } from './child-process.js'
import { pause } from './reading.js'
import type { StoreSubject } from './subject.js'

/** What the tests go by, besides the store. */
export interface TrialSettings {
  readonly isMeasured: boolean
  readonly seed: number
  readonly report: (line: string) => void
  /** How long to wait for what a server's clock or another process decides. */
  readonly patienceMs: number
}

/** One test's store: what it opens here is closed at its end, and the place removed. */
export class Trial {
  readonly subject: StoreSubject
  readonly settings: TrialSettings
  readonly #endings: (() => unknown)[] = []

  constructor(subject: StoreSubject, settings: TrialSettings) {
    this.subject = subject
    this.settings = settings
  }

  /** The store, open. */
  async open(): Promise<TaskStore> {
    return this.#open(this.subject.store)
  }

  /** Another store on the same place, open. */
  async reopen(): Promise<TaskStore> {
    assert.ok(this.subject.reopen)
    return this.#open(await this.subject.reopen())
  }

  /** So many other processes, which have not opened the place yet. */
  processes(count: number): StoreProcess[] {
    const { child } = this.subject
    assert.ok(child)
    return Array.from({ length: count }, () => {
      const other = new StoreProcess(child)
      this.atEnd(() => other.kill())
      return other
    })
  }

  /** Looks again and again until it holds. */
  async eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
    const { patienceMs } = this.settings
    const endsAt = performance.now() + patienceMs
    while (!(await holds())) {
      assert.ok(performance.now() < endsAt, `not within ${patienceMs} ms: ${what}`)
      await pause(10)
    }
  }

  /** Has something done at the end, before what was opened earlier is closed. */
  atEnd(ending: () => unknown): void {
    this.#endings.push(ending)
  }

  /** Closes all, whatever fails on the way; a store that is closed already is closed again. */
  async end(): Promise<void> {
    const failures: unknown[] = []
    for (const ending of [...this.#endings.reverse(), () => this.subject.dispose?.()]) {
      try {
        await ending()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async #open(store: TaskStore): Promise<TaskStore> {
    this.atEnd(() => store.close())
    await store.open()
    return store
  }
}

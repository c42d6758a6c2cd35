import type { TaskStore } from '../store.js'
import { SUITE } from './task-store-suite/cases.js'
import { findRunner, type SuiteDescribe, type SuiteIt } from './task-store-suite/runner.js'
import type { StoreSubject } from './task-store-suite/subject.js'
import { reasonToSkip, subjectOf, type SuiteCase } from './task-store-suite/suite-case.js'
import { Trial, type TrialSettings } from './task-store-suite/trial.js'

export interface TaskStoreSuiteOptions {
  /** What groups tests. @default the runner's own: its globals, vitest's module, else node:test */
  describe?: SuiteDescribe | undefined
  /** What defines a test; must have `skip`. @default as `describe` */
  it?: SuiteIt | undefined
  /**
   * Fills the store with 100,000 records, reports what each query takes, and fails where one takes more than 500 ms for 1,000
   * records; else there are 2,000 and no limit of time.
   *
   * @default whether the environment has TASKWARD_MEASURE
   */
  measure?: boolean | undefined
  /** Is given each figure, as a line of text. @default writes it to stderr where it is measured */
  report?: ((line: string) => void) | undefined
  /** Where the random changes and queries start from; a failure names it. @default 1 */
  seed?: number | undefined
}

/**
 * Defines the tests that hold any `TaskStore` to its contract, as one `describe` in a test file of vitest, Jest or node:test.
 * A bare store is enough; a {@link StoreSubject} adds what some of the tests need: a second opener, other processes, rows that
 * are spoiled. What cannot be tested is skipped, with the reason in the test's name.
 *
 * Each test calls the factory for a store of its own on an empty place, opens it, closes it and disposes of it, and so does the
 * definition itself once, to see what the subject has. Where the factory gives a promise, `describe` waits for it, which Jest
 * cannot: there it must answer at once. Nothing is left to the runner's own hooks. The whole takes less than three seconds for a
 * store in memory.
 *
 * @param name what the tests are grouped under
 * @param factory makes a store, not opened, on a place of its own
 * @example
 * ```ts
 * import { memoryStore } from 'taskward'
 * import { testTaskStore } from 'taskward/testing'
 *
 * testTaskStore('memory', () => memoryStore())
 * ```
 */
export function testTaskStore(
  name: string,
  factory: () => TaskStore | StoreSubject | Promise<TaskStore | StoreSubject>,
  options: TaskStoreSuiteOptions = {},
): void {
  const { describe, it } = findRunner(options)
  const settings = settingsOf(options)

  const define = (subject: StoreSubject, isDisposed: Promise<void>): void => {
    for (const group of SUITE) {
      describe(group.name, () => {
        for (const suiteCase of group.cases) {
          const reason = reasonToSkip(suiteCase, subject)
          const run = async (): Promise<void> => {
            await isDisposed
            await runCase(suiteCase, subjectOf(await factory()), settings)
          }
          if (reason === null) it(suiteCase.name, run, CASE_LIMIT_MS)
          else it.skip(`${suiteCase.name} (skipped: ${reason})`, run)
        }
      })
    }
  }

  describe(name, () => {
    const made = factory()
    if (!('then' in made)) {
      const subject = subjectOf(made)
      const isDisposed = dispose(subject)
      // Every test waits for it and fails with it; until the first one does, nobody looks.
      isDisposed.catch(() => undefined)
      define(subject, isDisposed)
      return
    }
    return made.then(async (awaited) => {
      const subject = subjectOf(awaited)
      await dispose(subject)
      define(subject, Promise.resolve())
    })
  })
}

/** Longer than any runner's default: a server may be slow, and what must be fast is measured. */
const CASE_LIMIT_MS = 120_000

/** Runs one case on one subject, and leaves nothing behind. */
export async function runCase(suiteCase: SuiteCase, subject: StoreSubject, settings: TrialSettings): Promise<void> {
  const trial = new Trial(subject, settings)
  try {
    await suiteCase.run(trial)
  } catch (error) {
    // The first failure is the one to be seen.
    await trial.end().catch(() => undefined)
    throw error
  }
  await trial.end()
}

export function settingsOf({ measure, report, seed = 1 }: TaskStoreSuiteOptions): TrialSettings {
  const isMeasured = measure ?? Boolean(process.env['TASKWARD_MEASURE'])
  const write = (line: string): unknown => isMeasured && process.stderr.write(`${line}\n`)
  return { isMeasured, seed, report: report ?? write, patienceMs: 30_000 }
}

async function dispose(subject: StoreSubject): Promise<void> {
  await subject.dispose?.()
}

import { mutation, type Mutation } from './mutation.js'

const PIPELINE = 'runtime/pipeline.ts'
const OUTCOMES = 'runtime/outcomes.ts'
const STRAGGLERS = 'runtime/stragglers.ts'
const LATE = `ledger.count(task, 'late')`

export const OUTCOME_MUTATIONS: readonly Mutation[] = [
  mutation('late settlement swallowed', 'nobody learns that it came', STRAGGLERS, `${LATE}\n`, ''),
  mutation('late settlement counted twice', 'totals.late is wrong', STRAGGLERS, LATE, `${LATE}\n    ${LATE}`),
  mutation(
    'quiet stop counted as late',
    'a function that obeys is reported like one that does not',
    STRAGGLERS,
    'const hasObeyed = wasActive && !settlement.isFulfilled && settlement.reason === run.stopReason',
    'const hasObeyed = (task.status as string) === settlement',
  ),
  {
    name: 'terminal status overwritten',
    breaks: 'a task that timed out is completed after all',
    edits: [
      {
        file: `src/${PIPELINE}`,
        find: 'if (run.hasEnded) {',
        replace: 'if (run.isAbandoned) {',
      },
      { file: 'src/core/lifecycle.ts', find: 'failed: [],', replace: `failed: ['completed', 'failed'],` },
      { file: 'src/core/lifecycle.ts', find: 'cancelled: [],', replace: `cancelled: ['completed', 'failed'],` },
    ],
  },
  mutation('signal not aborted', 'a function is never told to stop', STRAGGLERS, 'run.controller?.abort(error)\n', ''),
  mutation('outcome not told', 'whoever awaits a result waits for ever', OUTCOMES, 'task.tellSettled()\n', ''),
  mutation(
    'refused task runs anyway',
    'a task born cancelled is admitted',
    PIPELINE,
    'else if (!task.isSettled) this.#entrance.admit(task, work)',
    'else this.#entrance.admit(task, work)',
  ),
  mutation('failure not recorded', 'errors() misses failed tasks', OUTCOMES, 'task.fail(failure)\n', ''),
  mutation(
    'version not bumped',
    'a store takes a stopped task for one that still runs',
    'runtime/live-task.ts',
    'this.stoppingSince = null\n    this.version++',
    'this.stoppingSince = null',
  ),
  mutation(
    'history entry lost',
    'history() does not tell when a task started',
    'runtime/journal.ts',
    `if (status === 'running' || hasRun) steps.push(startOf(attempt, startedAt!))\n`,
    '',
  ),
  mutation(
    'known id accepted again',
    'two tasks share one id and one record',
    'runtime/intake.ts',
    'const isTaken = this.#recorder.isTaken(task.id)',
    'const isTaken = this.#recorder.isTaken(`${task.id}?`)',
  ),
  mutation(
    'listener that throws is not isolated',
    'one bad listener breaks the supervisor',
    'runtime/hooks.ts',
    'this.#onFailed(where, thrown, level)\n      return\n    } finally',
    'throw thrown\n    } finally',
  ),
]

export const LEAK_MUTATIONS: readonly Mutation[] = [
  mutation(
    "listener kept on the caller's signal",
    'a long-lived signal keeps a listener for good',
    'runtime/caller-signals.ts',
    `this.#signal.removeEventListener('abort', this.#onAbort)`,
    'void this.#onAbort',
  ),
  mutation(
    "task kept on the caller's signal",
    'a long-lived signal holds on to every task it ever served',
    PIPELINE,
    'task.unlinkSignal?.()\n',
    '',
  ),
  mutation(
    'abandoned function not taken off the list',
    'status() lists functions that have long settled',
    'runtime/ledger.ts',
    'this.abandoned.remove(run)\n',
    '',
  ),
  mutation(
    'finished task not forgotten',
    'memory grows with every task',
    'runtime/recorder.ts',
    'if (this.#known.delete(task) && ',
    'if (this.#known.has(task) && ',
  ),
  mutation(
    'timer not given back when idle',
    'the clock keeps a timer for nothing',
    'runtime/deadlines.ts',
    'if (this.#heap.size > 0) return\n    this.#cancelTimer?.()',
    'if (this.#heap.size > 0) return',
  ),
]

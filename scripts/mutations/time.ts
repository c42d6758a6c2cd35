import { mutation, type Mutation } from './mutation.js'

const PIPELINE = 'runtime/pipeline.ts'
const LIMITS = 'runtime/limits.ts'
const STRAGGLERS = 'runtime/stragglers.ts'
const GRACE = 'deadlines.set(run, run.endedMono + this.#graceOf(run.task))'
const TIMEOUT = 'this.#ledger.started(task)\n    this.#deadlines.set(task, attemptEndsAt(task))'

export const TIME_MUTATIONS: readonly Mutation[] = [
  mutation(
    'timeout not armed',
    'a task runs for ever',
    PIPELINE,
    TIMEOUT,
    'this.#ledger.started(task)\n    this.#deadlines.clear(task)',
  ),
  mutation(
    'timeout counted from the spawn',
    'time in the queue counts against the run',
    LIMITS,
    'task.startedMono + task.settings.timeoutMs',
    'task.createdMono + task.settings.timeoutMs',
  ),
  mutation(
    'queueTimeout not armed',
    'a task waits for ever',
    'runtime/entrance.ts',
    'deadlines.set(task, waitEndsAt(task))\n    if (!gate',
    'if (!gate',
  ),
  mutation(
    'queueTimeout not taken back at the start',
    'a running task fails for having waited',
    PIPELINE,
    TIMEOUT,
    TIMEOUT.replace('this.#deadlines', 'if (task.settings.timeoutMs !== Infinity) this.#deadlines'),
  ),
  mutation('grace not armed', 'a function that does not stop keeps its slot for ever', STRAGGLERS, GRACE, ''),
  mutation(
    'grace ignored',
    'a function is abandoned at once, and the cap exceeded',
    STRAGGLERS,
    GRACE,
    'deadlines.set(run, run.endedMono)',
  ),
  mutation(
    'deadline not taken back at the outcome',
    'a finished task is abandoned when its timeout would have been',
    PIPELINE,
    'this.dispatcher.leave(task)\n    this.#deadlines.clear(task)',
    'this.dispatcher.leave(task)',
  ),
  mutation(
    'deadlines of one instant in any order',
    'who times out first is left to chance',
    'runtime/deadlines.ts',
    ' || (a.dueAt === b.dueAt && a.order < b.order)',
    '',
  ),
  mutation(
    'deadline that was taken back fires',
    'a task without a timeout times out',
    'runtime/deadlines.ts',
    'entry.dueAt = NaN\n',
    '',
  ),
  {
    name: 'timeouts not counted',
    breaks: 'totals.timedOut stays at 0',
    edits: [
      {
        file: `src/${PIPELINE}`,
        find: `if (isTaskTimeoutError(error)) this.#ledger.count(task, 'timedOut')\n`,
        replace: '',
      },
      { file: 'src/runtime/retries.ts', find: `if (isOverdue) ledger.count(task, 'timedOut')\n`, replace: '' },
    ],
  },
]

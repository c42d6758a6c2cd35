import { mutation, type Mutation } from './mutation.js'

const PIPELINE = 'runtime/pipeline.ts'
const GRACE = `this.#deadlines.set(task, task.finishedMono, this.#closingGraceMs ?? task.settings.graceMs)`
const TIMEOUT = `this.#deadlines.set(task, task.startedMono, task.settings.timeoutMs)`

export const TIME_MUTATIONS: readonly Mutation[] = [
  mutation('timeout not armed', 'a task runs for ever', PIPELINE, TIMEOUT, 'this.#deadlines.clear(task)'),
  mutation(
    'timeout counted from the spawn',
    'time in the queue counts against the run',
    PIPELINE,
    TIMEOUT,
    TIMEOUT.replace('startedMono', 'createdMono'),
  ),
  mutation(
    'queueTimeout not armed',
    'a task waits for ever',
    PIPELINE,
    'this.#deadlines.set(task, task.createdMono, task.settings.queueTimeoutMs)\n',
    '',
  ),
  mutation(
    'queueTimeout not taken back at the start',
    'a running task fails for having waited',
    PIPELINE,
    TIMEOUT,
    `if (task.settings.timeoutMs !== Infinity) ${TIMEOUT}`,
  ),
  mutation('grace not armed', 'a function that does not stop keeps its slot for ever', PIPELINE, GRACE, ''),
  mutation(
    'grace ignored',
    'a function is abandoned at once, and the cap exceeded',
    PIPELINE,
    GRACE,
    'this.#deadlines.set(task, task.finishedMono, 0)',
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
  mutation('timeouts not counted', 'totals.timedOut stays at 0', PIPELINE, 'this.#ledger.totals.timedOut++\n', ''),
]

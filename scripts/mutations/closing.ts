import { mutation, type Mutation } from './mutation.js'

const STRAGGLERS = 'runtime/stragglers.ts'

export const CLOSING_MUTATIONS: readonly Mutation[] = [
  mutation(
    'idle told too early',
    'onIdle() resolves while functions still run',
    'runtime/ledger.ts',
    ' + this.stopping.size === 0',
    ' === 0',
  ),
  mutation(
    'close does not abort',
    'close() waits for ever',
    'runtime/closing.ts',
    'pipeline.abortAll(Math.min(grace, leftForTasksMs()))\n',
    '',
  ),
  mutation(
    'close accepts spawns from outside',
    'work that comes while it drains is taken in',
    'runtime/closing.ts',
    `intake.state = 'live tasks'`,
    `intake.state = 'everybody'`,
  ),
  mutation(
    'close refuses spawns of live tasks',
    'a task that drains cannot finish what it began',
    'runtime/closing.ts',
    `intake.state = 'live tasks'`,
    `intake.state = 'nobody'`,
  ),
  mutation(
    'close leaves the pause in force',
    'what waits is cancelled instead of run',
    'runtime/closing.ts',
    'pipeline.dispatcher.isPaused = false\n',
    '',
  ),
  mutation(
    "close waits for the tasks' own grace",
    'close() takes longer than it was told',
    STRAGGLERS,
    'this.#closingGraceMs = graceMs\n',
    '',
  ),
  mutation(
    'close forgets those that are stopping',
    'close() takes longer than it was told',
    STRAGGLERS,
    'deadlines.set(run, clock.monotonic() + graceMs)',
    'void run',
  ),
]

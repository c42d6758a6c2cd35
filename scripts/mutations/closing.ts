import { mutation, type Mutation } from './mutation.js'

const STRAGGLERS = 'runtime/stragglers.ts'

export const CLOSING_MUTATIONS: readonly Mutation[] = [
  mutation(
    'idle told too early',
    'onIdle() resolves while functions still run',
    'runtime/tallies.ts',
    ' + this.stopping === 0',
    ' === 0',
  ),
  mutation('close does not abort', 'close() waits for ever', 'runtime/closing.ts', 'tasks.abort(graceMs())\n', ''),
  mutation(
    'close accepts spawns from outside',
    'work that comes while it drains is taken in',
    'runtime/closing.ts',
    'intake.state = state\n',
    `intake.state = state === 'live tasks' ? 'everybody' : state\n`,
  ),
  mutation(
    'close refuses spawns of live tasks',
    'a task that drains cannot finish what it began',
    'runtime/closing.ts',
    'intake.state = state\n',
    `intake.state = 'nobody'\n`,
  ),
  mutation(
    'close leaves the pause in force',
    'what waits is cancelled instead of run',
    'runtime/closing.ts',
    `if (state === 'live tasks') pipeline.dispatcher.isPaused = false\n`,
    '',
  ),
  mutation(
    "close waits for the tasks' own grace",
    'close() takes longer than it was told',
    STRAGGLERS,
    'else this.#closingGraceMs = graceMs\n',
    '',
  ),
  mutation(
    'close forgets those that are stopping',
    'close() takes longer than it was told',
    STRAGGLERS,
    'deadlines.set(run, isLimited ? Math.min(run.dueAt, endsAt) : endsAt)',
    'void isLimited',
  ),
]

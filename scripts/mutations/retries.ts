import { mutation, type Mutation } from './mutation.js'

const PIPELINE = 'runtime/pipeline.ts'
const ENTRANCE = 'runtime/entrance.ts'
const RETRIES = 'runtime/retries.ts'
const RETRY = 'core/retry.ts'
const LIMITS = 'runtime/limits.ts'
const STRAGGLERS = 'runtime/stragglers.ts'

export const RETRY_MUTATIONS: readonly Mutation[] = [
  mutation(
    'one attempt too many',
    'a task is run more often than it was told to',
    RETRIES,
    'task.attempt >= policy.attempts',
    'task.attempt > policy.attempts',
  ),
  mutation(
    'slot kept between attempts',
    'a task that waits for its retry keeps others from running',
    RETRIES,
    "leaveSlot(run, { status: 'failed', error, reason })",
    "if (run.isActive) leaveSlot(run, { status: 'failed', error, reason })",
  ),
  mutation('attempts overlap', 'two attempts of one task run at once', ENTRANCE, ' || task.run?.isStopping', ''),
  mutation(
    'retried without a pause',
    'a service that is down is hammered',
    RETRIES,
    'outcomes.retry(task, error, delayMs)',
    'outcomes.retry(task, error, 0)',
  ),
  mutation(
    'retry forgotten after a slow stop',
    'a task waits for ever',
    PIPELINE,
    'this.#entrance.resume(run.task)\n      this.#afterStep()\n      return',
    'this.#afterStep()\n      return',
  ),
  mutation(
    'retry turned away by a full queue',
    'a task that was admitted is rejected',
    ENTRANCE,
    'dispatcher.wait(task)\n  }\n\n  /** Its time',
    'this.#enter(task)\n  }\n\n  /** Its time',
  ),
  mutation(
    'retried while closing',
    'close() waits for attempts that nobody wants',
    'runtime/sweep.ts',
    'if (!scope) this.#retries.areOver = true\n',
    '',
  ),
  mutation(
    'delay ignored',
    'a task starts before its time',
    ENTRANCE,
    'task.isPauseOver = delayMs === 0',
    'task.isPauseOver = true',
  ),
  mutation(
    'deadline not looked at between attempts',
    'a task lives beyond its deadline',
    RETRIES,
    'clock.monotonic() + delayMs >= task.deadlineMono',
    'clock.monotonic() + delayMs < 0',
  ),
  mutation(
    'failed attempt not recorded',
    'errors() misses all but the last',
    'runtime/outcomes.ts',
    'this.#failureOf(task, error, now)\n    recorder.changed(task)\n  }',
    'recorder.changed(task)\n  }',
  ),
  mutation(
    'pause cut short by the stop',
    'the next attempt begins within the abort of the last',
    ENTRANCE,
    '!task.isPauseOver || ',
    '(task.attempt === 0 && !task.isPauseOver) || ',
  ),
  mutation('backoff not linear', 'the pause does not grow', RETRY, 'return delay * failures', 'return delay'),
  mutation('backoff not exponential', 'the pause grows too slowly', RETRY, '2 ** (failures - 1)', 'failures'),
  mutation(
    'maxDelay ignored',
    'a pause grows without end',
    RETRY,
    'Math.min(policy.maxDelay, unboundedDelay(policy, failures), ',
    'Math.min(unboundedDelay(policy, failures), ',
  ),
  mutation('retries not counted', 'totals.retried stays at 0', 'runtime/tallies.ts', 'this.totals.retried++\n', ''),
  mutation(
    'dropped retry counted as rejected',
    'work that has run is counted among what was refused',
    PIPELINE,
    "if (task.attempt === 0) this.#ledger.count(task, 'rejected')",
    "this.#ledger.count(task, 'rejected')",
  ),
  mutation(
    'retry announced of a task that has ended',
    'task:retrying comes after task:settled',
    RETRIES,
    "if (!task.isSettled) announcer.task('task:retrying'",
    "announcer.task('task:retrying'",
  ),
  mutation(
    'slot of the next attempt given back',
    'an abandoned attempt that stops at last takes the slot from the one that runs',
    STRAGGLERS,
    'this.#parts.release(run)\n    if (hasObeyed) return',
    'this.#parts.release(task.run!)\n    if (hasObeyed) return',
  ),
  mutation(
    'grace over before the deadline of that instant',
    'an attempt begins at the deadline',
    'runtime/run.ts',
    'task.order + 0.5',
    'task.order - 0.5',
  ),
]

export const DEADLINE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'deadline in the past not looked at',
    'a task starts that can only come too late',
    ENTRANCE,
    'task.deadlineMono <= clock.monotonic()',
    'task.deadlineMono === -Infinity',
  ),
  mutation(
    'deadline not armed while waiting',
    'a task waits beyond its deadline',
    LIMITS,
    'Math.min(task.deadlineMono, task.attempt',
    'Math.min(Infinity, task.attempt',
  ),
  mutation(
    'deadline not armed while running',
    'a task runs beyond its deadline',
    LIMITS,
    'Math.min(task.deadlineMono, timeoutAt(task), ',
    'Math.min(timeoutAt(task), ',
  ),
  mutation(
    'deadline not armed while delayed',
    'a task that is delayed or stopping outlives its deadline',
    PIPELINE,
    'task.isPauseOver = true\n      this.#deadlines.set(task, task.deadlineMono)',
    'task.isPauseOver = true',
  ),
  mutation(
    'queueTimeout holds for every attempt',
    'a task that has run fails for having waited',
    LIMITS,
    'task.attempt === 0 ? task.dueMono + task.settings.queueTimeoutMs : Infinity',
    'task.dueMono + task.settings.queueTimeoutMs',
  ),
  mutation(
    'queueTimeout counted from the spawn',
    'a delay counts as waiting',
    LIMITS,
    '? task.dueMono + task.settings.queueTimeoutMs',
    '? task.createdMono + task.settings.queueTimeoutMs',
  ),
]

import { mutation, type Mutation } from './mutation.js'

const PIPELINE = 'runtime/pipeline.ts'
const DISPATCHER = 'runtime/dispatcher.ts'
const STRAGGLERS = 'runtime/stragglers.ts'
const GRACE = 'deadlines.set(run, run.endedMono + this.#graceOf(run.task))'

export const SLOT_MUTATIONS: readonly Mutation[] = [
  mutation(
    'slot released on timeout',
    'more functions run than the cap allows',
    STRAGGLERS,
    GRACE,
    `this.#parts.release(run)\n${GRACE}`,
  ),
  mutation(
    'slot kept by an abandoned function',
    'a function that never stops costs a slot for ever',
    STRAGGLERS,
    'ledger.wasAbandoned(run)\n    this.#parts.release(run)',
    'ledger.wasAbandoned(run)',
  ),
  {
    name: 'lowered cap not heeded',
    breaks: 'slots given back above the new cap are handed out again',
    edits: [
      { file: 'src/runtime/slots.ts', find: 'Math.min(this.#limit - this.#held, ', replace: 'Math.min(Infinity, ' },
      { file: 'src/runtime/slots.ts', find: 'if (this.#held >= this.#limit) return false\n', replace: '' },
      {
        file: 'src/runtime/slots.ts',
        find: 'this.#queue.concurrency = limit',
        replace: 'this.#queue.concurrency = Math.max(limit, this.#queue.concurrency)',
      },
    ],
  },
  mutation(
    'raised cap starts nobody',
    'work waits beside free slots',
    DISPATCHER,
    'this.slots.limit = limit\n    this.pump()',
    'this.slots.limit = limit',
  ),
  {
    name: 'pause ignored',
    breaks: 'functions start while paused',
    edits: [
      { file: `src/${DISPATCHER}`, find: 'this.#isPaused ? 0 : this.slots.free', replace: 'this.slots.free' },
      { file: `src/${DISPATCHER}`, find: 'this.slots.free > 0 && !this.#isPaused', replace: 'this.slots.free > 0' },
    ],
  },
  mutation(
    'resume starts nobody',
    'work waits on after resume()',
    DISPATCHER,
    'this.#isPaused = isPaused\n    this.pump()',
    'this.#isPaused = isPaused',
  ),
  mutation(
    'no limit to nested starts',
    'a chain of spawns exhausts the stack',
    DISPATCHER,
    'MAX_NESTED_STARTS = 100',
    'MAX_NESTED_STARTS = Infinity',
  ),
]

export const QUEUE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'FIFO broken',
    'the last to come starts first',
    'runtime/queue-tree.ts',
    'get first(): T | null {\n    return this.#tickets.first',
    'get first(): T | null {\n    return [...this.#tickets].at(-1) ?? null',
  ),
  mutation(
    'priority inverted',
    'the least urgent starts first',
    'runtime/queue.ts',
    'new Branch(root, priority, []), -priority)',
    'new Branch(root, priority, []), priority)',
  ),
  mutation(
    'new priority not heeded',
    'setPriority() changes the record and not the order',
    DISPATCHER,
    'this.#queue.remove(task)\n    task.reprioritise(priority)\n    this.#queue.add(task, where)',
    'task.reprioritise(priority)',
  ),
  mutation(
    'place lost at the same priority',
    'setPriority() to what it was sends a task to the end',
    DISPATCHER,
    'if (task.priority === priority) return true\n',
    '',
  ),
  mutation(
    'queue limit off by one',
    'one more waits than the limit says',
    'core/admission.ts',
    'waiting - spokenFor < queueLimit',
    'waiting - spokenFor <= queueLimit',
  ),
  mutation(
    'free slots not counted for those who wait',
    'a task is refused though it would start in a moment',
    'core/admission.ts',
    'waiting - spokenFor < queueLimit',
    'waiting < queueLimit',
  ),
  mutation(
    'drop-oldest drops the last to come',
    'those who have waited longest wait on, newer work is lost',
    'runtime/queue.ts',
    'const { ticket } = arrivals.first!',
    'const { ticket } = [...arrivals].at(-1)!',
  ),
  mutation(
    'drop-oldest drops the most urgent',
    'urgent work is lost first',
    'runtime/queue.ts',
    'level.rank > lowest.rank',
    'level.rank < lowest.rank',
  ),
  mutation(
    'overflow ends cancelled',
    'a full queue looks like a cancellation',
    PIPELINE,
    `error.code === 'TASK_DROPPED' ||`,
    `error.code === 'TASK_DROPPED' || error.code === 'TASK_QUEUE_FULL' ||`,
  ),
  mutation(
    'cancelled task stays in the queue',
    'it takes a place, and a slot when its turn comes',
    PIPELINE,
    'this.dispatcher.leave(task)\n',
    '',
  ),
  mutation(
    'running told before waiting ones',
    'a task that is to be cancelled starts on a slot that the cancel has freed',
    'runtime/waiting-first.ts',
    'return [...all.filter(waits).sort((a, b) => b.order - a.order), ...all.filter((task) => !waits(task))]',
    'return [...all.filter((task) => !waits(task)), ...all.filter(waits).sort((a, b) => b.order - a.order)]',
  ),
]

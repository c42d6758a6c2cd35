import { abort, leap, NO_LIMITS, scopeOn, setup, spawn, TWICE } from './fixed-steps.js'
import { orderOf } from './order-of.js'
import type { Schedule, Step } from './schedule.js'

const SETTLE: Step = { do: 'settle', pick: 0, how: 'ok', turns: 1 }

/** Two of the first and one of the second wait, and one of the third comes when the first has had its turn. */
const turnsOf = (first: string, second: string, third: string, spawnOf: (whose: string) => Step): Step[] => [
  ...[spawn('waits'), spawnOf(first), spawnOf(first), spawnOf(second), SETTLE],
  ...[spawnOf(third), SETTLE, SETTLE, SETTLE],
]

/** Schedules that the supervisor once got wrong, or that chance seldom meets, cut down to what matters. */
export const REGRESSIONS: Record<string, Schedule> = {
  'says that a task is stopping only where it has not stopped within the abort': {
    setup,
    steps: [spawn('yields'), { do: 'cancel', pick: 0, turns: 1 }],
    finale: 'settle',
  },
  'starts nobody whose caller has gone, not even on a slot that the abort has freed': {
    setup,
    steps: [spawn('yields', { signal: 0 }), spawn('waits', { signal: 0 }), abort],
    finale: 'settle',
  },
  'is too late with a deadline at the instant at which its delay, and what it comes after, end': {
    setup: { ...setup, queueLimit: 0, timeout: 10, grace: 0 },
    steps: [
      spawn('waits'),
      spawn('waits', { delay: 10, deadline: 10, after: [0], onDependencyFailure: 'run' }),
      { do: 'advance', ms: 10, inOneLeap: false, turns: 0 },
    ],
    finale: 'settle',
  },
  'has a free slot for a newcomer when the cap is set in the turn in which a function has returned': {
    setup: { ...setup, queueLimit: 0 },
    steps: [spawn('returns'), { do: 'resize', limit: 1, turns: 0 }, spawn('waits')],
    finale: 'settle',
  },
  'has all its slots again when the cap is lowered and raised in the turn in which functions have returned': {
    setup: { ...setup, limit: 3, queueLimit: 0 },
    steps: [
      spawn('returns', { inside: [orderOf('returns', { inside: [orderOf('returns')] })] }),
      { do: 'resize', limit: 1, turns: 0 },
      { do: 'resize', limit: 3, turns: 0 },
      spawn('waits'),
      spawn('waits'),
      spawn('waits'),
    ],
    finale: 'settle',
  },
  'takes a deadline back for good when a task without a timeout starts at the instant its queueTimeout is over': {
    setup,
    steps: [
      spawn('waits', { grace: 6 }),
      { do: 'cancel', pick: 0, turns: 0 },
      spawn('waits', { queueTimeout: 6 }),
      leap(6),
    ],
    finale: 'settle',
  },
  'takes the first of two settlements of a foreign thenable': {
    setup,
    steps: [spawn('waits', { isForeign: true }), { do: 'settle', pick: 0, how: 'ok, err', turns: 1 }],
    finale: 'settle',
  },
  'counts a slot that is spoken for but once, when a function being called spawns beside one that waits': {
    setup: { ...setup, limit: 2, queueLimit: 1 },
    steps: [
      spawn('waits', { inside: [orderOf('returns', { inside: [orderOf('waits')] }), orderOf('waits')] }),
      { do: 'settle', pick: 0, how: 'ok', turns: 1 },
    ],
    finale: 'settle',
  },
  'counts a task that is dropped as rejected only where it has never run': {
    setup: { ...setup, queueLimit: 1, onOverflow: 'drop-oldest' },
    steps: [
      spawn('waits', { retry: TWICE }),
      { do: 'settle', pick: 0, how: 'err', turns: 1 },
      spawn('waits'),
      leap(2),
      spawn('waits'),
    ],
    finale: 'settle',
  },
  'says that a task is retried only where nobody has ended it as soon as its slot was free': {
    setup: { ...setup, queueLimit: 1 },
    steps: [spawn('yields', { timeout: 4, retry: TWICE }), spawn('waits', { inside: ['cancel all'] }), leap(4)],
    finale: 'settle',
  },
  'pauses for as long as its backoff says, and never for longer than maxDelay': {
    setup: { ...setup, limit: 3 },
    steps: [
      spawn('throws', { retry: { attempts: 5, backoff: 'linear', delay: 2, maxDelay: Infinity } }),
      spawn('throws', { retry: { attempts: 5, backoff: 'exponential', delay: 2, maxDelay: Infinity } }),
      spawn('throws', { retry: { attempts: 5, backoff: 'exponential', delay: 2, maxDelay: 6 } }),
      ...[2, 4, 6, 2, 8, 8].map(leap),
    ],
    finale: 'settle',
  },
  'begins no attempt within the abort of the one before, though its pause takes no time': {
    setup,
    steps: [spawn('yields', { timeout: 4, retry: { ...TWICE, delay: 0 } }), leap(4), leap(0)],
    finale: 'settle',
  },
  'ends a task by its deadline before it takes up again what is left of its last attempt': {
    setup,
    steps: [spawn('waits', { timeout: 4, deadline: 14, retry: TWICE }), spawn('waits'), leap(4), leap(10)],
    finale: 'settle',
  },
  'tries again at once when the slow stop of the last attempt has outlasted the interval of its rate': {
    setup: { ...setup, lanes: { slow: { ...NO_LIMITS, rate: { limit: 1, interval: 3 } } } },
    steps: [spawn('waits', { lane: 'slow', timeout: 2, retry: TWICE }), leap(2), leap(10)],
    finale: 'settle',
  },
  'starts no child on the slot that its parent gives back while it is being cancelled': {
    setup,
    steps: [spawn('yields', { inside: [orderOf('waits', { isChild: true })] }), { do: 'cancel', pick: 0, turns: 1 }],
    finale: 'settle',
  },
  'starts none of those that are cancelled at once when another of them ends that it comes after': {
    setup: { ...setup, limit: 2 },
    steps: [
      spawn('returns', { delay: 4 }),
      spawn('waits', { after: [0], onDependencyFailure: 'run' }),
      { do: 'cancel those', where: {}, turns: 1 },
    ],
    finale: 'settle',
  },
  'starts none of the children of a cancelled parent when another of them ends that it comes after': {
    setup: { ...setup, limit: 2 },
    steps: [
      spawn('waits', {
        inside: [
          orderOf('returns', { isChild: true, delay: 4 }),
          orderOf('waits', { isChild: true, after: [1], onDependencyFailure: 'run' }),
        ],
      }),
      { do: 'cancel', pick: 0, turns: 1 },
    ],
    finale: 'settle',
  },
  'starts nobody whose caller has gone when another ends that it comes after': {
    setup: { ...setup, limit: 2 },
    steps: [
      spawn('returns', { delay: 4, signal: 0 }),
      spawn('waits', { after: [0], onDependencyFailure: 'run', signal: 0 }),
      abort,
    ],
    finale: 'settle',
  },
  'starts none of those that are cancelled at once on the slot of a child of one that waits for its next attempt': {
    setup,
    steps: [
      ...[
        spawn('waits', { delay: 2 }),
        spawn('throws', { retry: TWICE, inside: [orderOf('yields', { isChild: true })] }),
      ],
      leap(2),
      { do: 'cancel those', where: {}, turns: 1 },
    ],
    finale: 'settle',
  },
  'lets all who come after a task join the queue before it gives its slot to one of those who wait': {
    setup,
    steps: [
      ...[spawn('waits'), spawn('waits', { after: [0] }), spawn('waits', { after: [0], priority: 1 }), spawn('waits')],
      { do: 'settle', pick: 0, how: 'ok', turns: 1 },
    ],
    finale: 'settle',
  },
  'wakes who waits for a rate after another that it has woken': {
    setup: { ...setup, lanes: { slow: { ...NO_LIMITS, rate: { limit: 1, interval: 5 } } } },
    steps: [
      ...[spawn('returns', { lane: 'slow' }), spawn('returns', { lane: 'slow' }), spawn('returns', { lane: 'slow' })],
      ...[leap(5), leap(5)],
    ],
    finale: 'settle',
  },
  'starts nobody in a scope whose signal aborts on the slot of another of that signal': {
    setup,
    steps: [scopeOn(0), spawn('yields', { signal: 0 }), spawn('waits', { scope: 0 }), abort],
    finale: 'settle',
  },
  'starts nobody whose caller has gone on the slot of one in a scope of that signal': {
    setup,
    steps: [scopeOn(0), spawn('yields', { scope: 0 }), spawn('waits', { signal: 0 }), abort],
    finale: 'settle',
  },
  'says of nobody whose caller has gone that one in a scope of that signal, which it came after, has failed it': {
    setup,
    steps: [scopeOn(0), spawn('yields', { scope: 0 }), spawn('waits', { signal: 0, after: [0] }), abort],
    finale: 'settle',
  },
  'lets as many more wait in a lane as are about to leave its queue, and no more than its cap lets start': {
    setup: { ...setup, limit: 3, lanes: { slow: { concurrency: 1, queueLimit: 1, rate: null } } },
    steps: [
      spawn('waits', {
        inside: [
          orderOf('returns', { inside: [orderOf('returns', { inside: [orderOf('waits', { lane: 'slow' })] })] }),
          ...[orderOf('waits', { lane: 'slow' }), orderOf('waits', { lane: 'slow' })],
        ],
      }),
    ],
    finale: 'settle',
  },
  'gives each lane its turn, and a new one the last': {
    setup: { ...setup, lanes: { slow: NO_LIMITS, fast: NO_LIMITS, strict: NO_LIMITS } },
    steps: turnsOf('slow', 'fast', 'strict', (lane) => spawn('waits', { lane })),
    finale: 'settle',
  },
  'gives each owner its turn, and a new one the last': {
    setup,
    steps: turnsOf('x', 'y', 'z', (owner) => spawn('waits', { owner })),
    finale: 'settle',
  },
}

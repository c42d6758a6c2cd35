import { abort, close, leap, scopeIn, scopeOn, setup, spawn, supervise, walk } from './fixed-steps.js'
import type { Schedule, Step } from './schedule.js'

/** The same of scopes and services. */
export const PLACE_REGRESSIONS: Record<string, Schedule> = {
  'stops services one after the other, the last that was started first, each within what is left of the time': {
    setup,
    steps: [
      ...[supervise('waits', { grace: 4 }), supervise('obeys'), supervise('waits'), supervise('waits', { grace: 20 })],
      ...[supervise('waits', { stopOnClose: 'first', grace: 2 }), spawn('waits'), close(null, 'cancel', 0, 20)],
      walk(20),
    ],
    finale: 'settle',
  },
  'keeps time back for services from tasks that never stop': {
    setup: { ...setup, grace: Infinity },
    steps: [supervise('waits'), spawn('waits'), close(null, 'drain', 31, 9), walk(36), walk(4)],
    finale: 'settle',
  },
  'while it drains takes what live tasks spawn and nothing else, and runs what a pause has held up': {
    setup: { ...setup, limit: 2 },
    steps: [
      ...[spawn('waits'), { do: 'pause', turns: 0 } as Step, spawn('waits'), close(null, 'drain', 7, 13)],
      ...[{ ...spawn('waits'), from: 0 } as Step, spawn('waits'), walk(20)],
    ],
    finale: 'settle',
  },
  'gives those that it tells to stop its own grace, and those that are stopping already': {
    setup: { ...setup, limit: 2, grace: Infinity },
    steps: [
      ...[spawn('waits'), spawn('waits'), { do: 'cancel', pick: 1, turns: 0 } as Step],
      ...[close(null, 'cancel', 0, 10), walk(8), walk(2)],
    ],
    finale: 'settle',
  },
  'takes in a scope that drains only what its own tasks spawn, and aborts what is left, and nobody else': {
    setup: { ...setup, limit: 4 },
    steps: [
      ...[scopeIn(null), scopeIn(0), spawn('waits', { scope: 1 }), spawn('waits'), supervise('waits', { scope: 1 })],
      close(0, 'drain', 7, 13),
      { ...spawn('waits', { scope: 0 }), from: 0 } as Step,
      ...[{ ...spawn('waits', { scope: 0 }), from: 1 } as Step, spawn('waits', { scope: 1 }), spawn('waits')],
      ...[walk(10), walk(10), spawn('waits', { scope: 1 })],
    ],
    finale: 'settle',
  },
  'lets no more run in scopes within a scope than that allows, though slots are free': {
    setup: { ...setup, limit: 4 },
    steps: [
      ...[scopeIn(null, 1), scopeIn(0), scopeIn(0), spawn('waits', { scope: 1 })],
      ...[spawn('waits', { scope: 1 }), spawn('waits', { scope: 2 }), spawn('waits')],
      { do: 'settle', pick: 1, how: 'ok', turns: 1 },
      { do: 'settle', pick: 0, how: 'ok', turns: 1 },
    ],
    finale: 'settle',
  },
  'gives tasks that two closings abort the shorter of their graces, also where that is of the first': {
    setup: { ...setup, limit: 3, grace: Infinity },
    steps: [
      ...[scopeIn(null), scopeIn(0), spawn('waits', { scope: 1 }), spawn('waits', { scope: 0 }), spawn('waits')],
      ...[{ do: 'cancel', pick: 0, turns: 0 } as Step, close(1, 'cancel', 0, 10), walk(2)],
      ...[close(0, 'cancel', 0, 20), walk(2), close(null, 'cancel', 0, 10), walk(10)],
    ],
    finale: 'settle',
  },
  'closes the scope of a service that is over its limit, and no more than that': {
    setup: { ...setup, limit: 2 },
    steps: [
      ...[scopeIn(null), supervise('throws', { scope: 0, onLimit: 'close' }), spawn('waits', { scope: 0 }), leap(4)],
      ...[spawn('waits', { scope: 0 }), spawn('waits'), supervise('waits', { scope: 0 }), supervise('waits')],
    ],
    finale: 'settle',
  },
  'starts a service again that is restarted while it stops, and not one that is stopped while it is restarted': {
    setup,
    steps: [
      ...[supervise('waits'), supervise('waits')],
      { do: 'stop a service', pick: 0, turns: 0 },
      { do: 'restart a service', pick: 0, turns: 0 },
      { do: 'restart a service', pick: 1, turns: 0 },
      { do: 'stop a service', pick: 1, turns: 0 },
      leap(10),
    ],
    finale: 'settle',
  },
  'starts a service again as its policy says, whether it has failed or has done what it had to': {
    setup,
    steps: (['permanent', 'transient', 'temporary'] as const).flatMap((restart, index) => [
      supervise('waits', { restart }),
      supervise('waits', { restart }),
      { do: 'settle a service', pick: index, how: 'ok', turns: 1 },
      { do: 'settle a service', pick: index, how: 'err', turns: 1 },
    ]),
    finale: 'settle',
  },
  'counts the restarts of the last so many milliseconds, and none that was asked for': {
    setup,
    steps: [
      supervise('waits', { maxRestarts: 1, within: 8 }),
      { do: 'restart a service', pick: 0, turns: 1 },
      { do: 'settle a service', pick: 0, how: 'reason', turns: 1 },
      { do: 'settle a service', pick: 0, how: 'err', turns: 1 },
      ...[leap(4), leap(8)],
      { do: 'settle a service', pick: 0, how: 'ok', turns: 1 },
      ...[leap(4), leap(6)],
      { do: 'settle a service', pick: 0, how: 'err', turns: 1 },
    ],
    finale: 'settle',
  },
  'stops the services of a scope whose signal aborts, within the grace of the scope': {
    setup,
    steps: [
      ...[scopeOn(0), supervise('waits', { scope: 0, grace: Infinity }), supervise('yields', { scope: 0 }), abort],
      ...[walk(8), walk(2), supervise('waits', { scope: 0 })],
    ],
    finale: 'settle',
  },
}

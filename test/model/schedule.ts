import fc from 'fast-check'
import { anyScope, anyService, anySetup, anyTask, evenMs, limit, maybe, oddMs, pick, SIGNALS } from './any-order.js'
import type { Order, ScopeOrder, ServiceOrder, Setup, Status } from './reference-orders.js'

/** A number picks among the tasks, or the attempts, that qualify at that moment; of a task named, the last attempt is meant. */
export type Pick = number | { task: number; attempt?: number }

/** One thing that happens to a supervisor, as plain data: it can be printed, shrunk and played again. */
export type Act =
  | { do: 'spawn'; order: Order; from: number | null; sameIdAs: number | null }
  | { do: 'settle'; pick: Pick; how: 'ok' | 'err' | 'reason' | 'ok, err' | 'err, ok' }
  | { do: 'cancel'; pick: Pick }
  | { do: 'cancel those'; where: { name?: string; status?: Status } }
  | { do: 'abort'; signal: number }
  | { do: 'advance'; ms: number; inOneLeap: boolean }
  | { do: 'pause' | 'resume' }
  | { do: 'resize'; limit: number }
  | { do: 'set priority'; pick: Pick; priority: number }
  | { do: 'await idle'; scope: number | null; timeout: number }
  | { do: 'make a scope'; order: ScopeOrder }
  | { do: 'cancel a scope'; pick: number }
  | { do: 'supervise'; order: ServiceOrder }
  | { do: 'spawn in a service'; pick: number; order: Order }
  | { do: 'settle a service'; pick: number; how: 'ok' | 'err' | 'reason' }
  | { do: 'stop a service' | 'restart a service'; pick: number }
  | { do: 'close'; scope: number | null; mode: 'drain' | 'cancel'; timeout: number; grace: number }

/** `turns` of the event loop pass after it; with none the next act comes in the same turn. */
export type Step = Act & { turns: number }

export interface Schedule {
  setup: Setup
  steps: Step[]
  /** Whether every listener throws, which is to harm nobody. */
  listenersThrow?: boolean
  /** How it all ends: what is left is settled, or told to stop and left alone, or closed. With none it just stops. */
  finale: 'settle' | 'abandon' | 'close' | 'close now' | 'none'
}

const CLOSINGS = [
  ...[1, 3, 7].map((timeout) => ({ mode: 'drain', timeout, grace: 10 - timeout }) as const),
  ...[1, 7, 15, 31].map((timeout) => ({ mode: 'drain', timeout, grace: 40 - timeout }) as const),
  ...[0, 10, 10, 20].map((grace) => ({ mode: 'cancel', timeout: 31, grace }) as const),
  { mode: 'drain', timeout: Infinity, grace: 10 } as const,
]

/** The tenth of its time that is kept back for services is a whole number, as instants are. */
const closingOf = (scope: fc.Arbitrary<number | null>): fc.Arbitrary<Act> =>
  fc.tuple(scope, fc.constantFrom(...CLOSINGS)).map(([of, times]) => ({ do: 'close', scope: of, ...times }))

/** How often each comes in most schedules, and in those that have much to do with scopes and services. */
const weighted: readonly (readonly [number, number, fc.Arbitrary<Act>])[] = [
  [22, 22, fc.record({ do: fc.constant('spawn'), order: anyTask, from: maybe(pick, 2), sameIdAs: maybe(pick, 1) })],
  [
    16,
    16,
    fc.record({
      do: fc.constant('settle'),
      pick,
      how: fc.constantFrom('ok', 'ok', 'err', 'err', 'reason', 'ok, err', 'err, ok'),
    }),
  ],
  [7, 4, fc.record({ do: fc.constant('cancel'), pick })],
  [
    2,
    1,
    fc.record({
      do: fc.constant('cancel those'),
      where: fc.constantFrom<{ name?: string; status?: Status }>(
        {},
        { name: 'a' },
        { name: 'b' },
        { status: 'pending' },
        { status: 'running' },
        { status: 'completed' },
        { name: 'c', status: 'running' },
      ),
    }),
  ],
  [2, 3, fc.record({ do: fc.constant('abort'), signal: fc.nat(SIGNALS - 1) })],
  [12, 14, fc.record({ do: fc.constant('advance'), ms: evenMs, inOneLeap: fc.boolean() })],
  [2, 1, fc.record({ do: fc.constantFrom('pause', 'resume', 'resume') })],
  [3, 1, fc.record({ do: fc.constant('resize'), limit })],
  [4, 1, fc.record({ do: fc.constant('set priority'), pick, priority: fc.constantFrom(0, 0, 1, -1, 2.5) })],
  [2, 10, fc.record({ do: fc.constant('make a scope'), order: anyScope })],
  [1, 1, fc.record({ do: fc.constant('cancel a scope'), pick })],
  [
    2,
    2,
    fc.record({
      do: fc.constant('await idle'),
      scope: maybe(pick, 4),
      timeout: fc.oneof(oddMs, fc.constant(Infinity)),
    }),
  ],
  [2, 18, fc.record({ do: fc.constant('supervise'), order: anyService })],
  [1, 3, fc.record({ do: fc.constant('spawn in a service'), pick, order: anyTask })],
  [2, 10, fc.record({ do: fc.constant('settle a service'), pick, how: fc.constantFrom('ok', 'err', 'err', 'reason') })],
  [1, 9, fc.record({ do: fc.constantFrom('stop a service', 'restart a service', 'restart a service'), pick })],
  [1, 6, closingOf(fc.nat(40))],
  [1, 3, closingOf(fc.constant(null))],
] as const

const stepOf = (column: 0 | 1): fc.Arbitrary<Step> =>
  fc
    .tuple(
      fc.oneof(...weighted.map((row) => ({ weight: row[column], arbitrary: row[2] }))),
      fc.constantFrom(0, 1, 1, 3),
    )
    .map(([what, turns]) => ({ ...what, turns }))

/** What some schedules have more of, so that rare things meet. */
type Taste = 'mixed' | 'signals' | 'yielding' | 'cap of one' | 'retrying'

const flavour = (order: Order, taste: Taste): Order => {
  const { plan, signal, timeout, retry } = order
  const inside = plan.inside.map((what) => (typeof what === 'string' ? what : flavour(what, taste)))
  const yields = taste === 'yielding' && plan.kind === 'obeys'
  const isRetried = taste === 'retrying' && !plan.isPromise
  return {
    ...order,
    plan: { ...plan, inside, ...(yields && { kind: 'yields' }) },
    signal: taste === 'signals' ? (signal ?? 0) : signal,
    timeout: isRetried ? (timeout ?? 4) : timeout,
    retry: isRetried ? (retry ?? { attempts: 3, backoff: 'linear', delay: 2, maxDelay: Infinity }) : retry,
  }
}

/** Any schedule of at most so many steps. */
export const scheduleOf = (maxLength: number): fc.Arbitrary<Schedule> =>
  fc
    .record({
      setup: anySetup,
      steps: fc.oneof(
        { weight: 3, arbitrary: fc.array(stepOf(0), { maxLength, size: 'max' }) },
        { weight: 2, arbitrary: fc.array(stepOf(1), { maxLength, size: 'max' }) },
      ),
      listenersThrow: fc.constantFrom(false, false, false, true),
      finale: fc.constantFrom('settle', 'abandon', 'close', 'close now'),
      taste: fc.constantFrom<Taste>('mixed', 'mixed', 'signals', 'yielding', 'cap of one', 'retrying', 'retrying'),
    })
    .map(({ taste, ...schedule }) => ({
      ...schedule,
      setup: taste === 'cap of one' ? { ...schedule.setup, limit: 1 } : schedule.setup,
      steps: schedule.steps.map((next) =>
        next.do === 'spawn' || next.do === 'spawn in a service' ? { ...next, order: flavour(next.order, taste) } : next,
      ),
    }))

import { constants } from 'node:os'
import { logTextOfError } from '../core/log-text.js'
import { normalizeError } from '../core/normalize-error.js'
import type { CloseOptions } from '../work.js'
import { complain } from './complain.js'

/** What can be closed: a `TaskSupervisor`, or anything else that has an end. */
export interface Closable {
  close(options?: CloseOptions): PromiseLike<unknown>
  status?(options?: { tasks?: number }): { readonly state: string }
  on?(event: 'supervisor:closed', listener: () => void): unknown
  off?(event: 'supervisor:closed', listener: () => void): unknown
}

export interface GivenToSignals {
  readonly supervisor: Closable
  readonly signals: ReadonlySet<NodeJS.Signals>
  readonly closing: CloseOptions
  readonly exits: boolean
  /** The signal that closes it; null before there was one. */
  by: NodeJS.Signals | null
  isClosed: boolean
  /** Hears of a close by anybody. */
  readonly onClosed: () => void
}

/** All that signals are to close, so that the process ends when the last of them is closed. */
const all = new Set<GivenToSignals>()
const listened = new Set<NodeJS.Signals>()

/** Closes it on its signals. Gives what takes that back. */
export function endOnSignal(given: GivenToSignals): () => void {
  const { supervisor, signals } = given
  if (supervisor.status?.({ tasks: 0 }).state === 'closed') return () => undefined
  all.add(given)
  supervisor.on?.('supervisor:closed', given.onClosed)
  update()
  const by = [...all].find((other) => other.by !== null && signals.has(other.by))?.by
  if (by) start(given, by)
  return () => {
    forget([given])
    end()
  }
}

/** Something to be closed, which no signal has reached yet. */
export function givenToSignals(
  what: Pick<GivenToSignals, 'supervisor' | 'signals' | 'closing' | 'exits'>,
): GivenToSignals {
  const given: GivenToSignals = {
    ...what,
    by: null,
    isClosed: false,
    onClosed: () => {
      // What a signal has closed is waited for, and goes with the others.
      if (given.by === null) forget([given])
    },
  }
  return given
}

/** One listener for each signal, however many wait for it; and the end, once all that were told to close have. */
function update(): void {
  const wanted = new Set([...all].flatMap(({ signals }) => [...signals]))
  for (const signal of wanted) {
    if (listened.has(signal)) continue
    listened.add(signal)
    process.on(signal, received)
  }
  for (const signal of listened) {
    if (wanted.has(signal)) continue
    listened.delete(signal)
    process.off(signal, received)
  }
}

function received(signal: NodeJS.Signals): void {
  const concerned = [...all].filter(({ signals }) => signals.has(signal))
  if (concerned.some(({ by }) => by !== null)) receivedAgain(signal)
  else for (const given of concerned) start(given, signal)
}

function receivedAgain(signal: NodeJS.Signals): void {
  const closing = [...all].filter(({ by }) => by !== null)
  if (closing.some(({ exits }) => exits)) process.exit(128 + constants.signals[signal])
  forget(closing)
  // Whoever else listens has been called already.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}

function start(given: GivenToSignals, signal: NodeJS.Signals): void {
  given.by = signal
  closed(given).then(
    () => {
      given.isClosed = true
      end()
    },
    (thrown: unknown) => {
      given.isClosed = true
      complain(`taskward: close() failed on ${signal}: ${logTextOfError(normalizeError(thrown))}`)
      if (given.exits) process.exitCode ??= 1
      end()
    },
  )
}

const closed = async ({ supervisor, closing }: GivenToSignals): Promise<unknown> => supervisor.close(closing)

/** Ends the process once all that signals have told to close are closed. */
function end(): void {
  const closing = [...all].filter(({ by }) => by !== null)
  if (closing.length === 0 || closing.some(({ isClosed }) => !isClosed)) return
  forget(closing)
  // With `process.exitCode`, where it has been set.
  if (closing.some(({ exits }) => exits)) process.exit()
}

function forget(given: readonly GivenToSignals[]): void {
  for (const one of given) {
    all.delete(one)
    one.supervisor.off?.('supervisor:closed', one.onClosed)
  }
  update()
}

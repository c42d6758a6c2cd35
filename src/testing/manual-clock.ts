import type { Clock } from '../clock.js'
import { TaskOptionError } from '../core/errors.js'

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /**
   * Moves both clocks on by whole milliseconds and calls what falls due on the way, in order, each at its own instant.
   * Synchronous: promise reactions to what was called run when the caller awaits.
   *
   * @throws TaskOptionError `OPTION_INVALID` unless `ms` is an integer from 0
   */
  advance(ms: number): void
  /** Sets the wall clock alone, as when a machine's time is corrected. Timers do not follow it. */
  setWallClock(epochMs: number): void
  /** How many timers are armed. */
  readonly timers: number
}

interface Timer {
  readonly setAt: number
  readonly dueAt: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock for tests: nothing waits, nothing races.
 *
 * @param options `now`: where the wall clock starts, in epoch milliseconds [1_700_000_000_000]
 * @example
 * ```ts
 * import { TaskSupervisor } from 'taskward'
 * import { manualClock } from 'taskward/testing'
 *
 * const clock = manualClock()
 * const supervisor = new TaskSupervisor({ clock, timeout: 1_000 })
 * const handle = supervisor.spawn(() => new Promise(() => {}))
 * clock.advance(1_000)
 * console.log(handle.status) // failed
 * ```
 */
export function manualClock({ now: startMs = 1_700_000_000_000 }: { now?: number } = {}): ManualClock {
  const timers = new Set<Timer>()
  let monotonicMs = 0
  let wallOffsetMs = startMs
  let order = 0

  const nextDue = (isDue: (timer: Timer) => boolean): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers) {
      if (!isDue(timer)) continue
      if (!next || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order)) next = timer
    }
    return next
  }

  return {
    now: () => wallOffsetMs + monotonicMs,
    monotonic: () => monotonicMs,
    setTimer(delayMs, callback) {
      const timer = { setAt: monotonicMs, dueAt: monotonicMs + Math.max(0, delayMs), order: order++, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      if (!Number.isSafeInteger(ms) || ms < 0) {
        throw new TaskOptionError('advance()', `expected whole milliseconds from 0, got ${String(ms)}`)
      }
      const endMs = monotonicMs + ms
      const firstNew = order
      // What is set at the very end, as by a timeout of 0, waits for the next call: a later turn.
      const isDue = (timer: Timer): boolean => timer.dueAt <= endMs && (timer.order < firstNew || timer.setAt < endMs)
      for (let timer = nextDue(isDue); timer; timer = nextDue(isDue)) {
        timers.delete(timer)
        monotonicMs = Math.max(monotonicMs, timer.dueAt)
        timer.callback()
      }
      // A callback may have moved it further.
      monotonicMs = Math.max(monotonicMs, endMs)
    },
    setWallClock(epochMs) {
      wallOffsetMs = epochMs - monotonicMs
    },
    get timers() {
      return timers.size
    },
  }
}

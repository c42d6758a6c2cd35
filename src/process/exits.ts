import { logTextOfError } from '../core/log-text.js'
import { normalizeError } from '../core/normalize-error.js'
import type { Exits } from '../runtime/exit-guard.js'
import { complain } from './complain.js'

const watchers = new Set<() => void>()

/**
 * All supervisors share one listener, which is there while any of them has something to lose. `exit` comes however the
 * process ends, but for a signal that nobody handles and for what kills it outright.
 */
export const processExits: Exits = {
  watch(onExit) {
    // One of its own, so that the same function may come twice.
    const watcher = (): void => {
      onExit()
    }
    // First, since a listener that throws, or exits itself, is the last; and a logger may write down what it has in its own.
    if (watchers.size === 0) process.prependListener('exit', tellAll)
    watchers.add(watcher)
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) process.off('exit', tellAll)
    }
  },

  complain,
}

function tellAll(): void {
  for (const watcher of [...watchers]) {
    try {
      watcher()
    } catch (thrown) {
      // It would take the place of why the process ends, and the others' turn.
      complain(
        `taskward: BUG: the watch of the exit threw; please report this: ${logTextOfError(normalizeError(thrown))}`,
      )
    }
  }
}

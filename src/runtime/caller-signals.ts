import { TaskOptionError } from '../core/errors.js'
import { LinkedList, type ListEntry } from '../core/linked-list.js'

interface Link extends ListEntry<Link> {
  readonly onAbort: (reason: unknown) => void
  readonly isWaiting: () => boolean
}

/**
 * One listener on each signal that callers share, however many tasks hang on it and whichever supervisor they belong to: a
 * listener a task would cost O(n^2), and `AbortSignal.any` leaks. The listener goes when the last task does.
 */
class SignalHub {
  readonly #signal: AbortSignal
  readonly #links = new LinkedList<Link>()
  readonly #onAbort = (): void => {
    const links = [...this.#links]
    // Those who wait go first: a running one that stops at once frees a slot, which must go to nobody whose caller has gone. Of
    // these the last goes first, lest it fails because one that it comes after has just been stopped.
    for (const link of [...links].reverse()) if (link.isWaiting()) this.#tell(link)
    for (const link of links) this.#tell(link)
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(onAbort: (reason: unknown) => void, isWaiting: () => boolean): () => void {
    const link: Link = { list: null, previous: null, next: null, onAbort, isWaiting }
    if (this.#links.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#links.add(link)
    return () => {
      this.#remove(link)
    }
  }

  #tell(link: Link): void {
    // Told already, or ended meanwhile.
    if (link.list === null) return
    this.#remove(link)
    link.onAbort(this.#signal.reason)
  }

  #remove(link: Link): void {
    if (link.list === null) return
    this.#links.remove(link)
    if (this.#links.size > 0) return
    try {
      this.#signal.removeEventListener('abort', this.#onAbort)
    } catch {
      // A signal of the caller's own making that keeps our listener: it finds nobody to tell any more.
    }
  }
}

const hubs = new WeakMap<AbortSignal, SignalHub>()

export interface CallerLink {
  readonly hasAborted: boolean
  readonly reason: unknown
  /** To be called when the task has ended; null where the signal had aborted already. */
  readonly unlink: (() => void) | null
}

/**
 * Calls back once when the signal aborts, unless it has aborted already; those who wait are called first.
 *
 * @throws TaskOptionError `OPTION_INVALID` when the signal cannot be listened to
 */
export function linkCaller(
  signal: AbortSignal,
  onAbort: (reason: unknown) => void,
  { isWaiting = () => false, path = 'spawn().signal' }: { isWaiting?: () => boolean; path?: string } = {},
): CallerLink {
  try {
    if (signal.aborted) return { hasAborted: true, reason: signal.reason as unknown, unlink: null }
    return { hasAborted: false, reason: undefined, unlink: onCallerAbort(signal, onAbort, isWaiting) }
  } catch {
    throw new TaskOptionError(path, 'expected an AbortSignal, got one that cannot be listened to')
  }
}

/** Calls back once when the signal aborts. Gives what takes that back, to be called when the task has ended. */
export function onCallerAbort(
  signal: AbortSignal,
  onAbort: (reason: unknown) => void,
  isWaiting: () => boolean = () => false,
): () => void {
  let hub = hubs.get(signal)
  if (hub === undefined) hubs.set(signal, (hub = new SignalHub(signal)))
  return hub.add(onAbort, isWaiting)
}

import { TaskOptionError } from '../core/errors.js'
import { LinkedList, type ListEntry } from '../core/linked-list.js'
import { silence } from './thenable.js'

/** Whoever hangs on a signal of a caller's. */
export interface SignalMember<Task = unknown> {
  /** Cancels tasks; that of one supervisor is given those of all its members at once. */
  readonly sweep: SignalSweep<Task>
  /** The tasks that are cancelled when the signal aborts. */
  readonly tasks: () => Iterable<Task>
  /** Told when they have been. */
  readonly onAbort?: (reason: unknown) => void
}

export interface SignalSweep<Task> {
  cancel: (tasks: Iterable<Task>, reason: unknown) => void
}

interface Link extends ListEntry<Link> {
  readonly member: SignalMember
}

/**
 * One listener on each signal that callers share, however many tasks hang on it and whichever supervisor they belong to: a
 * listener a task would cost O(n^2), and `AbortSignal.any` leaks. The listener goes when the last member does.
 */
class SignalHub {
  readonly #signal: AbortSignal
  readonly #links = new LinkedList<Link>()
  readonly #onAbort = (): void => {
    const members = [...this.#links].map(({ member }) => member)
    for (const link of this.#links) this.#remove(link)
    const reason = this.#signal.reason as unknown
    // A slot that one of them frees must go to nobody who is to be cancelled too, on whatever way it hangs on the signal.
    const bySweep = new Map<SignalSweep<unknown>, Set<unknown>>()
    for (const { sweep, tasks } of members) {
      const meant = bySweep.get(sweep) ?? new Set()
      bySweep.set(sweep, meant)
      for (const task of tasks()) meant.add(task)
    }
    for (const [sweep, tasks] of bySweep) sweep.cancel(tasks, reason)
    for (const member of members) member.onAbort?.(reason)
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(member: SignalMember): () => void {
    const link: Link = { list: null, previous: null, next: null, member }
    if (this.#links.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#links.add(link)
    return () => {
      this.#remove(link)
    }
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
 * Cancels the member's tasks when the signal aborts, unless it has aborted already.
 *
 * @throws TaskOptionError `OPTION_INVALID` when the signal cannot be listened to
 */
export function linkCaller<Task>(signal: AbortSignal, member: SignalMember<Task>, path = 'spawn().signal'): CallerLink {
  try {
    if (signal.aborted) {
      const reason = signal.reason as unknown
      silence(reason)
      return { hasAborted: true, reason, unlink: null }
    }
    return { hasAborted: false, reason: undefined, unlink: joinSignal(signal, member) }
  } catch {
    throw new TaskOptionError(path, 'expected an AbortSignal, got one that cannot be listened to')
  }
}

/** Cancels the member's tasks when the signal aborts. Gives what takes that back, to be called when they have ended. */
export function joinSignal<Task>(signal: AbortSignal, member: SignalMember<Task>): () => void {
  let hub = hubs.get(signal)
  if (hub === undefined) hubs.set(signal, (hub = new SignalHub(signal)))
  // A sweep is only ever given tasks of its own members.
  return hub.add(member as SignalMember)
}

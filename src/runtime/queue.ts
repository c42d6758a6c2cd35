import { IndexedHeap, type HeapEntry } from '../core/indexed-heap.js'
import { LinkedList, type ListEntry } from '../core/linked-list.js'

/** What a queue holds. `ticket` is its place while it waits, written by the queue alone. */
export interface Waiter {
  readonly priority: number
  ticket: Ticket | null
}

export class Ticket implements ListEntry<Ticket> {
  list: object | null = null
  previous: Ticket | null = null
  next: Ticket | null = null
  readonly waiter: Waiter
  readonly level: Level

  constructor(waiter: Waiter, level: Level) {
    this.waiter = waiter
    this.level = level
  }
}

/** Those who wait at one priority, first come first. */
interface Level extends HeapEntry {
  readonly priority: number
  readonly tickets: LinkedList<Ticket>
}

/**
 * The tasks that wait for a slot: higher priority first, first come first served among equals. Adding and leaving, also from
 * the middle, are O(1) at a priority in use and O(log p) with p priorities at a new or emptied one.
 */
export class WaitingQueue<T extends Waiter> {
  readonly #levels = new Map<number, Level>()
  readonly #byPriority = new IndexedHeap<Level>((a, b) => a.priority > b.priority)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(task: T): void {
    let level = this.#levels.get(task.priority)
    if (level === undefined) {
      level = { priority: task.priority, tickets: new LinkedList(), heapIndex: -1 }
      this.#levels.set(task.priority, level)
      this.#byPriority.add(level)
    }
    task.ticket = new Ticket(task, level)
    level.tickets.add(task.ticket)
    this.#size++
  }

  /** Gives false when the task does not wait. */
  remove(task: T): boolean {
    const { ticket } = task
    if (ticket === null) return false
    const { level } = ticket
    task.ticket = null
    level.tickets.remove(ticket)
    this.#size--
    if (level.tickets.size === 0) {
      this.#levels.delete(level.priority)
      this.#byPriority.remove(level)
    }
    return true
  }

  /** Takes out who comes first. */
  take(): T | undefined {
    const task = this.#byPriority.first?.tickets.first?.waiter as T | undefined
    if (task !== undefined) this.remove(task)
    return task
  }

  /** The longest waiting of the lowest priority. Looks at every priority in use; called only when the queue overflows. */
  get leastUrgent(): T | undefined {
    let lowest: Level | undefined
    for (const level of this.#levels.values()) if (!lowest || level.priority < lowest.priority) lowest = level
    return lowest?.tickets.first?.waiter as T | undefined
  }
}

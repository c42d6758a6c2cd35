import { IndexedHeap, type HeapEntry } from '../core/indexed-heap.js'
import { LinkedList, type ListEntry } from '../core/linked-list.js'
import { areOpen, type Gate, type GateWatcher } from './gate.js'

/** What a place in the tree asks of the one above. */
interface Above {
  admit(child: Place, isEligible: boolean): void
  rerank(child: Place, rank: number): void
  drop(child: Place): void
}

/**
 * A place in the queue's tree. It is in the heap of the one above exactly while somebody below it could start: each gate on
 * the way is open. So the first of each heap leads to who comes next, and what is blocked costs nothing to pass over.
 */
abstract class Place implements HeapEntry, GateWatcher {
  heapIndex = -1
  /** The lowest of its siblings comes first. */
  rank = 0
  readonly key: unknown
  readonly #above: Above | null
  readonly #gates: readonly Gate[]

  constructor(above: Above | null, key: unknown, gates: readonly Gate[]) {
    this.#above = above
    this.key = key
    this.#gates = gates
    for (const gate of gates) gate.watchers.add(this)
  }

  /** Whether it has somebody who could start, were its own gates open. */
  protected abstract get hasCandidates(): boolean

  /** Whether somebody below it could start. */
  get isEligible(): boolean {
    return this.heapIndex !== -1
  }

  gateChanged(): void {
    this.refresh()
  }

  rankAnew(rank: number): void {
    if (this.isEligible) this.#above!.rerank(this, rank)
    else this.rank = rank
  }

  /** To be called when what decides over its place may have changed. */
  protected refresh(): void {
    const isEligible = this.hasCandidates && areOpen(this.#gates)
    if (isEligible !== this.isEligible) this.#above?.admit(this, isEligible)
  }

  /** Nobody waits in it any more. */
  protected leave(): void {
    for (const gate of this.#gates) gate.watchers.delete(this)
    this.#above?.drop(this)
  }
}

export class Branch<C extends Place> extends Place implements Above {
  readonly #children = new Map<unknown, C>()
  readonly #eligible = new IndexedHeap<C>((a, b) => a.rank < b.rank)

  get isEmpty(): boolean {
    return this.#children.size === 0
  }

  get hasCandidates(): boolean {
    return this.#eligible.size > 0
  }

  /** The child whose turn it is, of those that are eligible. */
  get first(): C | undefined {
    return this.#eligible.first
  }

  child(key: unknown): C | undefined {
    return this.#children.get(key)
  }

  children(): Iterable<C> {
    return this.#children.values()
  }

  grow(child: C, rank: number): C {
    child.rank = rank
    this.#children.set(child.key, child)
    return child
  }

  admit(child: Place, isEligible: boolean): void {
    if (isEligible) this.#eligible.add(child as C)
    else this.#eligible.remove(child as C)
    this.refresh()
  }

  rerank(child: Place, rank: number): void {
    if (this.#eligible.size === 1) {
      child.rank = rank
      return
    }
    this.#eligible.remove(child as C)
    child.rank = rank
    this.#eligible.add(child as C)
  }

  drop(child: Place): void {
    this.#children.delete(child.key)
    this.#eligible.remove(child as C)
    if (this.isEmpty) this.leave()
    else this.refresh()
  }
}

/** What stands in a line. */
export interface Numbered<T> extends ListEntry<T> {
  /** Grows with each that comes. */
  readonly number: number
}

/** First come, first served. */
export class Line<T extends Numbered<T>> extends Place {
  readonly lane: LaneBranch<T>
  readonly #tickets = new LinkedList<T>()

  constructor(above: Branch<Line<T>>, lane: LaneBranch<T>, key: unknown, gates: readonly Gate[]) {
    super(above, key, gates)
    this.lane = lane
  }

  get first(): T | null {
    return this.#tickets.first
  }

  protected get hasCandidates(): boolean {
    return this.#tickets.size > 0
  }

  add(ticket: T): void {
    this.#tickets.add(ticket)
    if (this.#tickets.size > 1) return
    this.rank = ticket.number
    this.refresh()
  }

  remove(ticket: T): void {
    const wasFirst = this.#tickets.first === ticket
    this.#tickets.remove(ticket)
    const { first } = this.#tickets
    if (first === null) this.leave()
    else if (wasFirst) this.rankAnew(first.number)
  }
}

/** The place of a ticket among all of its lane and priority. */
export class Arrival<T> implements ListEntry<Arrival<T>> {
  list: object | null = null
  previous: Arrival<T> | null = null
  next: Arrival<T> | null = null
  readonly ticket: T

  constructor(ticket: T) {
    this.ticket = ticket
  }
}

/** The owners in one lane at one priority. */
export class LaneBranch<T extends Numbered<T>> extends Branch<Branch<Line<T>>> {
  /** All who wait in it, in the order in which they came; kept where it is asked for. */
  readonly arrivals = new LinkedList<Arrival<T>>()
}

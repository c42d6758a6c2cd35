import type { Gate } from './gate.js'
import type { Lane } from './lane.js'
import { Arrival, Branch, LaneBranch, Line, type Numbered } from './queue-tree.js'

/** What a queue holds. `ticket` is its place while it waits, written by the queue alone. */
export interface Waiter {
  readonly priority: number
  ticket: Ticket | null
}

/** Where a task belongs, besides its priority. */
export interface Whereabouts {
  readonly lane: Lane | null
  readonly owner: string | null
  readonly ownerGate: Gate | null
  /** Of its scope and of those above, nearest first: all, and those that have a limit. */
  readonly scopeGates: readonly Gate[]
  readonly scopeCaps: readonly Gate[]
}

export class Ticket implements Numbered<Ticket> {
  list: object | null = null
  previous: Ticket | null = null
  next: Ticket | null = null
  readonly waiter: Waiter
  readonly number: number
  readonly line: Line<Ticket>
  /** Its place among all of its lane and priority, where that is kept. */
  arrival: Arrival<Ticket> | null = null

  constructor(waiter: Waiter, number: number, line: Line<Ticket>) {
    this.waiter = waiter
    this.number = number
    this.line = line
  }
}

type OwnerBranch = Branch<Line<Ticket>>
type Level = Branch<LaneBranch<Ticket>>

/**
 * The tasks that wait, as a tree: priority, then lane, then owner, then a line for each set of capped scopes. Higher priority
 * first; lanes take turns, and so do the owners in a lane; of one owner in one lane, first come first served. What may not
 * start now (its lane, owner or scope is at its cap) is passed over and keeps its turn.
 *
 * Adding, leaving, also from the middle, and taking are O(log n) with n priorities, lanes or owners in use, and O(1) with one.
 */
export class WaitingQueue<T extends Waiter> {
  readonly #root = new Branch<Level>(null, null, [])
  readonly #keepsArrivals: boolean
  #arrivals = 0
  #turns = 0
  #size = 0

  /** @param keepsArrivals whether `leastUrgent` will be asked for */
  constructor(keepsArrivals = true) {
    this.#keepsArrivals = keepsArrivals
  }

  get size(): number {
    return this.#size
  }

  /** Whether anybody who waits could start, had he a slot. */
  get hasEligible(): boolean {
    return this.#root.hasCandidates
  }

  /** The same of one lane. */
  hasEligibleIn(lane: Lane): boolean {
    for (const level of this.#root.children()) if (level.child(lane)?.isEligible) return true
    return false
  }

  add(task: T, where: Whereabouts): void {
    const line = this.#lineOf(task.priority, where)
    const ticket = (task.ticket = new Ticket(task, ++this.#arrivals, line))
    if (this.#keepsArrivals) line.lane.arrivals.add((ticket.arrival = new Arrival(ticket)))
    line.add(ticket)
    this.#size++
  }

  /** Gives false when the task does not wait. */
  remove(task: T): boolean {
    const { ticket } = task
    if (ticket === null) return false
    task.ticket = null
    if (ticket.arrival) ticket.line.lane.arrivals.remove(ticket.arrival)
    ticket.line.remove(ticket)
    this.#size--
    return true
  }

  /** Takes out who comes first of those that could start. Its owner, and its lane, have had their turn. */
  take(): T | undefined {
    const lane = this.#root.first?.first
    const owner = lane?.first
    const task = owner?.first?.first?.waiter as T | undefined
    if (task === undefined) return undefined
    this.remove(task)
    if (!owner!.isEmpty) owner!.rankAnew(++this.#turns)
    if (!lane!.isEmpty) lane!.rankAnew(++this.#turns)
    return task
  }

  /** The longest waiting of the lowest priority, in that lane or in all. Looks at every priority and lane in use. */
  leastUrgent(lane: Lane | null): T | undefined {
    let lowest: Level | undefined
    for (const level of this.#root.children()) {
      if ((!lane || level.child(lane)) && (!lowest || level.rank > lowest.rank)) lowest = level
    }
    let oldest: Ticket | undefined
    for (const { key, arrivals } of lowest?.children() ?? []) {
      if (lane && key !== lane) continue
      const { ticket } = arrivals.first!
      if (!oldest || ticket.number < oldest.number) oldest = ticket
    }
    return oldest?.waiter as T | undefined
  }

  /** Finds the line, or makes it with all that leads to it. */
  #lineOf(priority: number, { lane, owner, ownerGate, scopeCaps }: Whereabouts): Line<Ticket> {
    const root = this.#root
    const level: Level = root.child(priority) ?? root.grow(new Branch(root, priority, []), -priority)
    const lanes = level.child(lane) ?? level.grow(new LaneBranch(level, lane, lane ? [lane] : []), ++this.#turns)
    const owners: OwnerBranch =
      lanes.child(owner) ?? lanes.grow(new Branch(lanes, owner, ownerGate ? [ownerGate] : []), ++this.#turns)
    const scope = scopeCaps[0] ?? null
    return owners.child(scope) ?? owners.grow(new Line(owners, lanes, scope, scopeCaps), 0)
  }
}

/** What a {@link LinkedList} holds. An entry is in at most one list at a time; the list alone writes these fields. */
export interface ListEntry<T> {
  list: object | null
  previous: T | null
  next: T | null
}

/** A doubly linked list through its entries' own fields: adding, removing and moving are O(1) and allocate nothing. */
export class LinkedList<T extends ListEntry<T>> implements Iterable<T> {
  #first: T | null = null
  #last: T | null = null
  #size = 0

  get first(): T | null {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  add(entry: T): void {
    entry.list = this
    entry.previous = this.#last
    entry.next = null
    if (this.#last === null) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    this.#size++
  }

  remove(entry: T): void {
    if (entry.previous === null) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === null) this.#last = entry.previous
    else entry.next.previous = entry.previous
    entry.list = entry.previous = entry.next = null
    this.#size--
  }

  /** Reads on from an entry's `next`, so the entry just given may be removed meanwhile; others may not. */
  *[Symbol.iterator](): Iterator<T> {
    for (let entry = this.#first; entry !== null;) {
      const { next } = entry as { next: T | null }
      yield entry
      entry = next
    }
  }
}

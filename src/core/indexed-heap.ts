/** What an {@link IndexedHeap} holds: it remembers its own place, so that it can leave in O(log n). */
export interface HeapEntry {
  /** The place in the heap; -1 while in none. Written by the heap alone. */
  heapIndex: number
}

/** A binary heap whose entries can be removed from the middle. All operations are O(log n), `first` is O(1). */
export class IndexedHeap<T extends HeapEntry> {
  readonly #entries: T[] = []
  readonly #before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#entries.length
  }

  get first(): T | undefined {
    return this.#entries[0]
  }

  add(entry: T): void {
    this.#entries.push(entry)
    this.#rise(entry, this.#entries.length - 1)
  }

  /** Does nothing when the entry is in no heap. */
  remove(entry: T): void {
    const index = entry.heapIndex
    if (index === -1) return
    entry.heapIndex = -1
    const last = this.#entries.pop()!
    if (last === entry) return
    this.#rise(last, index)
    this.#sink(last, last.heapIndex)
  }

  #rise(entry: T, from: number): void {
    const entries = this.#entries
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = entries[parentIndex]!
      if (!this.#before(entry, parent)) break
      entries[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    entries[index] = entry
    entry.heapIndex = index
  }

  #sink(entry: T, from: number): void {
    const entries = this.#entries
    const size = entries.length
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= size) break
      if (childIndex + 1 < size && this.#before(entries[childIndex + 1]!, entries[childIndex]!)) childIndex++
      const child = entries[childIndex]!
      if (!this.#before(child, entry)) break
      entries[index] = child
      child.heapIndex = index
      index = childIndex
    }
    entries[index] = entry
    entry.heapIndex = index
  }
}

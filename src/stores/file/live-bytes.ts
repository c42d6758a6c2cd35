/** How much of what is on the disk still counts: the last line of each task, as an estimate of all there is of it. */
export class LiveBytes {
  readonly #lines = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  /** A line about a task was written; those before are dead. */
  wrote(id: string, bytes: number): void {
    this.#total += bytes - (this.#lines.get(id) ?? 0)
    this.#lines.set(id, bytes)
  }

  removed(id: string): void {
    this.#total -= this.#lines.get(id) ?? 0
    this.#lines.delete(id)
  }
}

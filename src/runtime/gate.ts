/** What hears when a gate opens or closes. */
export interface GateWatcher {
  gateChanged(): void
}

/**
 * A limit that a task has to pass besides the slots: that of its lane, its owner, its scope. Held from the start of a function
 * until its slot is given back. Those who wait before it are told when it opens and when it closes, so that nobody has to ask.
 */
export class Gate {
  readonly limit: number
  held = 0
  /** Those who wait before it; written by the queue alone. */
  readonly watchers = new Set<GateWatcher>()

  constructor(limit: number) {
    this.limit = limit
  }

  get isOpen(): boolean {
    return this.held < this.limit
  }

  get isUnused(): boolean {
    return this.held === 0 && this.watchers.size === 0
  }

  enter(): void {
    this.held++
    if (this.held === this.limit) this.changed()
  }

  leave(): void {
    if (this.held === 0) throw new Error('BUG: a place was given back twice; please report this')
    this.held--
    if (this.held === this.limit - 1) this.changed()
  }

  protected changed(): void {
    for (const watcher of this.watchers) watcher.gateChanged()
  }
}

/** For a task that has none to pass. */
export const NO_GATES: readonly Gate[] = []

export const areOpen = (gates: readonly Gate[]): boolean => {
  for (const gate of gates) if (!gate.isOpen) return false
  return true
}

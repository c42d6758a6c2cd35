import type { Heartbeat, Instance } from '../../store.js'

const KEPT_DEAD_MS = 24 * 60 * 60 * 1_000

interface Entry extends Omit<Instance, 'isAlive'> {
  /** Epoch milliseconds until when it is believed to live. */
  aliveUntil: number
}

/** Who lives, by their heartbeats, as far as one process can tell. */
export class Roster {
  readonly #instances = new Map<string, Entry>()
  readonly #now: () => number

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Gives what is known of the instance from now on. */
  beat({ instanceId, name, ttl, status }: Heartbeat): Omit<Instance, 'isAlive'> {
    const lastSeen = this.#now()
    const startedAt = this.#instances.get(instanceId)?.startedAt ?? lastSeen
    const entry = { instanceId, name, startedAt, lastSeen, status, aliveUntil: lastSeen + ttl }
    this.#instances.set(instanceId, entry)
    return { instanceId, name, startedAt, lastSeen, status }
  }

  /** Puts one on the list that is known to have died. */
  bury(instance: Omit<Instance, 'isAlive'>): void {
    // Not later than now: the clock may have been set back since.
    this.#instances.set(instance.instanceId, { ...instance, aliveUntil: Math.min(instance.lastSeen, this.#now()) })
  }

  leave(instanceId: string): void {
    this.#instances.delete(instanceId)
  }

  isAlive(instanceId: string): boolean {
    const instance = this.#instances.get(instanceId)
    return instance !== undefined && this.#now() < instance.aliveUntil
  }

  instances(): Instance[] {
    const now = this.#now()
    for (const { instanceId, aliveUntil } of this.#instances.values()) {
      if (now >= aliveUntil + KEPT_DEAD_MS) this.#instances.delete(instanceId)
    }
    return [...this.#instances.values()]
      .sort((a, b) => a.startedAt - b.startedAt)
      .map(({ aliveUntil, ...instance }) => structuredClone({ ...instance, isAlive: now < aliveUntil }))
  }
}

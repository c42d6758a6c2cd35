import type { Clock } from '../clock.js'
import type { LaneStatus } from '../status.js'
import { Gate, NO_GATES } from './gate.js'
import { Lane, type LaneSettings } from './lane.js'
import type { LiveTask } from './live-task.js'
import type { Whereabouts } from './queue.js'

const NOWHERE: Whereabouts = { lane: null, owner: null, ownerGate: null, scopeCaps: NO_GATES, scopeGates: NO_GATES }
const NO_SCOPE = { caps: NO_GATES, gates: NO_GATES }

export interface GatesOptions {
  readonly lanes: ReadonlyMap<string, LaneSettings>
  readonly perOwner: number
}

/** The limits besides the slots: which of them a task has to pass. */
export class Gates {
  readonly #lanes: ReadonlyMap<string, Lane>
  readonly #perOwner: number
  /** Of those who run or wait; an owner that has nobody is forgotten. */
  readonly #owners = new Map<string, Gate>()

  /** @param onOpen called when time has opened a lane for somebody who waits */
  constructor({ lanes, perOwner }: GatesOptions, clock: Clock, onOpen: () => void) {
    this.#lanes = new Map([...lanes].map(([name, settings]) => [name, new Lane(name, settings, clock, onOpen)]))
    this.#perOwner = perOwner
  }

  laneOf({ settings }: LiveTask): Lane | null {
    return settings.lane === null ? null : this.#lanes.get(settings.lane)!
  }

  whereabouts(task: LiveTask): Whereabouts {
    const { lane, owner } = task.settings
    if (lane === null && owner === null && task.scope === null) return NOWHERE
    const { caps, gates } = task.scope ?? NO_SCOPE
    return { lane: this.laneOf(task), owner, ownerGate: this.#ownerGate(owner), scopeCaps: caps, scopeGates: gates }
  }

  #ownerGate(owner: string | null): Gate | null {
    if (owner === null || this.#perOwner === Infinity) return null
    let gate = this.#owners.get(owner)
    if (gate === undefined) this.#owners.set(owner, (gate = new Gate(this.#perOwner)))
    return gate
  }

  /** To be called when a task of the owner has gone, or has not come. */
  tidy({ settings: { owner } }: LiveTask): void {
    if (owner !== null && this.#owners.get(owner)?.isUnused) this.#owners.delete(owner)
  }

  rest(): void {
    for (const lane of this.#lanes.values()) lane.rest()
  }

  status(): Record<string, LaneStatus> {
    // fromEntries defines its keys, so that a lane named '__proto__' is one like any other.
    return Object.fromEntries([...this.#lanes].map(([name, lane]) => [name, lane.status()]))
  }
}

/** All that one at this place has to pass. */
export function gatesAt({ lane, ownerGate, scopeGates }: Whereabouts): readonly Gate[] {
  if (!lane && !ownerGate) return scopeGates
  const gates: Gate[] = [...scopeGates]
  if (ownerGate) gates.push(ownerGate)
  if (lane) gates.push(lane)
  return gates
}

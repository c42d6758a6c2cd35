import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gate } from '../../src/runtime/gate.js'
import { Lane } from '../../src/runtime/lane.js'
import { WaitingQueue, type Waiter, type Whereabouts } from '../../src/runtime/queue.js'
import { manualClock } from '../../src/testing/manual-clock.js'

interface Item extends Waiter {
  priority: number
  readonly label: number
  readonly where: Whereabouts
}

const NOWHERE: Whereabouts = { lane: null, owner: null, ownerGate: null, scopeGates: [], scopeCaps: [] }
const item = (label: number, priority = 0, where = NOWHERE): Item => ({ label, priority, ticket: null, where })

const OWNERS = [null, 'ann', 'ben', 'cid']
const LANES = [null, 0, 1]
/** Of two scopes, the second within the first. */
const SCOPES = [[], [0], [1, 0]]

type Step =
  | { add: number; lane: number | null; owner: string | null; scope: number[] }
  | { remove: number }
  | { move: number; to: number }
  | { gate: number }
  | 'take'

const priority = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(-0, 0.5, 1e308, -1e308, 5e-324))
const few = fc.integer({ min: -1, max: 1 })
const stepsOf = (priorities: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          ...{ add: priorities, lane: fc.constantFrom(...LANES), owner: fc.constantFrom(...OWNERS) },
          scope: fc.constantFrom(...SCOPES),
        }),
      },
      { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ move: fc.nat(), to: priorities }) },
      { weight: 3, arbitrary: fc.record({ gate: fc.nat(6) }) },
      { weight: 5, arbitrary: fc.constant('take' as const) },
    ),
    { maxLength: 120 },
  )

/** The same, as slow and as plain as can be: one list, and a look at everything each time. */
class PlainQueue {
  waiting: { item: Item; number: number }[] = []
  readonly #turns = new Map<string, number>()
  #counter = 0
  #arrivals = 0

  add(item: Item): void {
    for (const key of this.#keys(item)) if (!this.#isInUse(key)) this.#turns.set(key, ++this.#counter)
    this.waiting.push({ item, number: ++this.#arrivals })
  }

  remove(item: Item): void {
    this.waiting = this.waiting.filter((other) => other.item !== item)
  }

  take(): Item | undefined {
    const turn = (key: string): number => this.#turns.get(key)!
    const eligible = this.waiting.filter(({ item: { where } }) => {
      const gates = [where.lane, where.ownerGate, ...where.scopeGates]
      return gates.every((gate) => gate === null || gate.held < gate.limit)
    })
    const ranked = eligible.map(({ item, number }) => {
      const [lane, owner] = this.#keys(item)
      return { item, rank: [-item.priority, turn(lane), turn(owner), number] }
    })
    ranked.sort((a, b) => a.rank.map((rank, at) => rank - b.rank[at]!).find((difference) => difference !== 0) ?? 0)
    const taken = ranked[0]?.item
    if (!taken) return undefined
    this.remove(taken)
    const [lane, owner] = this.#keys(taken)
    for (const key of [owner, lane]) if (this.#isInUse(key)) this.#turns.set(key, ++this.#counter)
    return taken
  }

  leastUrgent(lane: Lane | null): Item | undefined {
    const candidates = this.waiting.filter(({ item }) => !lane || item.where.lane === lane)
    const lowest = Math.min(...candidates.map(({ item }) => item.priority))
    return candidates.find(({ item }) => item.priority === lowest)?.item
  }

  #isInUse(key: string): boolean {
    return this.waiting.some(({ item }) => this.#keys(item).includes(key))
  }

  #keys({ priority, where }: Item): [lane: string, owner: string] {
    const lane = `${String(priority + 0)}/${String(where.lane?.name ?? null)}`
    return [lane, `${lane}/${String(where.owner)}`]
  }
}

function play(steps: readonly Step[]): void {
  const clock = manualClock()
  const settings = { concurrency: 1, queueLimit: Infinity, rate: null, policy: null }
  const lanes = ['x', 'y'].map((name) => new Lane(name, settings, clock, () => undefined))
  const owners = new Map(['ann', 'ben', 'cid'].map((owner) => [owner, new Gate(1)]))
  const scopes = [new Gate(1), new Gate(1)]
  const gates: Gate[] = [...lanes, ...owners.values(), ...scopes]
  const queue = new WaitingQueue<Item>()
  const plain = new PlainQueue()
  const insert = (added: Item): void => {
    queue.add(added, added.where)
    plain.add(added)
  }
  const leave = (gone: Item): void => {
    expect(queue.remove(gone)).toBe(true)
    expect(queue.remove(gone)).toBe(false)
    plain.remove(gone)
  }
  steps.forEach((step, label) => {
    if (step === 'take') {
      const expected = plain.take()
      expect(queue.hasEligible).toBe(expected !== undefined)
      expect(queue.take()).toBe(expected)
      expect(expected?.ticket ?? null).toBeNull()
    } else if ('gate' in step) {
      const gate = gates[step.gate]!
      if (gate.held === 0) gate.enter()
      else gate.leave()
    } else if ('add' in step) {
      const lane = step.lane === null ? null : lanes[step.lane]!
      const ownerGate = step.owner === null ? null : owners.get(step.owner)!
      const scopeCaps = step.scope.map((at) => scopes[at]!)
      insert(item(label, step.add, { lane, owner: step.owner, ownerGate, scopeGates: scopeCaps, scopeCaps }))
    } else if (plain.waiting.length > 0) {
      const chosen = plain.waiting[('remove' in step ? step.remove : step.move) % plain.waiting.length]!.item
      leave(chosen)
      if ('to' in step) {
        chosen.priority = step.to
        insert(chosen)
      }
    }
    expect(queue.size).toBe(plain.waiting.length)
    for (const lane of [null, ...lanes]) expect(queue.leastUrgent(lane)).toBe(plain.leastUrgent(lane))
  })
  for (const gate of gates) if (gate.held > 0) gate.leave()
  while (plain.waiting.length > 0) expect(queue.take()).toBe(plain.take())
  expect([queue.take(), queue.size, gates.every((gate) => gate.isUnused)]).toEqual([undefined, 0, true])
}

describe('WaitingQueue', () => {
  it.each([
    ['many priorities', priority],
    ['few priorities', few],
  ])('agrees with a plain list through all that can happen to it, with %s', (_, priorities) => {
    fc.assert(fc.property(stepsOf(priorities), play), { numRuns: 500 })
  })

  it('gives nothing when empty, and takes out nobody who does not wait', () => {
    const queue = new WaitingQueue<Item>()
    expect([queue.take(), queue.leastUrgent(null), queue.size]).toEqual([undefined, undefined, 0])
    expect(queue.remove(item(0))).toBe(false)
  })

  it('removes from the middle of a hundred thousand in no time that grows with them', () => {
    const queue = new WaitingQueue<Item>()
    const items = Array.from({ length: 100_000 }, (_, label) =>
      item(label, label % 3, { ...NOWHERE, owner: String(label % 1_000) }),
    )
    for (const added of items) queue.add(added, added.where)
    const started = performance.now()
    for (const gone of items) queue.remove(gone)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(queue.size).toBe(0)
  })
})

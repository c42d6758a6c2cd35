import assert from 'node:assert/strict'
import type { ErrorQuery, TaskQuery } from '../../core/query.js'
import type { TaskRecord, TaskStatus } from '../../core/record.js'
import type { TaskChange, TaskStore } from '../../store.js'
import { errorsAll, listAll } from './reading.js'
import { Reference } from './reference.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, moved, taskOf, touched } from './tasks.js'

const RUNS = 4
const STEPS = 80

export const modelCases: readonly SuiteCase[] = Array.from({ length: RUNS }, (_, run) => ({
  name: `answers as the contract says to what comes at random (${run + 1} of ${RUNS})`,
  async run(trial) {
    const store = await trial.open()
    const seed = trial.settings.seed * RUNS + run
    const play = new Play(store, randomOf(seed))
    for (let step = 0; step < STEPS; step++) {
      try {
        await play.step()
      } catch (error) {
        const message = `seed ${trial.settings.seed}, run ${run + 1}, step ${step}: ${String(error)}`
        throw new assert.AssertionError({ message, ...pick(error) })
      }
    }
  },
}))

/** The same changes to a store and to the reference, and the same questions. */
class Play {
  readonly #store: TaskStore
  readonly #random: Random
  readonly #reference = new Reference()
  readonly #made: TaskChange[] = []
  readonly #places: [ofStore: number, ofReference: number][] = [[0, 0]]
  /** Nothing finishes at the same instant as anything else, so that there is one oldest. */
  #instant = 1_000

  constructor(store: TaskStore, random: Random) {
    this.#store = store
    this.#random = random
  }

  async step(): Promise<void> {
    await this.#commit()
    const questions = [this.#list, this.#errors, this.#changes, this.#tasks, this.#prune, this.#counts] as const
    await this.#random.of(questions).call(this)
  }

  async #commit(): Promise<void> {
    const changes = new Map<string, TaskChange>()
    for (let count = this.#random.below(6); count >= 0; count--) {
      const change = this.#change(this.#random.of(IDS))
      changes.set(change.record.id, change)
    }
    const batch = [...changes.values()]
    const expected = batch.map((change) => this.#reference.commit(change))
    assert.deepEqual(await this.#store.commit(batch), expected)
    this.#made.push(...batch)
  }

  /** Mostly one that follows what is there; sometimes one that comes late, again, or from nowhere. */
  #change(id: string): TaskChange {
    const random = this.#random
    const there = this.#reference.get(id)
    // Whoever is over has finished once, whatever becomes known of it later.
    const finishedAt = (status: TaskStatus): number | null =>
      isOver(status) ? (there?.finishedAt ?? this.#instant++) : null
    const kind = random.below(10)
    const again = kind === 0 && this.#made.length > 0 ? random.of(this.#made) : null
    if (again && this.#mayCome(again.record)) return again
    if (!there || kind === 1) {
      const status = random.of(STATUSES)
      const own = {
        name: random.of(NAMES),
        owner: random.of(OWNERS),
        lane: random.of(LANES),
        parentId: random.of(LANES),
      }
      const times = { createdAt: random.below(6), finishedAt: isOver(status) ? this.#instant++ : null }
      const error = status === 'failed' ? random.of(ERRORS) : null
      return born(taskOf(id, { ...own, ...times, status, error, instanceId: `i${this.#instant++}` }))
    }
    const record: TaskRecord = kind === 2 ? { ...there, version: Math.max(1, there.version - 1) } : there
    if (kind === 3) return touched(record, { instanceId: `i${this.#instant++}` })
    const status = random.of(isOver(there.status) && kind > 5 ? [there.status] : STATUSES)
    const error = status === 'failed' ? random.of(ERRORS) : null
    return moved(record, status, { error, finishedAt: finishedAt(status), instanceId: `i${this.#instant++}` })
  }

  /** What has ended does not end at another time. */
  #mayCome({ id, finishedAt }: TaskRecord): boolean {
    const there = this.#reference.get(id)
    return !there || !isOver(there.status) || there.finishedAt === finishedAt
  }

  async #list(): Promise<void> {
    const random = this.#random
    const query: TaskQuery = {
      ...{ status: random.maybe([...STATUSES, ['pending', 'failed'] as TaskStatus[]]), name: random.maybe(NAMES) },
      ...{ owner: random.maybe(['o', 'O']), lane: random.maybe(['l']), parentId: random.maybe(['l']) },
      ...{ text: random.maybe(TEXTS), createdAfter: random.maybe([1, 3]), createdBefore: random.maybe([2, 5]) },
      ...{ order: random.maybe(['newest', 'oldest']), limit: random.maybe([1, 2, 5]) },
    }
    assert.deepEqual(await listAll(this.#store, query), this.#reference.list(query), JSON.stringify(query))
  }

  async #errors(): Promise<void> {
    const random = this.#random
    const query: ErrorQuery = {
      ...{ name: random.maybe(NAMES), owner: random.maybe(['o', 'O']), code: random.maybe(['E']) },
      ...{ fingerprint: random.maybe(['f1', 'f2']), text: random.maybe(TEXTS), limit: random.maybe([1, 4]) },
      ...{ createdAfter: random.maybe([1_010, 1_050]), createdBefore: random.maybe([1_030, 1_090]) },
    }
    assert.deepEqual(await errorsAll(this.#store, query), this.#reference.errors(query), JSON.stringify(query))
  }

  async #changes(): Promise<void> {
    const [since, sinceOfReference] = this.#random.of(this.#places)
    const { items, next } = await this.#store.changes(since, 1_000)
    const expected = this.#reference.changes(sinceOfReference)
    assert.deepEqual(
      items.map(({ record }) => record),
      expected.items,
    )
    this.#places.push([next, expected.next])
  }

  async #tasks(): Promise<void> {
    for (const id of IDS) {
      assert.deepEqual(await this.#store.get(id), this.#reference.get(id))
      assert.deepEqual(await this.#store.history(id), this.#reference.history(id))
    }
  }

  async #counts(): Promise<void> {
    assert.deepEqual(await this.#store.counts(), this.#reference.counts())
  }

  async #prune(): Promise<void> {
    const random = this.#random
    const finishedBefore = random.of([-Infinity, this.#instant - 20, this.#instant - 5])
    const policy = { finishedBefore, maxTasks: random.of([3, 8, Infinity]), limit: random.of([1, 3, 100]) }
    assert.equal(await this.#store.prune(policy), this.#reference.prune(policy), JSON.stringify(policy))
    await this.#list()
    await this.#tasks()
  }
}

const IDS = ['a', 'b', 'B', 'aa', 'é', 'e\u0301', '\ue000', '😀', '\ufffd', 'x:y', "o'", '%', '日本', '__proto__']
const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'completed', 'failed', 'cancelled']
const NAMES = ['n', 'N', 'Straße', 'nul\0', '%']
const OWNERS = ['o', 'O', null]
const LANES = ['l', null]
const TEXTS = ['N', 'ß', 'straSSE', '\0', '%', '_', 'O', 'gone', 'E\u0301', '']
const ERRORS = [errorOf('Gone'), errorOf('gone 100%', 'E'), errorOf('_', 'e')]

const isOver = (status: TaskStatus): boolean => status !== 'pending' && status !== 'running'

interface Random {
  /** An integer from 0, below the bound. */
  below(bound: number): number
  of<T>(items: readonly T[]): T
  /** Most often nothing. */
  maybe<T>(items: readonly T[]): T | undefined
}

/** Mulberry32: the same numbers for the same seed, everywhere. */
function randomOf(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const of = <T>(items: readonly T[]): T => items[below(items.length)]!
  return { below, of, maybe: (items) => (below(4) === 0 ? of(items) : undefined) }
}

/** What a runner shows as a difference. */
const pick = (error: unknown): { actual?: unknown; expected?: unknown } =>
  error instanceof assert.AssertionError ? { actual: error.actual, expected: error.expected } : {}

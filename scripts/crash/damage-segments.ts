import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ArchivedTask, TaskChange, TaskRecord, TaskStore } from '../../src/index.js'
import { changeOf } from '../bench-stores/records.js'
import type { CrashReport } from './kill-writers.js'
import { makeStore } from './stores.js'
import type { Fault } from './witness.js'

const TASKS = 12
/** A page of a disk that was never written. */
const PAGE = 512

export interface DamageOptions {
  /** How many bits are flipped, and how many pages are emptied, each in a copy of its own. */
  readonly flips: number
  readonly pages: number
  /** Numbers from 0 to below 1. */
  readonly random: () => number
}

/** What a task may read back as: each version that was ever committed. */
type Versions = Map<string, ArchivedTask[]>

/**
 * Damages the segments of the file store in every way that a crash or a bad disk might, and opens what is left: that never
 * fails, only the tasks of damaged lines are affected, and what is written next is there after the next start.
 */
export async function damageSegments(options: DamageOptions): Promise<CrashReport> {
  const root = await mkdtemp(join(tmpdir(), 'taskward-damage-'))
  try {
    return await new Damage(root, options).run()
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

class Damage {
  readonly #root: string
  readonly #original: string
  readonly #options: DamageOptions
  readonly #faults: Fault[] = []
  #versions: Versions = new Map()
  #cases = 0

  constructor(root: string, options: DamageOptions) {
    this.#root = root
    this.#original = join(root, 'original')
    this.#options = options
  }

  async run(): Promise<CrashReport> {
    this.#versions = await fill(this.#original)
    const segment = await lastSegment(this.#original)
    const bytes = await readFile(join(this.#original, segment))
    await this.#truncate(segment, bytes)
    await this.#flip(segment, bytes)
    await this.#empty(segment, bytes)
    return { kills: this.#cases, acknowledged: this.#versions.size, faults: this.#faults }
  }

  /** At every byte of the last two lines: what is before is whole, and nothing is invented. */
  async #truncate(segment: string, bytes: Buffer): Promise<void> {
    const ends = lineEnds(bytes)
    for (let length = ends.at(-3)!; length < bytes.length; length++) {
      const lost = ends.filter((end) => end > length).length
      await this.#case(`cut at ${String(length)} of ${String(bytes.length)}`, lost, (directory) =>
        truncate(join(directory, segment), length),
      )
    }
  }

  async #flip(segment: string, bytes: Buffer): Promise<void> {
    const { flips, random } = this.#options
    for (let flip = 0; flip < flips; flip++) {
      const place = Math.floor(random() * bytes.length)
      const bit = Math.floor(random() * 8)
      const damaged = Buffer.from(bytes)
      damaged[place]! ^= 1 << bit
      // A newline that is gone makes one line of two, a new one two of one.
      await this.#case(`bit ${String(bit)} of byte ${String(place)} flipped`, 2, (directory) =>
        writeFile(join(directory, segment), damaged),
      )
    }
  }

  async #empty(segment: string, bytes: Buffer): Promise<void> {
    const { pages, random } = this.#options
    const ends = lineEnds(bytes)
    for (let page = 0; page < pages; page++) {
      const place = Math.floor((random() * bytes.length) / PAGE) * PAGE
      const damaged = Buffer.from(bytes)
      damaged.fill(0, place, Math.min(place + PAGE, bytes.length))
      const touched = ends.filter((end, index) => end > place && (ends[index - 1] ?? 0) < place + PAGE).length
      await this.#case(`page at ${String(place)} empty`, touched + 1, (directory) =>
        writeFile(join(directory, segment), damaged),
      )
    }
  }

  /** One copy with one damage, which may affect so many tasks. */
  async #case(what: string, mayAffect: number, damage: (directory: string) => Promise<void>): Promise<void> {
    this.#cases++
    const directory = join(this.#root, `case-${String(this.#cases)}`)
    const say = (id: string, fault: string): void => void this.#faults.push({ id, what: `${what}: ${fault}` })
    try {
      // The lock is of this process, which lives.
      await cp(this.#original, directory, { recursive: true, filter: (path) => !basename(path).startsWith('lock.') })
      await damage(directory)
      await this.#open(directory, mayAffect, say)
    } catch (error) {
      say('-', String(error))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  async #open(directory: string, mayAffect: number, say: (id: string, fault: string) => void): Promise<void> {
    let before: TaskRecord[] = []
    await withStore(directory, async (store) => {
      const { items } = await store.list({ limit: 1_000 })
      before = items
      const affected = new Set<string>()
      for (const [id, versions] of this.#versions) {
        const record = items.find((item) => item.id === id)
        const history = await store.history(id)
        if (isDeepStrictEqual([record, history], [versions.at(-1)!.record, versions.at(-1)!.transitions])) continue
        affected.add(id)
        if (record && record.error?.code !== 'STORE_CORRUPT' && !isEarlier(record, versions)) {
          say(id, 'reads back as what it never was')
        }
      }
      for (const { id } of items) if (!this.#versions.has(id)) affected.add(id)
      if (affected.size > mayAffect) say([...affected].join(), `affects more than ${String(mayAffect)} tasks`)
      const answers = await store.commit([changeOf(TASKS)])
      if (answers[0] !== 'applied') say('-', `the next commit is ${String(answers[0])}`)
    })
    await withStore(directory, async (store) => {
      const { items } = await store.list({ limit: 1_000 })
      const { record } = changeOf(TASKS)
      if (!items.some((item) => isDeepStrictEqual(item, record))) say(record.id, 'was written next, and is lost')
      for (const kept of before) {
        const again = items.find(({ id }) => id === kept.id)
        if (again?.status !== kept.status) say(kept.id, `was ${kept.status}, and is ${String(again?.status)} later`)
      }
    })
  }
}

const isEarlier = (record: TaskRecord, versions: readonly ArchivedTask[]): boolean =>
  versions.some((version) => isDeepStrictEqual(version.record, record))

async function withStore(directory: string, use: (store: TaskStore) => Promise<void>): Promise<void> {
  const store = await makeStore({ kind: 'file', directory, fsync: 'never' })
  await store.open()
  try {
    await use(store)
  } finally {
    await store.close()
  }
}

/** Tasks of two versions each, a line a version. */
async function fill(directory: string): Promise<Versions> {
  const versions: Versions = new Map()
  await withStore(directory, async (store) => {
    for (let n = 0; n < TASKS; n++) {
      for (const change of stepsOf(changeOf(n))) {
        await store.commit([change])
        const { id } = change.record
        const transitions = await store.history(id)
        versions.set(id, [...(versions.get(id) ?? []), { record: change.record, transitions, errors: [] }])
      }
    }
  })
  return versions
}

/** The same in two commits: pending, then all the rest. */
function stepsOf({ record, transitions, errors }: TaskChange): TaskChange[] {
  const pending: TaskRecord = {
    ...{ ...record, status: 'pending', attempt: 0, startedAt: null, finishedAt: null, error: null, version: 1 },
  }
  return [
    { record: pending, expected: 0, transitions: transitions.slice(0, 1), errors: [] },
    { record, expected: 1, transitions: transitions.slice(1), errors },
  ]
}

/** The segment that has the lines: closing may have begun another. */
async function lastSegment(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort()
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size))
  return names[sizes.indexOf(Math.max(...sizes))]!
}

function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) ends.push(at + 1)
  return ends
}

import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync, rmdirSync } from 'node:fs'
import { TaskStoreError } from '../../../src/core/errors.js'
import { errorRecordFromStored, parseStored, recordFromStored, transitionFromStored } from '../../../src/core/stored.js'
import { Roster } from '../../../src/stores/memory/roster.js'
import { Tables } from '../../../src/stores/memory/tables.js'
import { isGone, ownProcess, type ProcessIdentity } from '../../../src/stores/process-identity.js'
import type { ArchivedTask, Heartbeat, PrunePolicy, TaskChange, TaskStore } from '../../../src/store.js'
import type { SpoiledRow } from '../../../src/testing/task-store-suite/subject.js'

/** What one may do wrong that only several processes, or a second opener, see. */
export type SharedFault =
  | 'guards by a read before the write'
  | 'misses what others wrote at once'
  | 'gives a history of before'
  | 'never calls back'
  | 'believes in the dead'
  | 'begins anew when it is opened'
  | 'works on when it is closed'
  | 'fails on what it cannot read'

type Line =
  | { commit: readonly TaskChange[] }
  | { remove: string[] }
  | { beat: Heartbeat; process: ProcessIdentity; at: number }
  | { leave: string }
  | { spoil: SpoiledRow }

/**
 * A store that has everything, for the suite to be tried on: a log that several processes write under a lock, each playing
 * what the others wrote. Slow, and careless of a crash.
 */
export function sharedLog(path: string, fault?: SharedFault): TaskStore {
  let file: number | null = null
  let read = 0
  let tables = new Tables()
  let now = Date.now
  let roster = new Roster(() => now())
  const processes = new Map<string, ProcessIdentity>()

  const isAlive = (instanceId: string): boolean => {
    const process = processes.get(instanceId)
    return roster.isAlive(instanceId) && (fault === 'believes in the dead' || !process || !isGone(process))
  }

  function open(): void {
    if (file !== null) return
    file = openSync(path, 'a+')
    read = fault === 'begins anew when it is opened' ? fstatSync(file).size : 0
    tables = new Tables()
    roster = new Roster(() => now())
  }

  /** Plays what has been written since. */
  function current(): Tables {
    if (file === null) {
      if (fault === 'works on when it is closed') return tables
      throw new TaskStoreError('STORE_UNAVAILABLE', 'The log is closed')
    }
    const news = Buffer.alloc(fstatSync(file).size - read)
    const length = readSync(file, news, 0, news.length, read)
    const end = news.subarray(0, length).lastIndexOf('\n') + 1
    read += end
    const lines = news.toString('utf8', 0, end).split('\n').slice(0, -1)
    for (const [index, line] of lines.entries())
      if (fault !== 'misses what others wrote at once' || index === 0) play(JSON.parse(line) as Line)
    return tables
  }

  function play(line: Line): void {
    if ('commit' in line) for (const change of line.commit) tables.commit(change)
    else if ('remove' in line) tables.remove(line.remove)
    else if ('leave' in line) roster.leave(line.leave)
    else if ('spoil' in line) spoil(line.spoil)
    else {
      now = () => line.at
      roster.beat(line.beat)
      now = Date.now
      processes.set(line.beat.instanceId, line.process)
    }
  }

  function spoil({ of, taskId, text }: SpoiledRow): void {
    const stored = fault === 'fails on what it cannot read' ? (JSON.parse(text) as unknown) : parseStored(text)
    const task: ArchivedTask = tables.find(taskId)!
    const { record, transitions, errors } = task
    if (of === 'record') task.record = recordFromStored(stored, record)
    else if (of === 'transition') transitions.push(transitionFromStored(stored, { taskId, at: transitions.pop()!.at }))
    else errors.push(errorRecordFromStored(stored, errors.pop()))
  }

  function write(...lines: Line[]): void {
    appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  function locked<T>(action: (there: Tables) => T): T {
    if (file === null) current()
    const lock = `${path}.lock`
    while (!made(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    try {
      return action(current())
    } finally {
      rmdirSync(lock)
    }
  }

  async function commit(changes: readonly TaskChange[]): ReturnType<TaskStore['commit']> {
    if (fault === 'guards by a read before the write') {
      const there = current()
      const answers = changes.map((change) => {
        const record = there.find(change.record.id)?.record
        return record?.finishedAt ? ('terminal' as const) : ('applied' as const)
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
      write({ commit: changes })
      return answers
    }
    return locked((there) => {
      const answers = changes.map((change) => there.commit(change))
      const end = read
      write({ commit: changes })
      // Its own line is not to be played again.
      if (file !== null) read = Math.max(end, fstatSync(file).size)
      return answers
    })
  }

  async function prune({ archive, ...policy }: PrunePolicy): Promise<number> {
    const due = structuredClone(current().expired(policy))
    const records = due.map(({ record: { id, version } }) => ({ id, version }))
    if (due.length > 0) await archive?.(due)
    return locked((there) => {
      const going = records.filter(({ id, version }) => there.find(id)?.record.version === version).map(({ id }) => id)
      if (going.length > 0) write({ remove: going })
      current()
      return going.length
    })
  }

  function watch(onChange: () => void): () => void {
    let seen = read
    const timer = setInterval(() => {
      if (file === null || fstatSync(file).size === seen) return
      seen = fstatSync(file).size
      if (fault !== 'never calls back') onChange()
    }, 5)
    return () => {
      clearInterval(timer)
    }
  }

  function history(id: string): ArchivedTask['transitions'] {
    const steps = current().history(id)
    return fault === 'gives a history of before' ? steps.slice(0, -1) : steps
  }

  return {
    kind: 'shared-log',
    capabilities: { durable: true, shared: true, push: true },
    open: async () => open(),
    commit,
    get: async (id) => current().get(id),
    list: async (query) => current().list(query),
    history: async (id) => history(id),
    errors: async (query) => current().errors(query),
    counts: async () => current().counts(),
    changes: async (since, limit) => current().changes(since, limit),
    prune,
    beat: async (beat) => locked(() => write({ beat, process: ownProcess(), at: Date.now() })),
    leave: async (leave) => locked(() => write({ leave })),
    instances: async () => {
      current()
      return roster.instances().map((instance) => ({ ...instance, isAlive: isAlive(instance.instanceId) }))
    },
    orphans: async (limit) => current().unfinished(limit, ({ instanceId }) => !isAlive(instanceId)),
    close: async () => {
      if (file !== null) closeSync(file)
      file = null
    },
    has: (id) => current().has(id),
    watch,
  }
}

/** As another process of the suite opens it. */
export default ({ path, fault }: { path: string; fault?: SharedFault }): TaskStore => sharedLog(path, fault)

/** Writes over what is stored: what comes later in the log wins. */
export function spoilLog(path: string, row: SpoiledRow): void {
  appendFileSync(path, `${JSON.stringify({ spoil: row } satisfies Line)}\n`)
}

function made(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

import { isTerminal, isTaskStatus } from '../../core/lifecycle.js'
import type { TaskRecord, TaskStatus, TaskTransition } from '../../core/record.js'
import {
  errorRecordFromStored,
  parseStored,
  recordFromStored,
  transitionFromStored,
  type Known,
} from '../../core/stored.js'
import type { Roster } from '../memory/roster.js'
import type { Tables } from '../memory/tables.js'
import { decodeLine, textOfLine, type InstanceLine } from './line.js'

/** A whole line that is not what was written, and where it stands. */
export interface CorruptLine {
  file: string
  offset: number
  bytes: Buffer
}

/** Makes of lines what they say, in the order in which they were written. No line makes it throw. */
export class Replay {
  readonly corrupt: CorruptLine[] = []
  readonly #tables: Tables
  readonly #roster: Roster
  readonly #marked = new Set<string>()
  #instanceId = ''

  constructor(tables: Tables, roster: Roster) {
    this.#tables = tables
    this.#roster = roster
  }

  line(bytes: Buffer, file: string, offset: number): void {
    const line = decodeLine(bytes)
    if (isObject(line) && isObject(line['record'])) this.#change(line, bytes.length)
    else if (!isObject(line) || !this.#applyOther(line)) {
      // A copy, so that the piece of the file that it was read with can go.
      this.corrupt.push({ file, offset, bytes: Buffer.from(bytes) })
      this.#mark(textOfLine(bytes))
    }
  }

  /** To be called behind the last line. */
  end(): void {
    this.#tables.restoreOrder()
    // Whoever follows the changes learns of what has become corrupt.
    for (const id of this.#marked) {
      const task = this.#tables.find(id)
      if (task) this.#tables.apply({ record: task.record, transitions: [], errors: [] })
    }
  }

  #applyOther(line: Record<string, unknown>): boolean {
    if ('taskward' in line) this.#tables.advance(Number(line['seq']) || 0)
    else if ('pruned' in line && Array.isArray(line['pruned'])) this.#prune(line['pruned'] as string[])
    else if (typeof line['instanceId'] === 'string') {
      const { instanceId, instance } = line as unknown as InstanceLine
      if (instance) this.#roster.bury(instance)
      else this.#roster.leave(instanceId)
    } else return false
    return true
  }

  #prune(ids: readonly string[]): void {
    this.#tables.remove(ids)
    for (const id of ids) this.#marked.delete(id)
  }

  /** A snapshot may already hold what a line says, since it is taken while lines are written: only what is newer counts. */
  #change(line: Record<string, unknown>, bytes: number): void {
    const record = recordFromStored(line['record'])
    const { id } = record
    const seq = Number(line['seq']) || this.#tables.seq + 1
    this.#tables.advance(seq)
    const there = this.#tables.find(id)?.record
    // The version of a corrupt record may itself be corrupt, so that whatever is written later is better.
    if (!this.#marked.delete(id) && record.version <= (there?.version ?? 0)) return
    const transitions = listOf(line['transitions']).map((step) => transitionFromStored(step, { taskId: id }))
    const known = { taskId: id, taskName: record.name }
    const errors = listOf(line['errors']).map((failure) => errorRecordFromStored(failure, known))
    if (there) record.id = there.id
    this.#shareTexts(record, transitions)
    this.#tables.apply({ record, transitions, errors }, { seq, bytes })
  }

  /** JSON has each text anew wherever it stands; in memory, these two would be a quarter of all there is. */
  #shareTexts(record: TaskRecord, transitions: readonly TaskTransition[]): void {
    if (record.instanceId === this.#instanceId) record.instanceId = this.#instanceId
    else this.#instanceId = record.instanceId
    for (const step of transitions) {
      if (step.taskId === record.id) step.taskId = record.id
      if (step.instanceId === record.instanceId) step.instanceId = record.instanceId
    }
  }

  /** Says of the task that a corrupt line was about, where that can be told, that it is corrupt. A later line heals it. */
  #mark(text: string): void {
    const line = parseStored(text)
    const told = isObject(line) && isObject(line['record']) ? (line['record'] as Known<TaskRecord>) : fieldsIn(text)
    const { id } = told
    if (typeof id !== 'string' || id === '') return
    const there = this.#tables.find(id)?.record
    const status = statusOf(told.status, there)
    const version = Math.max(there?.version ?? 1, Number.isSafeInteger(told.version) ? Number(told.version) : 1)
    const record = recordFromStored(text, { ...there, ...told, id, status, version })
    const { finishedAt, startedAt, createdAt, attempt, instanceId } = record
    const step = transitionFromStored(text, {
      ...{ taskId: id, from: there?.status ?? null, to: status },
      ...{ at: finishedAt ?? startedAt ?? createdAt, attempt, instanceId },
    })
    this.#tables.apply({ record, transitions: [step], errors: [] })
    this.#marked.add(id)
  }
}

/** Where it cannot be told how a task stands, it has failed: it may have ended, and must not be run again for that. */
function statusOf(told: unknown, there: TaskRecord | undefined): TaskStatus {
  if (there && isTerminal(there.status)) return there.status
  return isTaskStatus(told) ? told : 'failed'
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`
const BEFORE_STATUS = ['name', 'lane', 'owner', 'parentId', 'scope'].map((key) => `,"${key}":(?:${TEXT}|null)`).join('')
const ID = new RegExp(`"record":\\{"id":(${TEXT})`)
const STATUS = new RegExp(`${ID.source}${BEFORE_STATUS},"status":"([a-z]+)"`)

/** What can be seen of a record in text that is not JSON any more. A status counts only where a record has its own. */
function fieldsIn(text: string): Known<TaskRecord> {
  const [, id] = ID.exec(text) ?? []
  const parsed = parseStored(id)
  if (typeof parsed !== 'string' || parsed === id) return {}
  const [, , status] = STATUS.exec(text) ?? []
  return { id: parsed, status: isTaskStatus(status) ? status : null }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

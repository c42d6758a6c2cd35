import { isTerminal } from '../../core/lifecycle.js'
import type { TaskStatus } from '../../core/record.js'
import type { CommitAnswer, TaskChange } from '../../store.js'
import { rowOfError, rowOfTask, rowOfTransition, type TaskRow } from '../sql/rows.js'
import type { Connection } from './connection.js'
import { readMeta, writeMeta } from './schema.js'

/** Applies what may be applied. Within one transaction, which is what makes `seq` the order of commits. */
export function commitAll(connection: Connection, changes: readonly TaskChange[]): CommitAnswer[] {
  let seq = readMeta(connection, 'seq')
  const answers = changes.map((change): CommitAnswer => {
    const row = rowOfTask(change.record)
    const answer = write(connection, row, change.expected, seq + 1)
    if (answer !== 'written') return answer
    addHistory(connection, row.id, change, ++seq)
    return 'applied'
  })
  if (answers.includes('applied')) writeMeta(connection, 'seq', seq)
  return answers
}

function write(connection: Connection, row: TaskRow, expected: number, seq: number): CommitAnswer | 'written' {
  const isWritten = expected === 0 ? insert(connection, row, seq) : advance(connection, row, expected, seq)
  if (isWritten) return 'written'
  const there = connection.get<There>(FIND, row.id)
  if (there?.version === expected && replace(connection, row, expected, seq)) return 'written'
  return there ? judge(there, row) : 'missing'
}

/** Why a guarded write has written nothing, and so whether that was right. */
function judge(there: There, row: TaskRow): CommitAnswer {
  // This very change is there already: its answer was lost, and it came again.
  if (IDENTITY.every((column) => there[column] === row[column])) return 'applied'
  return isTerminal(there.status as TaskStatus) && there.status !== row.status ? 'terminal' : 'stale'
}

const IDENTITY = ['version', 'status', 'instance_id', 'created_at'] as const

type There = Pick<TaskRow, (typeof IDENTITY)[number]>

const FIND = 'SELECT version, status, instance_id, created_at FROM taskward_tasks WHERE id = ?'

const INSERT = `INSERT INTO taskward_tasks
  (id, seq, version, status, name, lane, owner, parent_id, created_at, finished_at, instance_id, search, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

const insert = (connection: Connection, row: TaskRow, seq: number): boolean =>
  connection.run(
    INSERT,
    ...[row.id, seq, row.version, row.status, row.name, row.lane, row.owner, row.parent_id],
    ...[row.created_at, row.finished_at, row.instance_id, row.search, row.body],
  ) > 0

/** Never out of a terminal status, and never the change that is there already. */
const GUARD = `id = ? AND version = ? AND (status = ? OR status NOT IN ('completed', 'failed', 'cancelled'))
  AND (version, status, instance_id, created_at) <> (?, ?, ?, ?)`

const guardOf = (row: TaskRow, expected: number) =>
  [row.id, expected, row.status, row.version, row.status, row.instance_id, row.created_at] as const

/*
 * Setting a column rewrites every index that it stands in, whether its value changes or not. What a task keeps for life is
 * therefore only compared.
 */
const ADVANCE = `UPDATE taskward_tasks SET seq = ?, version = ?, status = ?, finished_at = ?, search = ?, body = ?
  WHERE ${GUARD} AND created_at = ? AND instance_id = ? AND name = ? AND lane IS ? AND owner IS ? AND parent_id IS ?`

const advance = (connection: Connection, row: TaskRow, expected: number, seq: number): boolean =>
  connection.run(
    ADVANCE,
    ...[seq, row.version, row.status, row.finished_at, row.search, row.body],
    ...guardOf(row, expected),
    ...[row.created_at, row.instance_id, row.name, row.lane, row.owner, row.parent_id],
  ) > 0

/** For a change in what is kept for life, as when another instance takes a task over. */
const REPLACE = `UPDATE taskward_tasks SET seq = ?, version = ?, status = ?, finished_at = ?, search = ?, body = ?,
  created_at = ?, instance_id = ?, name = ?, lane = ?, owner = ?, parent_id = ? WHERE ${GUARD}`

const replace = (connection: Connection, row: TaskRow, expected: number, seq: number): boolean =>
  connection.run(
    REPLACE,
    ...[seq, row.version, row.status, row.finished_at, row.search, row.body],
    ...[row.created_at, row.instance_id, row.name, row.lane, row.owner, row.parent_id],
    ...guardOf(row, expected),
  ) > 0

const ADD_TRANSITION = 'INSERT INTO taskward_transitions (task_id, seq, step, body) VALUES (?, ?, ?, ?)'

const ADD_ERROR = `INSERT INTO taskward_errors (id, task_id, task_name, owner, code, fingerprint, at, search, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Under the task's own id, whatever the history says of itself: it goes when the task goes. */
function addHistory(connection: Connection, id: string, { transitions, errors }: TaskChange, seq: number): void {
  transitions.forEach((transition, step) =>
    connection.run(ADD_TRANSITION, id, seq, step, rowOfTransition(transition).body),
  )
  for (const error of errors) {
    const row = rowOfError(error)
    connection.run(
      ADD_ERROR,
      ...[row.id, id, row.task_name, row.owner, row.code, row.fingerprint, row.at, row.search, row.body],
    )
  }
}

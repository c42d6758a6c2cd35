import type { TaskErrorRecord } from '../../core/record.js'
import type { TaskChange } from '../../store.js'
import { rowOfTransition, type TaskRow } from '../sql/rows.js'
import type { Names } from './names.js'
import { ERROR_COLUMNS, errorRow, TASK_COLUMNS } from './rows.js'
import { Statement, TERMINAL } from './statement.js'

/** A change, and the row that it makes. */
export interface Write {
  readonly change: TaskChange
  readonly row: TaskRow
}

/**
 * A whole batch as one statement, which gives the places (from 0) of those applied. It is a transaction of its own, so no
 * lock outlives it, whatever becomes of this process.
 *
 * One writes at a time, held apart by the lock: so `seq` is given out in the order of commits, no reader of changes can miss
 * one that becomes visible later than a higher one, and two batches never wait for each other's rows. The statement sees what
 * was committed before it began, not before it got the lock; so nothing is decided from what it sees: an UPDATE whose row has
 * changed since looks at it again as it is now, and ON CONFLICT finds what is there now.
 */
export function commitStatement(names: Names, token: string | null, writes: readonly Write[]): Statement {
  const statement = new Statement()
  const columns = Object.keys(TASK_COLUMNS).join(', ')
  const hasNew = writes.some(({ change }) => change.expected === 0)
  const hasNext = writes.some(({ change }) => change.expected !== 0)
  const parts = [held(statement, names), incoming(statement, names, writes)]
  if (hasNext) parts.push(updated(names))
  if (hasNew) {
    parts.push(`inserted AS (
      INSERT INTO ${names.of('task')} (seq, ${columns})
      SELECT seq, ${columns} FROM incoming WHERE expected = 0
      ON CONFLICT (id) DO NOTHING RETURNING seq)`)
  }
  const written = [...(hasNext ? ['SELECT seq FROM updated'] : []), ...(hasNew ? ['SELECT seq FROM inserted'] : [])]
  parts.push(`applied AS MATERIALIZED (
      SELECT place, id FROM incoming JOIN (${written.join(' UNION ALL ')}) AS written USING (seq))`)
  if (writes.some(({ change }) => change.transitions.length > 0)) parts.push(steps(statement, names, writes))
  if (writes.some(({ change }) => change.errors.length > 0)) parts.push(failures(statement, names, writes))
  const announced =
    token === null
      ? ''
      : `, CASE WHEN count(*) > 0 THEN pg_notify(${statement.bind(names.channel, 'text')}, ${statement.bind(token, 'text')}) END`
  statement.text = `WITH ${parts.join(',\n')}\nSELECT array_agg(place - 1) AS applied${announced} FROM applied`
  return statement
}

/**
 * The settings end with the statement. A lock is not waited for longer than the caller waits; and an acknowledged commit is on
 * disk, also where a server that was set up for other things does not wait for that.
 */
export const held = (statement: Statement, names: Names): string => `held AS MATERIALIZED (
      SELECT set_config('lock_timeout', '4000', true),
        CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END,
        pg_advisory_xact_lock(${statement.bind(names.locks.write, 'bigint')}))`

/** The batch in its order, each with its place in the order of changes. */
function incoming(statement: Statement, names: Names, writes: readonly Write[]): string {
  const expected = statement.bind(
    writes.map(({ change }) => change.expected),
    'float8[]',
  )
  const columns = columnArrays(
    statement,
    TASK_COLUMNS,
    writes.map(({ row }) => row),
  )
  return `incoming AS MATERIALIZED (
      SELECT batch.*, nextval(${statement.bind(names.of('change'), 'regclass')}) AS seq
      FROM held, unnest(${expected}, ${columns}) WITH ORDINALITY
        AS batch(expected, ${Object.keys(TASK_COLUMNS).join(', ')}, place))`
}

/** A task that has ended stays as it ended; that its function stopped afterwards is still written. */
function updated(names: Names): string {
  const columns = Object.keys(TASK_COLUMNS).filter((column) => column !== 'id')
  return `updated AS (
      UPDATE ${names.of('task')} AS task
      SET seq = incoming.seq, ${columns.map((column) => `${column} = incoming.${column}`).join(', ')}
      FROM incoming
      WHERE incoming.expected <> 0 AND task.id = incoming.id AND task.version = incoming.expected
        AND (task.status NOT IN ${TERMINAL} OR task.status = incoming.status)
        AND (task.version, task.instance_id, task.created_at)
          <> (incoming.version, incoming.instance_id, incoming.created_at)
      RETURNING task.seq)`
}

function steps(statement: Statement, names: Names, writes: readonly Write[]): string {
  const all = writes.flatMap(({ change }, index) =>
    change.transitions.map((step) => ({ place: index + 1, body: rowOfTransition(step).body })),
  )
  const arrays = columnArrays(statement, { place: 'int', body: 'text' }, all)
  return `stepped AS (
      INSERT INTO ${names.of('transition')} (task_id, body)
      SELECT applied.id, step.body
      FROM applied JOIN unnest(${arrays}) WITH ORDINALITY AS step(place, body, n) USING (place) ORDER BY step.n)`
}

function failures(statement: Statement, names: Names, writes: readonly Write[]): string {
  const own = Object.keys(ERROR_COLUMNS).filter((column) => column !== 'task_id')
  const all = writes.flatMap(({ change }, index) =>
    change.errors.map((failure: TaskErrorRecord) => ({ place: index + 1, ...errorRow(failure) })),
  )
  const types = { place: 'int', ...ERROR_COLUMNS }
  const arrays = columnArrays(statement, types, all)
  const names_ = Object.keys(types).map((column) => (column === 'task_id' ? 'said_id' : column))
  return `failed AS (
      INSERT INTO ${names.of('error')} (task_id, ${own.join(', ')})
      SELECT applied.id, ${own.map((column) => `failure.${column}`).join(', ')}
      FROM applied JOIN unnest(${arrays}) WITH ORDINALITY AS failure(${names_.join(', ')}, n) USING (place)
      ORDER BY failure.n)`
}

/** One array a column: the fewest parameters, and no limit to the rows. */
function columnArrays<R extends object>(
  statement: Statement,
  types: Readonly<Record<keyof R & string, string>>,
  rows: readonly R[],
): string {
  const arrays = Object.entries<string>(types).map(([column, type]) =>
    statement.bind(
      rows.map((row) => row[column as keyof R]),
      `${type}[]`,
    ),
  )
  return arrays.join(', ')
}

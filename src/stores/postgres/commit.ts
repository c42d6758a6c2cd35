import { isTerminal } from '../../core/lifecycle.js'
import type { TaskStatus } from '../../core/record.js'
import type { CommitAnswer, TaskChange } from '../../store.js'
import type { TaskRow } from '../sql/rows.js'
import { codeOf } from './refusal.js'
import { commitStatement, type Write } from './commit-statement.js'
import type { Database, Row } from './database.js'
import type { Names } from './names.js'
import { taskRow } from './rows.js'

/** How much JSON goes into one statement, in characters. A batch of what is usual is far below it. */
const MAX_STATEMENT = 8_000_000

/**
 * Up to so many changes a statement is prepared. Planning a larger one is a small part of it, and a plan that was made once
 * takes every batch for one of about ten: a thousand would be joined by looking at each pair.
 */
const MOST_PREPARED = 10

/** Serialisation failures, where the role's default isolation is stricter than Postgres's own, and deadlocks. */
const PASSING = new Set(['40001', '40P01'])
const ATTEMPTS = 5

/** @param token announces to listeners whose change it was; null announces nothing */
export async function commit(
  database: Database,
  names: Names,
  token: string | null,
  changes: readonly TaskChange[],
): Promise<CommitAnswer[]> {
  const answers: CommitAnswer[] = []
  for (const writes of statementsFor(changes)) {
    const applied = await apply(database, names, token, writes)
    const others = writes.filter((_, index) => !applied.has(index))
    const there = others.length === 0 ? new Map<string, Row>() : await whatIsThere(database, names, others)
    answers.push(
      ...writes.map((write, index) => (applied.has(index) ? 'applied' : judge(write, there.get(write.row.id)))),
    )
  }
  return answers
}

function* statementsFor(changes: readonly TaskChange[]): Generator<Write[]> {
  let writes: Write[] = []
  let size = 0
  for (const change of changes) {
    const write = { change, row: taskRow(change.record) }
    // What comes with a record has about the size of the record.
    const own = write.row.body.length * (1 + change.transitions.length + change.errors.length)
    if (writes.length > 0 && size + own > MAX_STATEMENT) {
      yield writes
      writes = []
      size = 0
    }
    writes.push(write)
    size += own
  }
  if (writes.length > 0) yield writes
}

async function apply(
  database: Database,
  names: Names,
  token: string | null,
  writes: readonly Write[],
): Promise<Set<number>> {
  const { text, values } = commitStatement(names, token, writes)
  for (let left = ATTEMPTS; ; left--) {
    try {
      const isSmall = writes.length <= MOST_PREPARED
      const [row] = await (isSmall ? database.prepared(text, values) : database.query(text, values))
      return new Set((row?.['applied'] as (number | string)[] | null)?.map(Number))
    } catch (error) {
      if (left === 1 || !PASSING.has(codeOf(error) ?? '')) throw error
    }
  }
}

async function whatIsThere(database: Database, names: Names, writes: readonly Write[]): Promise<Map<string, Row>> {
  const ids = writes.map(({ row }) => row.id)
  const rows = await database.query(
    `SELECT id, status, version, instance_id, created_at FROM ${names.of('task')} WHERE id = ANY($1::text[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row['id'] as string, row]))
}

/** Why a change was not applied, by what is there now. */
function judge({ change, row }: Write, there: Row | undefined): CommitAnswer {
  // What was in the way of a new record may have been pruned since; the record still has not been written.
  if (!there) return change.expected === 0 ? 'stale' : 'missing'
  if (isSameVersion(row, there)) return 'applied'
  const status = there['status'] as TaskStatus
  return isTerminal(status) && status !== row.status ? 'terminal' : 'stale'
}

/** The very change that is there already: its answer was lost, and it came again. */
const isSameVersion = (row: TaskRow, there: Row): boolean =>
  there['status'] === row.status &&
  Number(there['version']) === row.version &&
  there['instance_id'] === row.instance_id &&
  Number(there['created_at']) === row.created_at

import type { TaskErrorRecord, TaskTransition } from '../../core/record.js'
import type { ArchivedTask, PrunePolicy } from '../../store.js'
import { errorOfRow, recordOfRow, transitionOfRow } from '../sql/records.js'
import type { TransitionRow } from '../sql/rows.js'
import { held } from './commit-statement.js'
import type { Database, Row, Session } from './database.js'
import type { Names } from './names.js'
import { STORED_ERROR, STORED_TASK, storedError, storedTask } from './rows.js'
import { limitOf, Statement, TERMINAL } from './statement.js'

/** How long an archive may take before the server takes the transaction back. */
const ARCHIVE_LIMIT = '60s'

/**
 * One process prunes at a time, so that nothing is archived twice by two of them. While the archive is awaited, nothing is
 * locked that a commit needs; what has changed meanwhile stays for the next time.
 */
export function prune(database: Database, names: Names, policy: PrunePolicy): Promise<number> {
  return database.transaction(async (session) => {
    await session.query(
      `SELECT set_config('lock_timeout', '4000', true), set_config('idle_in_transaction_session_timeout', $2, true),
        pg_advisory_xact_lock($1::bigint)`,
      [names.locks.prune, ARCHIVE_LIMIT],
    )
    const expired = await expiredOf(session, names, policy)
    if (expired.length === 0) return 0
    await policy.archive?.(await archivedOf(session, names, expired))
    return remove(session, names, expired)
  })
}

/** The tasks that go, the oldest first. Without an archive, no more of them than it takes to remove them. */
async function expiredOf(session: Session, names: Names, policy: PrunePolicy): Promise<Row[]> {
  const { finishedBefore, maxTasks, limit, archive } = policy
  const excess = maxTasks === Infinity ? 0 : Math.max(0, (await countFinished(session, names)) - maxTasks)
  return session.query(
    `SELECT * FROM (
      SELECT ${archive ? STORED_TASK : 'id, version, finished_at'}, row_number() OVER (ORDER BY finished_at, id) AS place
      FROM ${names.of('task')} WHERE status IN ${TERMINAL} ORDER BY finished_at, id LIMIT $1::bigint
    ) AS oldest
    WHERE finished_at < $2::float8 OR place <= $3::float8 ORDER BY place`,
    [limitOf(limit), finishedBefore, excess],
  )
}

async function countFinished(session: Session, names: Names): Promise<number> {
  const [row] = await session.query(`SELECT count(*) AS count FROM ${names.of('task')} WHERE status IN ${TERMINAL}`)
  return Number(row?.['count'])
}

async function archivedOf(session: Session, names: Names, expired: readonly Row[]): Promise<ArchivedTask[]> {
  const ids = [expired.map(({ id }) => id)]
  const transitions = new Map<string, TaskTransition[]>()
  for (const row of await session.query(
    `SELECT task_id, body FROM ${names.of('transition')} WHERE task_id = ANY($1::text[]) ORDER BY n`,
    ids,
  )) {
    addTo(transitions, row, transitionOfRow(row as unknown as TransitionRow))
  }
  const errors = new Map<string, TaskErrorRecord[]>()
  for (const row of await session.query(
    `SELECT ${STORED_ERROR} FROM ${names.of('error')} WHERE task_id = ANY($1::text[]) ORDER BY n`,
    ids,
  )) {
    addTo(errors, row, errorOfRow(storedError(row)))
  }
  return expired.map((row) => ({
    record: recordOfRow(storedTask(row)),
    transitions: transitions.get(row['id'] as string) ?? [],
    errors: errors.get(row['id'] as string) ?? [],
  }))
}

function addTo<T>(groups: Map<string, T[]>, row: Row, item: T): void {
  const id = row['task_id'] as string
  const group = groups.get(id)
  if (group) group.push(item)
  else groups.set(id, [item])
}

/** With the lock of those who write, since waiting for each other's rows could become a deadlock. */
async function remove(session: Session, names: Names, expired: readonly Row[]): Promise<number> {
  const statement = new Statement()
  const ids = statement.bind(
    expired.map(({ id }) => id),
    'text[]',
  )
  const versions = statement.bind(
    expired.map(({ version }) => version),
    'float8[]',
  )
  statement.text = `WITH ${held(statement, names)},
    gone AS (
      DELETE FROM ${names.of('task')} AS task USING held, unnest(${ids}, ${versions}) AS old(id, version)
      WHERE task.id = old.id AND task.version = old.version AND task.status IN ${TERMINAL} RETURNING task.id),
    steps AS (DELETE FROM ${names.of('transition')} AS step USING gone WHERE step.task_id = gone.id),
    failures AS (DELETE FROM ${names.of('error')} AS failure USING gone WHERE failure.task_id = gone.id)
    SELECT count(*) AS count FROM gone`
  const [row] = await session.query(statement.text, statement.values)
  return Number(row?.['count'])
}

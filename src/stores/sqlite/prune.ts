import type { ArchivedTask, PrunePolicy } from '../../store.js'
import { recordOfRow, type StoredTask } from '../sql/records.js'
import type { Connection } from './connection.js'
import { errorsOf, FINISHED, historyOf, limitOf, TASK_COLUMNS } from './reads.js'
import { inSteps, type Use } from './steps.js'

/** How many tasks are removed before other work has its turn. */
const STEP = 100

interface Expired {
  key: number
  id: string
  seq: number
  finished_at: number | null
}

/** Removes in small transactions what the policy lets go, and only what has not changed since it was archived. */
export async function prune(use: Use, policy: PrunePolicy): Promise<number> {
  const { archive } = policy
  let expired = await use((connection) => findExpired(connection, policy))
  if (archive && expired.length > 0) {
    const archived = await inSteps(expired, STEP, (step) =>
      use((connection) => step.flatMap((row) => read(connection, row))),
    )
    if (archived.length > 0) await archive(archived.map(({ task }) => task))
    expired = archived.map(({ row }) => row)
  }
  const removed = await inSteps(expired, STEP, (step) =>
    use((connection) => connection.transaction(() => step.filter((row) => remove(connection, row)))),
  )
  return removed.length
}

const FROM_FINISHED = `FROM taskward_tasks INDEXED BY taskward_tasks_finished WHERE ${FINISHED}`

function findExpired(connection: Connection, { finishedBefore, maxTasks, limit }: PrunePolicy): Expired[] {
  const { finished } = connection.get<{ finished: number }>(`SELECT count(*) AS finished ${FROM_FINISHED}`)!
  const oldest = connection.all<Expired>(
    `SELECT key, id, seq, finished_at ${FROM_FINISHED} ORDER BY finished_at, id LIMIT ?`,
    limitOf(limit),
  )
  return oldest.filter((row, place) => (row.finished_at ?? Infinity) < finishedBefore || finished - place > maxTasks)
}

/** All there is of the task as it is now; nothing where another process has removed it. */
function read(connection: Connection, { key }: Expired): { row: Expired; task: ArchivedTask }[] {
  const row = connection.get<StoredTask & Expired>(
    `SELECT ${TASK_COLUMNS}, key, seq FROM taskward_tasks WHERE key = ?`,
    key,
  )
  if (!row) return []
  const { id } = row
  const task = { record: recordOfRow(row), transitions: historyOf(connection, id), errors: errorsOf(connection, id) }
  return [{ row, task }]
}

function remove(connection: Connection, { key, id, seq }: Expired): boolean {
  if (connection.run('DELETE FROM taskward_tasks WHERE key = ? AND seq = ?', key, seq) === 0) return false
  connection.run('DELETE FROM taskward_transitions WHERE task_id = ?', id)
  connection.run('DELETE FROM taskward_errors WHERE task_id = ?', id)
  return true
}

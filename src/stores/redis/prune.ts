import { textOfColumn } from '../../core/store-text.js'
import type { PrunePolicy } from '../../store.js'
import type { Connection } from './any-connection.js'
import { listOf, numberOf } from './reply.js'
import { SCRIPTS } from './script.js'
import { readWhole } from './tasks.js'

/** How many tasks one script removes: each is some twenty commands. */
const MAX_REMOVED = 100

/** Removes what the policy lets go; gives how many of it were still there. */
export async function pruneTasks(
  connection: Connection,
  { finishedBefore, maxTasks, limit, archive }: PrunePolicy,
): Promise<number> {
  const bounds = [scoreOf(finishedBefore), scoreOf(maxTasks), String(Math.min(limit, Number.MAX_SAFE_INTEGER))]
  const columns = listOf(await connection.run(SCRIPTS.expired, bounds)).map(String)
  if (columns.length === 0) return 0
  const versions = archive ? await archived(connection, columns, archive) : []
  let removed = 0
  for (let index = 0; index < columns.length; index += MAX_REMOVED) {
    const ids = columns.slice(index, index + MAX_REMOVED)
    const pairs = ids.flatMap((id, offset) => [id, versions[index + offset] ?? ''])
    removed += numberOf(await connection.run(SCRIPTS.remove, pairs))
  }
  return removed
}

/** Gives the version of each as it was archived: what has changed since is more than the archive has. */
async function archived(
  connection: Connection,
  columns: readonly string[],
  archive: NonNullable<PrunePolicy['archive']>,
): Promise<string[]> {
  const tasks = await readWhole(connection, columns.map(textOfColumn))
  const versions = tasks.map(({ record }) => String(record.version))
  await archive(tasks)
  return versions
}

/** Redis writes infinity in its own way. */
const scoreOf = (value: number): string => (value === Infinity ? '+inf' : value === -Infinity ? '-inf' : String(value))

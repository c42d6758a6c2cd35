import { TaskStoreError } from '../../core/errors.js'
import type { Connection } from './any-connection.js'
import { SCRIPTS } from './script.js'

/** The layout of the keys; see `docs/stores/redis.md`. Grows by one with each change of it that an older version cannot read. */
const SCHEMA_VERSION = 1

/** Marks an empty place as of this version, and refuses one that a later version has written. */
export async function migrate(connection: Connection): Promise<void> {
  const there = String(await connection.run(SCRIPTS.schema, [String(SCHEMA_VERSION)]))
  if (there === String(SCHEMA_VERSION)) return
  throw new TaskStoreError(
    'STORE_UNAVAILABLE',
    Number(there) > SCHEMA_VERSION
      ? `A newer version of taskward has written here (schema ${there}, this one knows ${SCHEMA_VERSION}): update it, or choose another prefix`
      : `The schema version is illegible (${JSON.stringify(there.slice(0, 40))}): something else uses this prefix`,
  )
}

import { createHash } from 'node:crypto'

/** What the store calls things in the database; all that differs between two schemas of one. */
export interface Names {
  /** As given, for messages. */
  readonly schema: string
  /** A table, sequence or the like of the schema, quoted. */
  of(name: string): string
  /** The schema by itself, quoted. */
  readonly quotedSchema: string
  /** Where changes are announced. */
  readonly channel: string
  /** The advisory locks, each a 64-bit integer as text: of those who write, prune and migrate. */
  readonly locks: { readonly write: string; readonly prune: string; readonly migrate: string }
}

export function namesOf(schema: string): Names {
  const quotedSchema = `"${schema.replaceAll('"', '""')}"`
  return {
    schema,
    of: (name) => `${quotedSchema}.${name}`,
    quotedSchema,
    // A channel's name is at most 63 bytes long, as a schema's is.
    channel: `taskward_${digest(schema).toString('hex', 0, 8)}`,
    locks: { write: lockKey(schema, 'write'), prune: lockKey(schema, 'prune'), migrate: lockKey(schema, 'migrate') },
  }
}

const lockKey = (schema: string, purpose: string): string =>
  String(digest(`taskward ${purpose} ${schema}`).readBigInt64BE())

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

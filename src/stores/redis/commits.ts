import type { CommitAnswer, TaskChange } from '../../store.js'
import type { Connection } from './any-connection.js'
import { listOf } from './reply.js'
import { packChange } from './rows.js'
import { SCRIPTS } from './script.js'

/** A script blocks the server while it runs: more than this, and other clients would notice. */
const MAX_CHANGES = 100
const MAX_LENGTH = 1_000_000

/** Writes the batch, as one script for each part of it; parts are sent at once, one behind the other. */
export async function commitBatch(connection: Connection, changes: readonly TaskChange[]): Promise<CommitAnswer[]> {
  const answers = await Promise.all(
    partsOf(changes).map(async ({ count, packed }) => {
      return listOf(await connection.run(SCRIPTS.commit, [String(count), ...packed]))
    }),
  )
  return answers.flat() as CommitAnswer[]
}

interface Part {
  count: number
  length: number
  packed: string[]
}

function partsOf(changes: readonly TaskChange[]): Part[] {
  const parts: Part[] = []
  let part: Part | undefined
  for (const change of changes) {
    const packed = packChange(change)
    const length = packed.reduce((sum, text) => sum + text.length, 0)
    if (!part || part.count === MAX_CHANGES || part.length + length > MAX_LENGTH) {
      part = { count: 0, length: 0, packed: [] }
      parts.push(part)
    }
    part.count++
    part.length += length
    part.packed.push(...packed)
  }
  return parts
}

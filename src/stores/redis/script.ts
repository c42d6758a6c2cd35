import { createHash } from 'node:crypto'
import { COMMIT } from './lua/commit.js'
import { EXPIRED, REMOVE } from './lua/prune.js'
import { CHANGES, COUNTS, READ } from './lua/reads.js'
import { BEAT, LEAVE, ROSTER } from './lua/roster.js'
import { SCAN } from './lua/scan.js'
import { SCHEMA } from './lua/schema.js'

/**
 * A script that runs on the server. The only key it is told is the common beginning of all keys, which has the hash tag:
 * which others it needs depends on what it finds, and they are all in the same slot.
 */
export interface Script {
  readonly lua: string
  readonly sha: string
}

const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') })

export const SCRIPTS = {
  schema: script(SCHEMA),
  commit: script(COMMIT),
  scan: script(SCAN),
  read: script(READ),
  counts: script(COUNTS),
  changes: script(CHANGES),
  expired: script(EXPIRED),
  remove: script(REMOVE),
  beat: script(BEAT),
  leave: script(LEAVE),
  roster: script(ROSTER),
} as const

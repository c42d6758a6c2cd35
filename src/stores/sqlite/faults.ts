import { TaskStoreError } from '../../core/errors.js'

/** What a driver's error is about. */
export type Fault = 'busy' | 'corrupt' | 'full' | 'read-only' | 'other'

/** SQLite's primary result codes. */
const FAULTS = new Map<number | string, Fault>([
  [5, 'busy'],
  ['BUSY', 'busy'],
  [8, 'read-only'],
  ['READONLY', 'read-only'],
  [11, 'corrupt'],
  ['CORRUPT', 'corrupt'],
  [13, 'full'],
  ['FULL', 'full'],
  [26, 'corrupt'],
  ['NOTADB', 'corrupt'],
])

/** Tells by the code: a word from better-sqlite3, libsql and Bun, a number from node:sqlite; extended codes included. */
export function faultOf(error: unknown): Fault {
  if (typeof error !== 'object' || error === null) return 'other'
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const word = typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined
  const primary = typeof errcode === 'number' ? errcode & 0xff : word
  return (primary !== undefined && FAULTS.get(primary)) || 'other'
}

const ADVICE: Record<Fault, string> = {
  busy: 'another process has been writing to it for too long',
  corrupt:
    'it is damaged, or no SQLite database; it is left as it is. Move it aside with its -wal and -shm to start afresh, or ' +
    "save what can be read with SQLite's own shell: sqlite3 <file> .recover",
  full: 'the disk, or what this database may take of it, is full',
  'read-only': 'it may not be written to',
  other: '',
}

/** What a driver threw, or one of our own, as an error that says where it was and what to do. */
export function storeErrorOf(error: unknown, where: string): TaskStoreError {
  if (error instanceof TaskStoreError)
    return new TaskStoreError(error.code, `${where}: ${error.message}`, { cause: error.cause })
  const fault = faultOf(error)
  const said = error instanceof Error ? error.message : String(error)
  const advice = ADVICE[fault] === '' ? said : `${ADVICE[fault]} (${said})`
  return new TaskStoreError(fault === 'corrupt' ? 'STORE_CORRUPT' : 'STORE_UNAVAILABLE', `${where}: ${advice}`, {
    cause: error,
  })
}

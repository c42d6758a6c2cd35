import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { TaskStoreError } from '../../core/errors.js'
import { isGone, ownProcess, type ProcessIdentity } from '../process-identity.js'

/** How often the holder shows that it lives, and how long it is believed by those who cannot see its process. */
export const REFRESH_MS = 5_000
export const STALE_MS = 30_000
/** The time of a lock that was given back. It takes no room on a disk that is full. */
const RELEASED = 0

interface Holder {
  process: ProcessIdentity
  /** Epoch milliseconds. */
  since: number
  nonce: string
}

/**
 * One holder a directory, among threads, processes and containers. The lock is a row of numbered files, of which the highest
 * counts: whoever finds it released, or its holder dead, makes the next one, which only one can. A release leaves its file
 * behind, as one of 1970: were it deleted, a slow newcomer could make a number that has been, and believe itself alone.
 */
export class DirectoryLock {
  readonly #directory: string
  readonly #number: number
  readonly #timer: NodeJS.Timeout
  #refreshing: Promise<void> = Promise.resolve()
  readonly #now: () => number
  #refreshedAt: number
  #isLost = false

  private constructor(directory: string, number: number, now: () => number) {
    this.#now = now
    this.#refreshedAt = now()
    this.#directory = directory
    this.#number = number
    this.#timer = setInterval(() => {
      this.#refreshing = this.#refresh()
    }, REFRESH_MS).unref()
  }

  /** @throws TaskStoreError `STORE_UNAVAILABLE` where somebody else holds it */
  static async acquire(directory: string, now: () => number = Date.now): Promise<DirectoryLock> {
    const holder: Holder = { process: ownProcess(), since: now(), nonce: randomUUID() }
    const finished = join(directory, `lock.${holder.nonce}.unfinished`)
    try {
      for (;;) {
        const numbers = await numbersIn(directory)
        const highest = numbers.at(-1) ?? 0
        if (highest > 0 && !(await isFree(directory, highest))) continue
        await fs.writeFile(finished, JSON.stringify(holder))
        const number = highest + 1
        if (!(await isMade(finished, lockPath(directory, number)))) continue
        // Whoever looked long ago may have made a number that has been used and removed since.
        if ((await numbersIn(directory)).at(-1) !== number) {
          await removeQuietly(lockPath(directory, number))
          continue
        }
        await Promise.all(numbers.map((old) => removeQuietly(lockPath(directory, old))))
        return new DirectoryLock(directory, number, now)
      }
    } finally {
      await removeQuietly(finished)
    }
  }

  /**
   * To be called before a write. Where the process has been stopped for so long that another may have taken the lock, it looks.
   *
   * @throws TaskStoreError `STORE_UNAVAILABLE` where another has
   */
  async verify(): Promise<void> {
    if (!this.#isLost && this.#now() - this.#refreshedAt >= 2 * REFRESH_MS) await this.#refresh()
    if (!this.#isLost) return
    throw new TaskStoreError(
      'STORE_UNAVAILABLE',
      `Another process has taken the directory ${this.#directory}, since this one gave no sign of life for ${STALE_MS} ms: close this store`,
    )
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#refreshing
    if ((await numbersIn(this.#directory)).at(-1) === this.#number) {
      await fs.utimes(lockPath(this.#directory, this.#number), RELEASED, RELEASED)
    }
  }

  async #refresh(): Promise<void> {
    const now = this.#now()
    try {
      this.#isLost = (await numbersIn(this.#directory)).at(-1) !== this.#number
      if (this.#isLost) clearInterval(this.#timer)
      else await fs.utimes(lockPath(this.#directory, this.#number), now / 1_000, now / 1_000)
      this.#refreshedAt = now
    } catch {
      // A disk that fails says so to the next write, which looks here again first.
    }
  }
}

const lockPath = (directory: string, number: number): string => join(directory, `lock.${number}`)

async function numbersIn(directory: string): Promise<number[]> {
  return (await fs.readdir(directory))
    .map((name) => Number(/^lock\.(\d{1,15})$/.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((a, b) => a - b)
}

/** Makes the file whole or not at all; false where it is there already, or the finished one was cleared away. */
async function isMade(finished: string, path: string): Promise<boolean> {
  try {
    await fs.link(finished, path)
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' || code === 'ENOENT') return false
    return isCopied(finished, path)
  }
}

/** For file systems without links. Whoever reads it half written takes it as held for as long as a holder is believed. */
async function isCopied(finished: string, path: string): Promise<boolean> {
  try {
    await fs.writeFile(path, await fs.readFile(finished), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Whether the lock may be taken; false where the file has just gone, so that it has to be looked for again.
 *
 * @throws TaskStoreError `STORE_UNAVAILABLE` where it is held
 */
async function isFree(directory: string, number: number): Promise<boolean> {
  const path = lockPath(directory, number)
  let refreshedAt: number
  let holder: Partial<Holder> | null
  try {
    refreshedAt = (await fs.stat(path)).mtimeMs
    holder = parseHolder(await fs.readFile(path, 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  const identity = holder?.process
  if (refreshedAt === RELEASED || (identity && isGone(identity))) return true
  const isSeen = identity?.start !== null && identity?.host === ownProcess().host
  if (!isSeen && Date.now() - refreshedAt >= STALE_MS) return true
  const who = identity ? `process ${identity.pid} (${identity.host.split(' ')[0] ?? ''})` : 'another process'
  const since = new Date(holder?.since ?? refreshedAt).toISOString()
  throw new TaskStoreError(
    'STORE_UNAVAILABLE',
    `The directory ${directory} is in use by ${who} since ${since}: close the store there, or give this one a directory of its own`,
  )
}

function parseHolder(text: string): Partial<Holder> | null {
  try {
    return JSON.parse(text) as Partial<Holder> | null
  } catch {
    return null
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/** What is not there, or not ours to remove, does no harm where it is. */
async function removeQuietly(path: string): Promise<void> {
  await fs.unlink(path).catch(() => undefined)
}

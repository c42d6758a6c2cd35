import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isTaskStoreError } from '../../../src/core/errors.js'
import { DirectoryLock, REFRESH_MS, STALE_MS } from '../../../src/stores/file/directory-lock.js'
import { ownProcess } from '../../../src/stores/process-identity.js'
import { storeIn } from './support/disks.js'
import { makeDirectory, nodeDisk } from '../../../src/stores/file/disk.js'
import { directoryOfTest } from './support/places.js'

const HOLDER = fileURLToPath(new URL('support/holder.ts', import.meta.url))

interface Child {
  process: ChildProcess
  nextLine: () => Promise<string>
}

/** A process that is ready to open the store, once it is told to. */
async function startChild(directory: string): Promise<Child> {
  const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const nextLine = async () => String((await lines.next()).value)
  expect(await nextLine()).toBe('ready')
  return { process: child, nextLine }
}

const open = (child: Child): Promise<string> => {
  child.process.stdin!.write('open\n')
  return child.nextLine()
}

const refused = async (directory: string): Promise<string> => {
  const error: unknown = await storeIn(directory)
    .open()
    .catch((thrown: unknown) => thrown)
  expect(isTaskStoreError(error)).toBe(true)
  return (error as Error).message
}

async function emptyDirectory(): Promise<string> {
  const directory = directoryOfTest()
  await makeDirectory(nodeDisk, directory)
  return directory
}

/** A lock as another process would have left it, that many milliseconds ago. */
function leaveLock(directory: string, process: object | string, ageMs = 0): void {
  const path = join(directory, 'lock.5')
  writeFileSync(path, typeof process === 'string' ? process : JSON.stringify({ process, since: 1_000, nonce: 'x' }))
  const at = (Date.now() - ageMs) / 1_000
  utimesSync(path, at, at)
}

describe('the lock of a directory', () => {
  it('is held by one process until it is killed', async () => {
    const directory = directoryOfTest()
    const child = await startChild(directory)
    expect(await open(child)).toBe('held')
    const message = await refused(directory)
    expect(message).toContain(directory)
    expect(message).toMatch(new RegExp(`in use by process ${child.process.pid} .* since \\d{4}-`))
    child.process.kill('SIGKILL')
    await once(child.process, 'exit')
    const store = storeIn(directory)
    await store.open()
    await store.close()
  }, 30_000)

  it('is won by exactly one of twenty that open at once behind one that was killed', async () => {
    const directory = directoryOfTest()
    const first = await startChild(directory)
    expect(await open(first)).toBe('held')
    const children = await Promise.all(Array.from({ length: 20 }, () => startChild(directory)))
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
    const answers = await Promise.all(children.map(open))
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(1)
    expect(answers.filter((answer) => answer.includes('is in use by process'))).toHaveLength(19)
    expect(readdirSync(directory).filter((name) => name.startsWith('lock.'))).toHaveLength(1)
  }, 120_000)

  it('is held within one process, too, and free once it is closed', async () => {
    const directory = directoryOfTest()
    const [first, second] = [storeIn(directory), storeIn(directory)]
    await first.open()
    expect(await refused(directory)).toContain(`in use by process ${process.pid}`)
    await first.close()
    await second.open()
    await second.close()
  })

  it('is free where the process id of its holder belongs to another process by now', async () => {
    const directory = await emptyDirectory()
    leaveLock(directory, { ...ownProcess(), start: '1' })
    await (await DirectoryLock.acquire(directory)).release()
    expect(readdirSync(directory)).toEqual(['lock.6'])
  })

  it.each([
    ['of a process that can be seen to live is held, however long it gave no sign', ownProcess(), 10 * STALE_MS, true],
    ['of a process elsewhere is held for a while', { ...ownProcess(), host: 'elsewhere' }, STALE_MS - REFRESH_MS, true],
    ['of a process elsewhere is free in the end', { ...ownProcess(), host: 'elsewhere' }, STALE_MS, false],
    ['that was never finished is held for a while', '{"proc', 0, true],
    ['that was never finished is free in the end', '{"proc', STALE_MS, false],
  ])('%s', async (_, holder, ageMs, isHeld) => {
    const directory = await emptyDirectory()
    leaveLock(directory, holder, ageMs)
    const acquired = DirectoryLock.acquire(directory)
    if (isHeld) await expect(acquired).rejects.toThrow('is in use by')
    else await (await acquired).release()
    expect(readFileSync(join(directory, isHeld ? 'lock.5' : 'lock.6'), 'utf8')).not.toBe('')
  })

  it('stops the writes of a holder that was taken for dead', async () => {
    const directory = await emptyDirectory()
    const clock = { now: Date.now() }
    const lock = await DirectoryLock.acquire(directory, () => clock.now)
    await lock.verify()
    writeFileSync(join(directory, 'lock.2'), '{}')
    clock.now += 2 * REFRESH_MS
    await expect(lock.verify()).rejects.toThrow('Another process has taken the directory')
    await lock.release()
    expect(readFileSync(join(directory, 'lock.2'), 'utf8')).toBe('{}')
  })
})

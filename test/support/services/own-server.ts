import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Answer } from './service.js'

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 10_000

/** A server in a temporary directory, started by a test, which may do with it what it likes. */
export interface OwnServer {
  readonly url: string
  readonly port: number
  readonly directory: string
  /** SIGKILL to the server and all its processes; what was in no file is lost. */
  kill(): Promise<void>
  /** Starts it again on the same data and port, and waits until it answers. */
  restart(): Promise<void>
  /** Ends it in an orderly way and removes its directory. */
  stop(): Promise<void>
}

/** How to start a kind of server, and how to know that it takes commands. */
export interface ServerKind {
  readonly name: string
  readonly directory: string
  readonly user: User | null
  readonly command: (port: number) => readonly [file: string, ...args: string[]]
  readonly url: (port: number) => string
  readonly probe: (port: number) => Promise<Answer>
  /** Ends it without losing anything. */
  readonly stopSignal: NodeJS.Signals
}

export interface User {
  readonly uid: number
  readonly gid: number
}

/** Nobody in particular where this process is root: servers refuse to run as root, and a test has no need to. */
export function unprivilegedUser(names: readonly string[]): User | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of names) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`There is none of the users ${names.join(', ')} to run a server as`)
}

/** The first directory on PATH, or of those named, that has the program. */
export function findProgram(name: string, elsewhere: readonly string[] = []): string | null {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...elsewhere]
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path)) ?? null
}

/** A new directory that belongs to the user. */
export function ownDirectory(user: User | null): string {
  const directory = mkdtempSync(join(tmpdir(), 'taskward-server-'))
  if (user) chownSync(directory, user.uid, user.gid)
  return directory
}

export async function startServer(kind: ServerKind): Promise<OwnServer> {
  const { directory } = kind
  const pidFile = join(directory, 'server.pid')
  const guard = startGuard(directory, pidFile)
  let port = await freePort()
  let server: ChildProcess | null = null

  const launch = async (): Promise<void> => {
    const child = (server = launchServer(kind, port))
    if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid))
    const why = await untilReady(kind, child, port)
    if (why === null) return
    await end(child, 'SIGKILL')
    server = null
    throw new Error(`${kind.name} did not start: ${why}\n${logOf(directory)}`)
  }
  const own: OwnServer = {
    directory,
    get port() {
      return port
    },
    get url() {
      return kind.url(port)
    },
    async kill() {
      if (server) await killAll(server)
      server = null
      // The number may soon be that of another process.
      rmSync(pidFile, { force: true })
    },
    async restart() {
      await own.kill()
      // The dead server's processes may hold its memory or port for a moment longer.
      await patiently(launch)
    },
    async stop() {
      if (server) await end(server, kind.stopSignal)
      server = null
      await guard.release()
    },
  }
  try {
    // Somebody else may have taken the port since it was found free.
    await patiently(async () => {
      port = await freePort()
      await launch()
    })
  } catch (error) {
    await guard.release()
    throw error
  }
  return own
}

async function patiently(attempt: () => Promise<void>): Promise<void> {
  for (let left = 4; ; left--) {
    try {
      await attempt()
      return
    } catch (error) {
      if (left === 0) throw error
      await pause(250)
    }
  }
}

function launchServer({ directory, user, command }: ServerKind, port: number): ChildProcess {
  const [file, ...args] = command(port)
  const log = openSync(join(directory, 'server.log'), 'a', 0o666)
  const stdio: StdioOptions = ['ignore', log, log]
  // In a group of its own, a Ctrl-C at the terminal is for the tests: the guard then ends the server.
  const child = spawn(file, args, { cwd: directory, stdio, detached: true, env: environment(), ...user })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  return child
}

/** What a server needs to know of where it runs; TZ and PG* of the developer are none of its business. */
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C' })

async function untilReady({ probe }: ServerKind, child: ChildProcess, port: number): Promise<string | null> {
  const endAt = Date.now() + START_LIMIT_MS
  for (;;) {
    if (hasEnded(child)) return 'it ended'
    const answer = await probe(port)
    if (answer.ok && !hasEnded(child)) return null
    if (Date.now() > endAt) return answer.ok ? 'it ended' : answer.why
    await pause(25)
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

async function killAll(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return
  const children = childrenOf(server.pid!)
  await end(server, 'SIGKILL')
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has noticed by itself that its parent is gone.
    }
  }
}

/** Empty where the system does not tell: the children of a dead server end by themselves, only later. */
function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    return list.split(' ').map(Number).filter(Boolean)
  } catch {
    return []
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.ref()
    child.kill(signal)
  })
}

/**
 * A process that waits for the other end of a pipe to close, which happens however this process ends, and then kills the
 * server and removes its directory.
 */
function startGuard(directory: string, pidFile: string): { release(): Promise<void> } {
  const script = 'trap "" INT TERM HUP; read line; pid=$(cat "$1" 2>/dev/null) && kill -9 $pid 2>/dev/null; rm -rf "$2"'
  const guard = spawn('sh', ['-c', script, 'guard', pidFile, directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const gone = new Promise<void>((resolve) => {
    guard.once('error', () => {
      resolve()
    })
    guard.once('exit', () => {
      resolve()
    })
  })
  guard.unref()
  ;(guard.stdin as unknown as { unref(): void }).unref()
  return {
    async release() {
      rmSync(pidFile, { force: true })
      guard.ref()
      guard.stdin.end()
      await gone
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}

function logOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'server.log'), 'utf8').split('\n').slice(-20).join('\n')
  } catch {
    return ''
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

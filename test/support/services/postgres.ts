import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, chownSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { dialogue } from './dialogue.js'
import { findProgram, ownDirectory, startServer, unprivilegedUser, type OwnServer } from './own-server.js'
import { withoutPassword, type Answer, type Service } from './service.js'

const run = promisify(execFile)

/** Where distributions put what is not on PATH. */
const VERSIONS = '/usr/lib/postgresql'

let shared: Promise<Service> | undefined

/**
 * A Postgres for tests: `TASKWARD_POSTGRES_URL`, else the usual local port, else one that is started for this process and ends
 * with it. Looked for once a process. Whoever uses it keeps to a schema of its own and drops it.
 */
export function postgresService(): Promise<Service> {
  return (shared ??= find())
}

async function find(): Promise<Service> {
  const given = process.env['TASKWARD_POSTGRES_URL']
  if (given !== undefined && given !== '') {
    const answer = await probe(given)
    // A server that was asked for by name is not replaced by another one.
    if (!answer.ok) throw new Error(`TASKWARD_POSTGRES_URL is ${withoutPassword(given)}, and ${answer.why}`)
    return { url: given }
  }
  let refusal = ''
  for (const user of new Set(['postgres', userInfo().username])) {
    for (const database of ['test', 'postgres']) {
      const url = `postgres://${encodeURIComponent(user)}@127.0.0.1:5432/${database}`
      const answer = await probe(url)
      if (answer.ok) return { url }
      refusal ||= answer.why
    }
  }
  const why = whyNoOwnPostgres()
  if (why !== null) return { url: null, why: `${refusal}; ${why}` }
  return { url: (await ownPostgres()).url }
}

/** Why no Postgres can be started here; null where one can. */
export function whyNoOwnPostgres(): string | null {
  if (process.platform === 'win32') return 'no server is started on Windows'
  return findPostgres() === null ? 'no postgres is installed' : null
}

/** The directory that has both `initdb` and `postgres`: the newest version's. */
function findPostgres(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : []
  const initdb = findProgram(
    'initdb',
    versions.map((version) => join(VERSIONS, version, 'bin')),
  )
  return initdb !== null && existsSync(join(dirname(initdb), 'postgres')) ? dirname(initdb) : null
}

/**
 * A Postgres of one's own, in a temporary directory, with the user and the database `postgres` and no password.
 *
 * @param settings what `postgresql.conf` would say, such as `{ synchronous_commit: 'off' }`
 */
export async function ownPostgres(settings: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const programs = findPostgres()
  if (programs === null) throw new Error(whyNoOwnPostgres() ?? 'Postgres cannot be started')
  const user = unprivilegedUser(['postgres', 'nobody'])
  const directory = ownDirectory(user)
  const cluster = join(directory, 'cluster')
  mkdirSync(cluster, { mode: 0o700 })
  if (user) chownSync(cluster, user.uid, user.gid)
  const initdb = ['--pgdata', cluster, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-locale']
  // The new cluster is no loss, should the power go now.
  await run(join(programs, 'initdb'), [...initdb, '--no-sync'], { cwd: directory, ...user })
  const options = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  return startServer({
    name: 'Postgres',
    directory,
    user,
    command: (port) => [
      join(programs, 'postgres'),
      ...['-D', cluster, '-p', String(port)],
      ...Object.entries(options).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]),
    ],
    url: (port) => urlOf(port),
    probe: (port) => probe(urlOf(port)),
    stopSignal: 'SIGINT',
  })
}

const urlOf = (port: number): string => `postgres://postgres@127.0.0.1:${String(port)}/postgres`

/**
 * Whether a Postgres at this address lets the user into the database: by its own protocol, whose first message says who one is.
 * One that wants a password is taken at its word if the address has one.
 */
function probe(url: string): Promise<Answer> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const user = decodeURIComponent(username)
  const words = startupMessage({ user, database: decodeURIComponent(pathname.slice(1)) || user })
  return dialogue({ host: hostname, port: Number(port || 5432) }, words, (received) => {
    if (received.length < 5) return undefined
    const kind = String.fromCharCode(received[0]!)
    if (kind === 'E') return { ok: false, why: `${withoutPassword(url)} says: ${refusalIn(received)}` }
    if (received.length < 9) return undefined
    const wantsPassword = kind === 'R' && received.readUInt32BE(5) !== 0
    if (wantsPassword) {
      return password === '' ? { ok: false, why: `${withoutPassword(url)} wants a password` } : { ok: true }
    }
    // Let in is not yet ready: the database may not be there, or the server not have recovered.
    const text = received.toString('latin1')
    if (text.includes('Z\0\0\0\x05')) return { ok: true }
    const error = text.indexOf('SFATAL')
    return error === -1 ? undefined : { ok: false, why: `${withoutPassword(url)} says: ${refusalIn(received)}` }
  })
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters).flatMap(([name, value]) => [name, value])
  const body = Buffer.from(`${text.join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length, 0)
  head.writeUInt32BE(3 << 16, 4)
  return Buffer.concat([head, body])
}

/** The message of an error response: its field `M`. */
const refusalIn = (received: Buffer): string => /\0M([^\0]+)\0/.exec(received.toString('utf8'))?.[1] ?? 'an error'

import { dialogue } from './dialogue.js'
import { findProgram, ownDirectory, startServer, unprivilegedUser, type OwnServer } from './own-server.js'
import { withoutPassword, type Answer, type Service } from './service.js'

const LOCAL = 'redis://127.0.0.1:6379'

let shared: Promise<Service> | undefined

/**
 * A Redis for tests: `TASKWARD_REDIS_URL`, else the usual local port, else one that is started for this process and ends with
 * it. Looked for once a process. Whoever uses it keeps to keys of its own and removes them.
 */
export function redisService(): Promise<Service> {
  return (shared ??= find())
}

async function find(): Promise<Service> {
  const given = process.env['TASKWARD_REDIS_URL']
  if (given !== undefined && given !== '') {
    const answer = await probe(given)
    // A server that was asked for by name is not replaced by another one.
    if (!answer.ok) throw new Error(`TASKWARD_REDIS_URL is ${withoutPassword(given)}, and ${answer.why}`)
    return { url: given }
  }
  const local = await probe(LOCAL)
  if (local.ok) return { url: LOCAL }
  const why = whyNoOwnRedis()
  if (why !== null) return { url: null, why: `${local.why}; ${why}` }
  return { url: (await ownRedis()).url }
}

/** Why no Redis can be started here; null where one can. */
export function whyNoOwnRedis(): string | null {
  if (process.platform === 'win32') return 'no server is started on Windows'
  return findRedis() === null ? 'neither redis-server nor valkey-server is installed' : null
}

const findRedis = (): string | null => findProgram('redis-server') ?? findProgram('valkey-server')

/**
 * A Redis of one's own, in a temporary directory. By default it keeps nothing on disk.
 *
 * @param options what `redis.conf` would say, such as `{ appendonly: 'yes', appendfsync: 'always' }`
 */
export async function ownRedis(options: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const program = findRedis()
  if (program === null) throw new Error(whyNoOwnRedis() ?? 'Redis cannot be started')
  const user = unprivilegedUser(['redis', 'nobody'])
  const directory = ownDirectory(user)
  const settings = { bind: '127.0.0.1', save: '', dir: directory, daemonize: 'no', ...options }
  return startServer({
    name: 'Redis',
    directory,
    user,
    command: (port) => [
      program,
      ...['--port', String(port)],
      ...Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, value]),
    ],
    url: (port) => `redis://127.0.0.1:${String(port)}`,
    probe: (port) => probe(`redis://127.0.0.1:${String(port)}`),
    stopSignal: 'SIGTERM',
  })
}

/** Whether a Redis at this address takes commands: one that still reads its files, or wants a password, does not. */
function probe(url: string): Promise<Answer> {
  const { hostname, port, username, password } = new URL(url)
  const login = password === '' ? '' : command('AUTH', ...(username === '' ? [] : [username]), password)
  const words = Buffer.from(login + command('PING'))
  return dialogue({ host: hostname, port: Number(port || 6379) }, words, (received) => {
    const text = received.toString('latin1')
    if (text.includes('+PONG\r\n')) return { ok: true }
    const refusal = /-([^\r]*)\r\n/.exec(text)?.[1]
    return refusal === undefined ? undefined : { ok: false, why: `${withoutPassword(url)} says: ${refusal}` }
  })
}

function command(...words: string[]): string {
  const bulk = words
    .map((word) => decodeURIComponent(word))
    .map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`)
  return `*${String(words.length)}\r\n${bulk.join('')}`
}

import type { Connection } from './any-connection.js'
import { listOf } from './reply.js'

/** What the server may do to records, as far as it tells. Where it tells nothing, nothing is said. */
export async function warningsOf(connection: Connection): Promise<string[]> {
  const config = await readConfig(connection)
  const info = await readInfo(connection)
  const warnings: string[] = []

  const policy = config.get('maxmemory-policy') ?? info.get('maxmemory_policy')
  const maxMemory = Number(config.get('maxmemory') ?? info.get('maxmemory') ?? 0)
  // The volatile policies only evict keys with a time to live, and records have none.
  if (maxMemory > 0 && policy?.startsWith('allkeys-')) {
    warnings.push(`Redis evicts tasks when its memory is full (maxmemory-policy ${policy}): set it to noeviction`)
  }

  const aof = config.get('appendonly') ?? { '1': 'yes', '0': 'no' }[info.get('aof_enabled') ?? '']
  const save = config.get('save')
  if (aof === 'no' && save === '') {
    warnings.push('Redis keeps nothing on disk, and loses all tasks when it ends: set appendonly yes')
  } else if (aof === 'no' && save !== undefined) {
    warnings.push(
      'Redis writes snapshots only, and loses what came after the last one when it is killed: set appendonly yes',
    )
  }
  return warnings
}

/** Empty where the command is forbidden, as it is on most managed servers. */
async function readConfig(connection: Connection): Promise<Map<string, string>> {
  const config = new Map<string, string>()
  for (const setting of ['maxmemory', 'maxmemory-policy', 'appendonly', 'save']) {
    const [name, value] = await ask(() => connection.call('config', ['get', setting]).then(listOf), [])
    if (typeof name === 'string' && typeof value === 'string') config.set(name, value)
  }
  return config
}

async function readInfo(connection: Connection): Promise<Map<string, string>> {
  const text = await ask(() => connection.call('info', []).then(String), '')
  const lines = text.split('\r\n').map((line) => line.split(':', 2))
  return new Map(lines.flatMap(([name, value]) => (name && value !== undefined ? [[name, value] as const] : [])))
}

async function ask<T>(question: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await question()
  } catch {
    // Whoever may not ask may still store: what cannot be known is not warned of.
    return fallback
  }
}

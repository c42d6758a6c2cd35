import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { postgresService } from '../../test/support/services/postgres.js'
import { redisService } from '../../test/support/services/redis.js'
import type { StoreConfig, StoreKind } from './stores.js'

/** Somewhere for a store to be that nobody else uses. */
export interface Place {
  readonly config: StoreConfig
  /** Removes all that is there. */
  clear(): Promise<void>
}

/** A new place for a store of the kind; a text that says why where there is none. */
export async function newPlace(kind: StoreKind): Promise<Place | string> {
  const name = `crash_${String(process.pid)}_${Date.now().toString(36)}_${String(made++)}`
  if (kind === 'postgres' || kind === 'redis') {
    const service = await (kind === 'postgres' ? postgresService() : redisService())
    if (service.url === null) return service.why
    return placeAt(kind, service.url, name)
  }
  const directory = await mkdtemp(join(tmpdir(), 'taskward-crash-'))
  return {
    config:
      kind === 'file' ? { kind, directory: join(directory, 'tasks') } : { kind, path: join(directory, 'tasks.db') },
    clear: () => rm(directory, { recursive: true, force: true }),
  }
}

let made = 0

/** A place on a server. */
export function placeAt(kind: 'postgres' | 'redis', url: string, name: string): Place {
  return kind === 'postgres'
    ? { config: { kind, connectionString: url, schema: name }, clear: () => dropSchema(url, name) }
    : { config: { kind, url, prefix: name }, clear: () => removeKeys(url, name) }
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(schema)} CASCADE`)
  } finally {
    await client.end()
  }
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url)
  try {
    // A prefix may stand in braces, so that a cluster keeps its keys together.
    for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
      if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]))
    }
  } finally {
    await redis.quit()
  }
}

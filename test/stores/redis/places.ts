import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'

/** A prefix that nobody else uses on a server that others use too, and what removes all under it. */
export function makePlace(url: string) {
  const prefix = `taskward-test-${randomUUID()}`
  const root = `{${prefix}}:`
  return {
    url,
    prefix,
    root,
    dispose: () => withRedis(url, (redis) => removeAll(redis, root)),
  }
}

/** Connects past the store, and disconnects afterwards. */
export async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true })
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

export async function keysUnder(redis: Redis, root: string): Promise<string[]> {
  const keys: string[] = []
  for await (const found of redis.scanStream({ match: `${root}*`, count: 1_000 })) keys.push(...(found as string[]))
  return keys.sort()
}

async function removeAll(redis: Redis, root: string): Promise<void> {
  const keys = await keysUnder(redis, root)
  for (let index = 0; index < keys.length; index += 1_000) await redis.unlink(keys.slice(index, index + 1_000))
}

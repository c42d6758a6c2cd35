/**
 * What is used of an `ioredis` client, a `Redis` or a `Cluster` of version 5 or 6, so that these types need no installation.
 */
export interface RedisClient {
  readonly status: string
  readonly isCluster: boolean
  readonly options: object
  connect(): Promise<void>
  disconnect(): void
  call(command: string, args: (string | number)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  duplicate(...overrides: never[]): RedisClient
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

/** What ioredis leaves open to whoever looks: how its connection counts for the life of the process. */
interface Internals {
  stream?: { ref(): void; unref(): void } | null
}

export function holdProcess(client: RedisClient): void {
  ;(client as RedisClient & Internals).stream?.ref()
}

export function releaseProcess(client: RedisClient): void {
  ;(client as RedisClient & Internals).stream?.unref()
}

export function keyPrefixOf({ options }: RedisClient): string {
  const { keyPrefix } = options as { keyPrefix?: unknown }
  return typeof keyPrefix === 'string' ? keyPrefix : ''
}

/** A second client to the same place, which connects when it is told to, and once only. */
export function duplicateOf(client: RedisClient): RedisClient {
  const overrides = { lazyConnect: true, retryStrategy: null, clusterRetryStrategy: () => null }
  const duplicate = client.duplicate.bind(client) as (...overrides: object[]) => RedisClient
  return client.isCluster ? duplicate([], overrides) : duplicate(overrides)
}

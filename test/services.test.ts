import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { Redis } from 'ioredis'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  describeWith,
  ownPostgres,
  ownRedis,
  postgresService,
  redisService,
  whyNoOwnPostgres,
  whyNoOwnRedis,
  type OwnServer,
  type Service,
} from './support/services/index.js'

const own = (name: string, why: string | null): Service => (why === null ? { url: name } : { url: null, why })

const lent = async (starting: Promise<OwnServer>): Promise<OwnServer> => {
  const server = await starting
  onTestFinished(() => server.stop())
  return server
}

describeWith(await postgresService(), 'the Postgres for tests', (url) => {
  it('takes statements', async () => {
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

describeWith(await redisService(), 'the Redis for tests', (url) => {
  it('takes commands', async () => {
    expect(await withRedis(url, (redis) => redis.ping())).toBe('PONG')
  })
})

describeWith(own('a Postgres', whyNoOwnPostgres()), 'a Postgres of one’s own', () => {
  it('keeps what was committed when it is killed and started again', async () => {
    const server = await lent(ownPostgres())
    await query(server.url, 'CREATE TABLE kept (n int)')
    await query(server.url, 'INSERT INTO kept VALUES (1)')
    await server.kill()
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
    await server.restart()
    expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  }, 60_000)

  it('is restarted again and again while a client holds a connection', async () => {
    const server = await lent(ownPostgres({ synchronous_commit: 'off' }))
    for (let round = 0; round < 3; round++) {
      const client = new pg.Client(server.url)
      client.on('error', () => undefined)
      await client.connect()
      await server.restart()
      await client.end().catch(() => undefined)
    }
    expect(await query(server.url, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'off' }])
  }, 60_000)

  it('runs as nobody in particular, and leaves nothing behind', async () => {
    const server = await ownPostgres()
    const { uid } = statSync(server.directory)
    await server.stop()
    expect(uid).not.toBe(0)
    expect(existsSync(server.directory)).toBe(false)
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
  }, 60_000)
})

describeWith(own('a Redis', whyNoOwnRedis()), 'a Redis of one’s own', () => {
  it('keeps what it has answered for when it is killed, with an append-only file', async () => {
    const server = await lent(ownRedis({ appendonly: 'yes', appendfsync: 'always' }))
    await withRedis(server.url, (redis) => redis.set('kept', '1'))
    await server.restart()
    expect(await withRedis(server.url, (redis) => redis.get('kept'))).toBe('1')
  }, 30_000)

  it('has lost everything without one', async () => {
    const server = await lent(ownRedis())
    await withRedis(server.url, (redis) => redis.set('lost', '1'))
    await server.restart()
    expect(await withRedis(server.url, (redis) => redis.get('lost'))).toBeNull()
  }, 30_000)

  it('says why it does not start', async () => {
    await expect(ownRedis({ appendonly: 'perhaps' })).rejects.toThrow('must be')
  }, 30_000)

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'ends with the process that started it, by %s too',
    async (signal) => {
      const script = `
      import { ownRedis } from './test/support/services/redis.js'
      const { url, directory } = await ownRedis()
      console.log(JSON.stringify({ url, directory }))
      setInterval(() => {}, 1_000)`
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const said = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve))
      const { url, directory } = JSON.parse(said) as { url: string; directory: string }
      expect(await withRedis(url, (redis) => redis.ping())).toBe('PONG')
      child.kill(signal)
      await expect.poll(() => existsSync(directory), { timeout: 10_000 }).toBe(false)
      await expect(withRedis(url, (redis) => redis.ping())).rejects.toThrow()
    },
    30_000,
  )
})

describe('the search for a server', () => {
  it('fails where the one that was asked for by name does not answer, and keeps the password to itself', async () => {
    vi.resetModules()
    vi.stubEnv('TASKWARD_POSTGRES_URL', 'postgres://me:hush@127.0.0.1:1/test')
    vi.stubEnv('TASKWARD_REDIS_URL', 'redis://:hush@127.0.0.1:1')
    const fresh = await import('./support/services/index.js')
    const said = await Promise.all(
      [fresh.postgresService(), fresh.redisService()].map((found) => found.then(() => 'found', String)),
    )
    expect(said.join()).toMatch(/TASKWARD_POSTGRES_URL is .*refused.*TASKWARD_REDIS_URL is .*refused/i)
    expect(said.join()).not.toContain('hush')
  })

  it('says what is missing where nothing can be started', () => {
    vi.stubEnv('PATH', '')
    expect(whyNoOwnRedis()).toMatch(/installed|Windows/)
  })

  it('ends in a failure where services are required, else in a skip', () => {
    vi.stubEnv('TASKWARD_REQUIRE_SERVICES', '1')
    const none: Service = { url: null, why: 'none is installed' }
    expect(() => describeWith(none, 'a store', () => undefined)).toThrow('a store (skipped: none is installed)')
  })
})

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<object>(text)).rows
  } finally {
    await client.end()
  }
}

async function withRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await ask(redis)
  } finally {
    redis.disconnect()
  }
}

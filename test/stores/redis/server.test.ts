import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Cluster, Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { promisify } from 'node:util'
import { isTaskStoreError } from '../../../src/core/errors.js'
import type { TaskChange, TaskStore } from '../../../src/store.js'
import { redisStore, type RedisStoreOptions } from '../../../src/stores/redis.js'
import { cuttable, ownRedis, whyNoOwnRedis, type OwnServer } from '../../support/services/index.js'
import { changeOf } from './changes.js'

const why = whyNoOwnRedis()
const run = promisify(execFile)

/** What a test has started, ended in reverse. */
const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start(settings: Record<string, string> = {}): Promise<OwnServer> {
  const server = await ownRedis(settings)
  endings.push(() => server.stop())
  return server
}

async function open(options: RedisStoreOptions): Promise<TaskStore> {
  const store = redisStore({ onWarning: () => undefined, ...options })
  endings.push(() => store.close())
  await store.open()
  return store
}

function clientOf(url: string): Redis {
  const client = new Redis(url, { retryStrategy: (times) => Math.min(times * 50, 500) })
  client.on('error', () => undefined)
  endings.push(() => client.disconnect())
  return client
}

const batchOf = (from: number, count: number): TaskChange[] =>
  Array.from({ length: count }, (_, index) => changeOf(`t${String(from + index)}`))

async function reasonOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'none'
  } catch (error) {
    expect(isTaskStoreError(error)).toBe(true)
    return (error as Error).message
  }
}

/** Until it succeeds, as the recorder does. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await call()
    } catch (error) {
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

describe.skipIf(why !== null)(
  `the redis store and a server of its own${why === null ? '' : ` (skipped: ${why})`}`,
  { timeout: 60_000 },
  () => {
    it('finds all that was acknowledged after the server has been killed, with appendfsync always', async () => {
      const server = await start({ appendonly: 'yes', appendfsync: 'always' })
      const store = await open({ url: server.url })
      const acknowledged: TaskChange[] = []
      let isKilled = false
      const writing = (async () => {
        for (let from = 0; ; from += 20) {
          const batch = batchOf(from, 20)
          try {
            await store.commit(batch)
            acknowledged.push(...batch)
          } catch (error) {
            expect(isTaskStoreError(error)).toBe(true)
            if (isKilled) return
          }
        }
      })()
      while (acknowledged.length < 400) await new Promise((resolve) => setTimeout(resolve, 10))
      isKilled = true
      await server.kill()
      await writing
      await server.restart()

      for (const { record, transitions } of acknowledged) {
        expect(await patiently(() => store.get(record.id))).toEqual(record)
        expect(await store.history(record.id)).toEqual(transitions)
      }
      const counts = await store.counts()
      expect(counts.pending % 20).toBe(0)
      expect(counts.pending).toBeGreaterThanOrEqual(acknowledged.length)
      expect((await store.list({ limit: 1, order: 'oldest' })).items).toHaveLength(1)
    })

    it('rejects while the connection is cut, and goes on when it is back', async () => {
      const server = await start()
      const way = await cuttable(server.port)
      endings.push(() => way.close())
      const store = await open({ url: `redis://127.0.0.1:${String(way.port)}` })
      await store.commit(batchOf(0, 1))

      way.cut()
      for (let turn = 0; turn < 3; turn++) expect(await reasonOf(() => store.commit(batchOf(1, 1)))).not.toBe('none')
      way.restore()
      expect(await store.commit(batchOf(1, 1))).toEqual(['applied'])
      expect((await store.counts()).pending).toBe(2)
    })

    it('applies a batch once whose answer was lost, and says applied to it when it comes again', async () => {
      const server = await start()
      const way = await cuttable(server.port)
      endings.push(() => way.close())
      const store = await open({ url: `redis://127.0.0.1:${String(way.port)}` })
      const batch = batchOf(0, 5)
      // The answer shall be that of the batch, not that its script is not known yet.
      await store.commit(batchOf(5, 1))

      way.loseAnswer()
      expect(await reasonOf(() => store.commit(batch))).not.toBe('none')
      const { items, next } = await store.changes(0, 10)
      expect(items).toHaveLength(6)
      expect(await store.commit(batch)).toEqual(['applied', 'applied', 'applied', 'applied', 'applied'])
      expect(await store.changes(next, 10)).toEqual({ items: [], next })
      expect(await store.history('t0')).toHaveLength(1)
    })

    it('says that a password is wanted or wrong, and never which one was given', async () => {
      const server = await start()
      await clientOf(server.url).config('SET', 'requirepass', 'right-secret')
      for (const url of [server.url, server.url.replace('//', '//:wrong-secret@')]) {
        const store = redisStore({ url })
        const error = await store.open().catch((thrown: unknown) => thrown)
        expect(isTaskStoreError(error)).toBe(true)
        expect((error as Error).message).toMatch(/password/)
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause)).not.toContain(
          'secret',
        )
        expect(Object.keys((error as Error).cause as object)).not.toContain('command')
      }
      await open({ url: server.url.replace('//', '//:right-secret@') })
    })

    it('rejects where there is no such database, and writes to no other', async () => {
      const server = await start()
      const store = redisStore({ url: `${server.url}/9999` })
      const error = await store.open().catch((thrown: unknown) => thrown)
      expect(isTaskStoreError(error)).toBe(true)
      expect((error as Error).message).toMatch(/DB index is out of range/)
      await expect(store.commit(batchOf(0, 1))).rejects.toThrow()
      expect(await clientOf(server.url).dbsize()).toBe(0)
    })

    it('says why Redis takes nothing, changes nothing, and goes on when it does again', async () => {
      const server = await start()
      const redis = clientOf(server.url)
      const store = await open({ url: server.url })
      await store.commit(batchOf(0, 1))

      const troubles: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
        ['maxmemory', () => redis.config('SET', 'maxmemory', '1'), () => redis.config('SET', 'maxmemory', '0')],
        ['replica', () => redis.replicaof('127.0.0.1', '1'), () => redis.replicaof('NO', 'ONE')],
        [
          'replicas',
          () => redis.config('SET', 'min-replicas-to-write', '1'),
          () => redis.config('SET', 'min-replicas-to-write', '0'),
        ],
      ]
      for (const [word, begin, end] of troubles) {
        await begin()
        expect(await reasonOf(() => store.commit(batchOf(1, 300)))).toContain(word)
        expect((await store.counts()).pending).toBe(1)
        expect((await store.list({})).items).toHaveLength(1)
        await end()
        expect(await store.get('t0')).toBeDefined()
      }
      expect(await patiently(() => store.commit(batchOf(1, 1)))).toEqual(['applied'])
    })

    it('connects anew after it has come to a replica, since the address may lead elsewhere by then', async () => {
      const server = await start()
      const redis = clientOf(server.url)
      const store = await open({ url: server.url })
      const connection = async () => /id=(\d+).*name=taskward/.exec(String(await redis.client('LIST')))?.[1]
      const first = await connection()
      await store.commit(batchOf(0, 1))
      expect(await connection()).toBe(first)
      await redis.replicaof('127.0.0.1', '1')
      expect(await reasonOf(() => store.commit(batchOf(1, 1)))).toMatch(/connect to the primary/)
      await redis.replicaof('NO', 'ONE')
      expect(await store.commit(batchOf(1, 1))).toEqual(['applied'])
      expect(await connection()).not.toBe(first)
    })

    it('says that Redis cannot write its snapshot, and goes on when it can', async () => {
      const server = await start({ save: '900 100000', 'enable-protected-configs': 'yes' })
      const redis = clientOf(server.url)
      const store = await open({ url: server.url })
      const snapshot = async (directory: string, status: string): Promise<void> => {
        await redis.config('SET', 'dir', directory)
        await redis.bgsave()
        await patiently(async () => {
          expect(await redis.info('persistence')).toMatch(new RegExp(`in_progress:0[^]*bgsave_status:${status}`))
        })
      }
      await snapshot('/', 'err')
      expect(await reasonOf(() => store.commit(batchOf(0, 1)))).toMatch(/cannot write its snapshot/)
      expect(await store.list({})).toEqual({ items: [], nextCursor: null })
      await snapshot(server.directory, 'ok')
      expect(await store.commit(batchOf(0, 1))).toEqual(['applied'])
    })

    it('sends a script again that the server has forgotten', async () => {
      const server = await start()
      const store = await open({ url: server.url })
      await store.commit(batchOf(0, 1))
      await clientOf(server.url).script('FLUSH')
      expect(await store.commit(batchOf(1, 600))).toEqual(Array.from({ length: 600 }, () => 'applied'))
    })

    it.each<[string, Record<string, string>, RegExp[]]>([
      ['nothing is kept', {}, [/keeps nothing on disk/]],
      ['only snapshots are kept', { save: '900 1' }, [/snapshots only/]],
      ['a log is kept', { appendonly: 'yes' }, []],
      [
        'records are evicted',
        { appendonly: 'yes', maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' },
        [/evicts tasks.*allkeys-lru/],
      ],
      [
        'what has a time to live is evicted, which records have not',
        { appendonly: 'yes', maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' },
        [],
      ],
      ['memory has no bound', { appendonly: 'yes', 'maxmemory-policy': 'allkeys-lru' }, []],
    ])('warns once where that is due: %s', async (_, settings, expected) => {
      const server = await start(settings)
      const warnings: string[] = []
      const store = await open({ url: server.url, onWarning: (message) => warnings.push(message) })
      await store.close()
      await store.open()
      expect(warnings).toHaveLength(expected.length)
      for (const [index, pattern] of expected.entries()) expect(warnings[index]).toMatch(pattern)
    })

    it('warns of nothing that it may not ask', async () => {
      const server = await start()
      await clientOf(server.url).acl('SETUSER', 'default', '-config')
      const warnings: string[] = []
      await open({ url: server.url, onWarning: (message) => warnings.push(message) })
      expect(warnings).toEqual([])
    })

    it('needs no more rights than its page says', async () => {
      const server = await start()
      const page = readFileSync('docs/stores/redis.md', 'utf8')
      const rights = /^ {4}(~.*)$/m.exec(page)![1]!.split(' ')
      const redis = clientOf(server.url)
      await redis.acl('SETUSER', 'user', 'on', '>secret', ...rights)
      const warnings: string[] = []
      const store = await open({
        url: server.url.replace('//', '//user:secret@'),
        onWarning: (message) => warnings.push(message),
      })
      expect(warnings).toHaveLength(1)
      const heard = new Promise<void>((resolve) => endings.push(store.watch!(resolve)))
      await patiently(async () => expect(await redis.pubsub('CHANNELS')).toHaveLength(1))
      await store.beat({ instanceId: 'i', name: 'n', ttl: 1_000, status: null })
      await store.commit([changeOf('t', { status: 'failed', finishedAt: 5 })])
      await heard
      expect((await store.list({})).items).toHaveLength(1)
      expect(await store.orphans(5)).toEqual([])
      expect(await store.prune({ finishedBefore: 9, maxTasks: 9, limit: 9 })).toBe(1)
      await store.leave('i')
    })

    it('serves a client that was handed in, with its prefix for keys, and leaves it open', async () => {
      const server = await start()
      const client = new Redis(server.url, { keyPrefix: 'app:' })
      endings.push(() => client.disconnect())
      const store = await open({ client, prefix: 'x', hashTag: 'tag' })
      const heard = new Promise<void>((resolve) => {
        const stop = store.watch!(resolve)
        endings.push(stop)
      })
      await patiently(async () => {
        expect(await clientOf(server.url).pubsub('NUMSUB', 'app:x:{tag}:changes')).toEqual(['app:x:{tag}:changes', 1])
      })
      await store.commit(batchOf(0, 2))
      await heard
      expect((await store.list({ name: 'job' })).items).toHaveLength(2)
      const keys = await clientOf(server.url).keys('*')
      expect(keys.every((key) => key.startsWith('app:x:{tag}:'))).toBe(true)
      await store.close()
      expect(client.status).toBe('ready')
    })

    it('waits for a client that was handed in and is not connected yet, and refuses one that has been closed', async () => {
      const server = await start()
      const client = new Redis(server.url, { lazyConnect: true })
      const store = await open({ client })
      expect(await store.commit(batchOf(0, 1))).toEqual(['applied'])
      client.disconnect()
      await patiently(async () => expect(client.status).toBe('end'))
      expect(await reasonOf(() => store.counts())).toMatch(/closed/)
    })

    it('keeps all its keys in one slot of a cluster', async () => {
      const server = await start({
        'cluster-enabled': 'yes',
        'cluster-announce-ip': '127.0.0.1',
        'cluster-require-full-coverage': 'no',
      })
      const redis = clientOf(server.url)
      await redis.call('CLUSTER', ['ADDSLOTSRANGE', '0', '16383'])
      await patiently(async () => expect(await redis.cluster('INFO')).toContain('cluster_state:ok'))
      const client = new Cluster([{ host: '127.0.0.1', port: server.port }])
      endings.push(() => client.disconnect())
      const store = await open({ client })
      const heard = new Promise<void>((resolve) => endings.push(store.watch!(resolve)))
      await patiently(async () => expect(await redis.pubsub('CHANNELS')).toEqual(['{taskward}:changes']))
      expect(await store.commit(batchOf(0, 300))).toHaveLength(300)
      await heard
      await store.beat({ instanceId: 'i', name: 'n', ttl: 1_000, status: null })
      expect((await store.list({ status: ['pending', 'running'], text: 't29' })).items).toHaveLength(11)
      expect(await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 10 })).toBe(0)
      const slots = new Set<number>()
      for (const key of await redis.keys('*')) slots.add(await redis.cluster('KEYSLOT', key))
      expect(slots.size).toBe(1)
    })

    it('never keeps the process alive: connected, watching, or with the server gone', async () => {
      const server = await start()
      const pid = /process_id:(\d+)/.exec(await clientOf(server.url).info('server'))![1]!
      const program = (rest: string): string => `
      import { redisStore } from './src/stores/redis.ts'
      void (async () => {
        const store = redisStore({ url: '${server.url}', onWarning: () => undefined })
        await store.open()
        store.watch(() => undefined)
        await store.counts()
        ${rest}
        console.log('idle')
      })()`
      const node = async (rest: string) =>
        run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program(rest)], { timeout: 20_000 })
      expect((await node('')).stdout).toContain('idle')
      expect((await node(`await new Promise((resolve) => setTimeout(resolve, 500))`)).stdout).toContain('idle')
      expect((await node(`process.kill(${pid}, 'SIGKILL')`)).stdout).toContain('idle')
    })
  },
)

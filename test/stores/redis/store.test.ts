import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { isTaskOptionError, isTaskStoreError } from '../../../src/core/errors.js'
import type { TaskQuery } from '../../../src/core/query.js'
import type { TaskRecord } from '../../../src/core/record.js'
import { createClient } from '../../../src/stores/redis/connection.js'
import { redisStore, type RedisStoreOptions } from '../../../src/stores/redis.js'
import type { TaskStore } from '../../../src/store.js'
import { describeWith, redisService } from '../../support/services/index.js'
import { changeOf } from './changes.js'
import { keysUnder, makePlace, withRedis } from './places.js'

describeWith(await redisService(), 'the redis store', (url) => {
  /** A store on a place of its own, and the root of its keys. */
  async function withStore(work: (store: TaskStore, root: string, prefix: string) => Promise<void>): Promise<void> {
    const { prefix, root, dispose } = makePlace(url)
    const store = redisStore({ url, prefix, onWarning: () => undefined })
    try {
      await store.open()
      await work(store, root, prefix)
    } finally {
      await store.close()
      await dispose()
    }
  }

  const idsOf = (records: readonly TaskRecord[]): string[] => records.map(({ id }) => id)

  async function listAll(store: TaskStore, query: TaskQuery): Promise<string[]> {
    const ids: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await store.list({ ...query, cursor })
      ids.push(...idsOf(page.items))
      cursor = page.nextCursor
    }
    return ids
  }

  it('leaves nothing but its place in the order of changes, once all has been pruned', () =>
    withStore(async (store, root) => {
      const own = { status: 'failed', finishedAt: 5, lane: 'l', owner: 'o', parentId: 'p' } as const
      const change = changeOf('a', own)
      const error = { message: 'Broken', code: 'E', details: null }
      const failure = { id: 'e', taskId: 'a', taskName: 'job', owner: 'o', attempt: 1, at: 7, fingerprint: 'f', error }
      await store.commit([{ ...change, errors: [failure] }])
      expect((await withRedis(url, (redis) => keysUnder(redis, root))).length).toBeGreaterThan(15)
      expect(await store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 10 })).toBe(1)
      expect(await withRedis(url, (redis) => keysUnder(redis, root))).toEqual([`${root}schema`, `${root}seq`])
    }))

  it('takes a record out of the indexes of what it was', () =>
    withStore(async (store, root) => {
      const first = changeOf('a', { lane: 'l', owner: 'o', parentId: 'p' })
      await store.commit([first])
      const later = { name: 'other', lane: null, owner: 'other', parentId: null, createdAt: 5, version: 2 }
      expect(await store.commit([{ ...first, record: { ...first.record, ...later }, expected: 1 }])).toEqual([
        'applied',
      ])
      expect(await store.list({ name: 'other', owner: 'other' })).toMatchObject({ items: [later] })
      const keys = await withRedis(url, (redis) => keysUnder(redis, root))
      const indexes = ['changed', 'name:other', 'owner:other', 'status:pending'].map((index) => `${root}tasks:${index}`)
      expect(keys.filter((key) => key.startsWith(`${root}tasks:`))).toEqual(indexes)
      await withRedis(url, async (redis) => {
        expect(await redis.hmget(`${root}task:a`, 'lane', 'parent')).toEqual([null, null])
      })
    }))

  it('pages through a great many of one instant, in several steps, whatever indexes it takes them from', () =>
    withStore(async (store) => {
      const changes = Array.from({ length: 1_300 }, (_, n) =>
        changeOf(`t${String(n).padStart(5, '0')}`, {
          status: n % 3 ? 'pending' : 'running',
          owner: `o${String(n % 2)}`,
        }),
      )
      await store.commit(changes)
      const ids = changes.map(({ record }) => record.id)
      for (const status of [undefined, ['pending', 'running']] as const) {
        expect(await listAll(store, { status: status && [...status], order: 'oldest', limit: 700 })).toEqual(ids)
        expect(await listAll(store, { status: status && [...status], limit: 333 })).toEqual([...ids].reverse())
      }
      const some = ids.filter((_, n) => n % 3 !== 0 && n % 2 === 1)
      expect(await listAll(store, { status: 'pending', owner: 'o1', order: 'oldest', limit: 100 })).toEqual(some)
      expect(await listAll(store, { text: 'T00007' })).toEqual(['t00007'])
    }))

  it('numbers changes on from where they were, also when the server was restored from an older copy', () =>
    withStore(async (store, root) => {
      await store.commit([changeOf('a'), changeOf('b'), changeOf('c')])
      const { next } = await store.changes(0, 10)
      await withRedis(url, (redis) => redis.set(`${root}seq`, '1'))
      await store.commit([changeOf('d')])
      expect(idsOf((await store.changes(next, 10)).items.map(({ record }) => record))).toEqual(['d'])
    }))

  it('reads around keys that hold something else, and does not write over them', () =>
    withStore(async (store, root) => {
      await store.commit([changeOf('a'), changeOf('b', { createdAt: 5 }), changeOf('c', { createdAt: 6 })])
      await withRedis(url, async (redis) => {
        await redis.set(`${root}task:b`, 'foreign')
        await redis.set(`${root}tasks:name:job`, 'foreign')
      })
      expect((await store.get('b'))?.error?.code).toBe('STORE_CORRUPT')
      expect(await store.history('b')).toEqual([])
      const { items } = await store.list({ name: 'job' })
      expect(idsOf(items)).toEqual(['a', 'c'])
      expect(idsOf((await store.list({})).items)).toEqual(['a', 'c', 'b'])
      expect((await store.list({})).items[2]).toMatchObject({ createdAt: 5, error: { code: 'STORE_CORRUPT' } })
      expect((await store.changes(0, 10)).items).toHaveLength(3)
      expect(await store.commit([changeOf('b')])).toEqual(['stale'])
      await expect(store.commit([changeOf('d', { createdAt: 9 })])).rejects.toThrow(/tasks:name:job/)
      expect(await store.get('d')).toBeUndefined()
      expect(await store.commit([changeOf('d', { name: 'other' })])).toEqual(['applied'])
    }))

  it('says of a record that is gone or torn what is still known of it', () =>
    withStore(async (store, root) => {
      await store.commit([changeOf('a', { owner: 'o' }), changeOf('b', { owner: 'o' }), changeOf('c', { owner: 'o' })])
      await withRedis(url, async (redis) => {
        await redis.unlink(`${root}task:a`)
        await redis.hset(`${root}task:b`, 'body', '{"id":"b')
        await redis.hdel(`${root}task:c`, 'status', 'search')
      })
      const [c, b, a] = (await store.list({ owner: 'o' })).items
      expect(a).toMatchObject({ id: 'a', owner: 'o', createdAt: 1_700_000_000_000, error: { code: 'STORE_CORRUPT' } })
      expect(b).toMatchObject({ id: 'b', owner: 'o', name: 'job', status: 'pending', version: 1 })
      expect(b?.error?.code).toBe('STORE_CORRUPT')
      expect(c).toEqual(await store.get('c'))
      expect((await store.list({ status: 'pending' })).items).toHaveLength(3)
      expect(await store.get('a')).toBeUndefined()
    }))

  it('refuses what a newer version has written, and opens once that is gone', () =>
    withStore(async (_, root, prefix) => {
      const store = redisStore({ url, prefix, onWarning: () => undefined })
      await withRedis(url, (redis) => redis.set(`${root}schema`, '2'))
      const error = await store.open().catch((thrown: unknown) => thrown)
      expect(isTaskStoreError(error)).toBe(true)
      expect(String(error)).toMatch(/newer version of taskward/)
      await withRedis(url, (redis) => redis.set(`${root}schema`, '1'))
      await store.open()
      await store.close()
    }))
})

it.each<[string, unknown, RegExp]>([
  ['neither a url nor a client', {}, /either url or client, got neither/],
  ['both', { url: 'redis://127.0.0.1', client: new Redis({ lazyConnect: true }) }, /got both/],
  ['nothing at all', undefined, /either url or client, got neither/],
  ['null', null, /redisStore\(\): expected an object/],
  ['a client that is none', { client: {} }, /client: expected an object with connect\(\)/],
  ['a misspelt prefix', { url: 'redis://127.0.0.1', prefx: 'a' }, /did you mean 'prefix'/],
  ['a warning that nobody can be told', { url: 'redis://127.0.0.1', onWarning: 5 }, /onWarning: expected a function/],
  [
    'a url of something else',
    { url: 'postgres://user:secret@127.0.0.1' },
    /redisStore\(\)\.url: expected .*redis:\/\//,
  ],
  ['an empty prefix', { url: 'redis://127.0.0.1', prefix: '' }, /prefix/],
  ['a hash tag with braces', { url: 'redis://127.0.0.1', hashTag: '{x}' }, /hashTag/],
])('refuses %s as misuse, and shows no url', (_, options, message) => {
  const make = () => redisStore(options as RedisStoreOptions)
  expect(make).toThrow(message)
  try {
    make()
  } catch (error) {
    expect(isTaskOptionError(error)).toBe(true)
    expect(String(error)).not.toContain('secret')
  }
})

it('says what to install where ioredis is missing', async () => {
  const load = () => Promise.reject(new Error('Cannot find package'))
  const error = await createClient('redis://127.0.0.1', load).catch((thrown: unknown) => thrown)
  expect(isTaskStoreError(error)).toBe(true)
  expect(String(error)).toContain('npm install ioredis')
})

it('says which server cannot be reached, without its password, and may be opened later', async () => {
  const store = redisStore({ url: 'redis://:secret@127.0.0.1:1' })
  for (let turn = 0; turn < 2; turn++) {
    const error = await store.open().catch((thrown: unknown) => thrown)
    expect(isTaskStoreError(error)).toBe(true)
    expect(String(error)).toContain('ECONNREFUSED')
    expect(String(error)).not.toContain('secret')
  }
  await store.close()
})

import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileStore, jsonlArchive, type FileStoreOptions } from '../../../src/stores/file.js'
import { step } from './support/changes.js'
import { storeIn } from './support/disks.js'
import { directoryOfTest } from './support/places.js'

describe('fileStore', () => {
  it.each<[unknown, string]>([
    [undefined, 'fileStore().directory: expected the path of a directory, got undefined'],
    [{ directory: '' }, 'fileStore().directory: expected the path of a directory, got ""'],
    [{ directory: 'x', fsync: 0 }, "fileStore().fsync: expected 'commit', 'never', or whole milliseconds"],
    [{ directory: 'x', fsync: 2 ** 31 }, "fileStore().fsync: expected 'commit', 'never', or whole milliseconds"],
    [{ directory: 'x', fsnc: 'never' }, "did you mean 'fsync'?"],
  ])('refuses %j', (options, message) => {
    expect(() => fileStore(options as FileStoreOptions)).toThrow(message)
  })

  it('says what it could not do, and where', async () => {
    const directory = directoryOfTest()
    await expect(fileStore({ directory }).get('a')).rejects.toThrow(`The file store in ${directory} is not open`)
    const first = fileStore({ directory })
    await first.open()
    await first.close()
    const file = join(directory, readdirSync(directory)[0]!)
    await expect(fileStore({ directory: file }).open()).rejects.toThrow(`Could not open the directory ${file}: `)
  })

  it.each<FileStoreOptions['fsync']>(['commit', 'never', 1])('keeps what it took with fsync %s', async (fsync) => {
    const directory = directoryOfTest()
    const store = fileStore({ directory, fsync })
    await store.open()
    await store.commit([step('a'), step('b')])
    await store.close()
    await store.open()
    expect(await store.counts()).toMatchObject({ pending: 2 })
    await store.close()
  })

  it('lets one of two racing ends win, also in one write and of one instance', async () => {
    const store = storeIn(directoryOfTest())
    await store.open()
    await store.commit([step('a'), step('b')])
    const ends = (['completed', 'failed', 'cancelled'] as const).map((status) => step('a', 2, { status }))
    const answers = await Promise.all(ends.map((end) => store.commit([end])))
    expect(answers.flat()).toEqual(['applied', 'terminal', 'terminal'])
    expect(await store.get('a')).toMatchObject({ status: 'completed' })
    await store.close()
  })

  it('knows instances of before as dead', async () => {
    const directory = directoryOfTest()
    const store = storeIn(directory)
    await store.open()
    for (const instanceId of ['left', 'crashed'])
      await store.beat({ instanceId, name: 'n', ttl: 1e9, status: { ok: 1 } })
    await store.leave('left')
    await store.close()
    await store.open()
    expect(await store.instances()).toMatchObject([{ instanceId: 'crashed', isAlive: false, status: { ok: 1 } }])
    await store.close()
  })
})

describe('jsonlArchive', () => {
  it.each([undefined, null, {}, { directory: 5 }, { directory: '' }, { directory: 'a', fsync: 'commit' }])(
    'takes %j for misuse',
    (options) => {
      expect(() => jsonlArchive(options as never)).toThrow(/^jsonlArchive\(\)/)
    },
  )

  const linesIn = (directory: string): string[] =>
    readdirSync(directory).flatMap((name) => {
      expect(name).toMatch(/^\d{4}-\d\d-\d\d\.jsonl$/)
      return readFileSync(join(directory, name), 'utf8').trim().split('\n')
    })

  it('keeps what prune removes, whole, behind what is there, torn or not', async () => {
    const [directory, kept] = [directoryOfTest(), directoryOfTest()]
    const archive = jsonlArchive({ directory: kept })
    const store = storeIn(directory)
    await store.open()
    for (const version of [1, 2, 3]) await store.commit([step('a', version), step('b', version)])
    const policy = { finishedBefore: Infinity, maxTasks: Infinity, limit: 1, archive }
    expect(await store.prune(policy)).toBe(1)
    appendFileSync(join(kept, readdirSync(kept)[0]!), '{"torn')
    expect(await store.prune(policy)).toBe(1)
    await store.close()
    const [first, torn, second] = linesIn(kept)
    expect(torn).toBe('{"torn')
    expect([first, second].map((line): unknown => JSON.parse(line!))).toEqual(
      ['a', 'b'].map((id) => ({
        record: step(id, 3).record,
        transitions: [1, 2, 3].flatMap((version) => step(id, version).transitions),
        errors: [],
      })),
    )
  })

  it('keeps prune from removing what it could not write', async () => {
    const directory = directoryOfTest()
    const store = storeIn(directory)
    await store.open()
    for (const version of [1, 2, 3]) await store.commit([step('a', version)])
    const archive = jsonlArchive({ directory: join(directory, '00000001.jsonl') })
    await expect(store.prune({ finishedBefore: Infinity, maxTasks: 0, limit: 1, archive })).rejects.toThrow()
    expect(store.has!('a')).toBe(true)
    await store.close()
  })
})

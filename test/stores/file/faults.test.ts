import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { step } from './support/changes.js'
import { failure, hookedDisk, storeIn, type Operation } from './support/disks.js'
import { directoryOfTest } from './support/places.js'

/** A disk that fails as told: all operations for which `fails` holds. */
const failingDisk = () => {
  const faults: { fails: (operation: Operation) => boolean; code: string } = { fails: () => false, code: 'EIO' }
  const disk = hookedDisk((operation) => {
    if (faults.fails(operation)) throw failure(faults.code)
  })
  return { disk, faults }
}
const isOn =
  (...names: Operation['name'][]) =>
  (operation: Operation) =>
    names.includes(operation.name)

describe('a file store whose disk fails', () => {
  it.each<[string, string, Operation['name'][]]>([
    ['is full', 'ENOSPC', ['write']],
    ['can neither be written nor truncated', 'EIO', ['write', 'truncate']],
    ['cannot be synced', 'EIO', ['datasync']],
  ])('rejects while it %s, then takes the next commit, and keeps what came before', async (_, code, names) => {
    const directory = directoryOfTest()
    const { disk, faults } = failingDisk()
    const store = storeIn(directory, { disk })
    await store.open()
    await store.commit([step('a'), step('b')])
    Object.assign(faults, { code, fails: isOn(...names) })
    await expect(store.commit([step('a', 2), step('c')])).rejects.toThrow(
      `Could not write to the directory ${directory}`,
    )
    expect(await store.get('a')).toMatchObject({ version: 1 })
    expect(await store.get('c')).toBeUndefined()
    faults.fails = () => false
    expect(await store.commit([step('b', 2)])).toEqual(['applied'])
    await store.close()

    const again = storeIn(directory)
    await again.open()
    expect(await again.get('a')).toMatchObject({ version: 1 })
    expect(await again.get('b')).toMatchObject({ version: 2 })
    expect(await again.get('c')).toBeUndefined()
    await again.close()
  })

  it('reads back the outcome that it acknowledged, not another that failed to be written before it', async () => {
    const directory = directoryOfTest()
    const { disk, faults } = failingDisk()
    const store = storeIn(directory, { disk })
    await store.open()
    await store.commit([step('a')])
    // The lines get to the disk, but not for certain, and cannot be taken back.
    faults.fails = isOn('datasync', 'truncate')
    await expect(store.commit([step('a', 2, { status: 'completed' })])).rejects.toThrow('EIO')
    faults.fails = () => false
    await store.commit([step('a', 2, { status: 'failed' })])
    await store.close()

    const again = storeIn(directory)
    await again.open()
    expect(await again.get('a')).toMatchObject({ status: 'failed' })
    await again.close()
  })

  it('writes all there is again when what it acknowledged could not be synced later', async () => {
    const directory = directoryOfTest()
    const { disk, faults } = failingDisk()
    const store = storeIn(directory, { disk, fsync: 2_147_483_647 })
    await store.open()
    await store.commit([step('a')])
    faults.fails = isOn('datasync')
    // A full segment is synced before the next begins.
    const large = step('b', 1, { metadata: { large: 'x'.repeat(1 << 20) } })
    await store.commit([large])
    await expect(store.commit([step('c')])).rejects.toThrow('EIO')
    faults.fails = isOn('sync')
    await expect(store.commit([step('c')])).rejects.toThrow('EIO')
    faults.fails = () => false
    await store.commit([step('c')])
    expect(readdirSync(directory)).not.toContain('00000001.jsonl')
    expect(readdirSync(directory).some((name) => name.endsWith('.snapshot.jsonl'))).toBe(true)
    await store.close()

    const again = storeIn(directory)
    await again.open()
    expect([again.has!('a'), again.has!('b'), again.has!('c')]).toEqual([true, true, true])
    await again.close()
  })
})

describe('an acknowledgement', () => {
  const traced = async (fsync: 'commit' | 'never'): Promise<string[]> => {
    const trace: string[] = []
    const disk = hookedDisk(
      () => undefined,
      ({ name, file }) => void trace.push(`${name} ${file}`),
    )
    const store = storeIn(directoryOfTest(), { disk, fsync })
    await store.open()
    trace.length = 0
    for (const id of ['a', 'b']) {
      await store.commit([step(id)])
      trace.push(`acknowledged ${id}`)
    }
    await store.close()
    return trace
  }

  it('comes after the lines are synced, and the first in a file after the file and its name are, too', async () => {
    const trace = await traced('commit')
    expect(trace).toEqual([
      ...['write 00000001.jsonl', 'sync 00000001.jsonl', 'sync tasks'],
      ...['write 00000001.jsonl', 'datasync 00000001.jsonl', 'acknowledged a'],
      ...['write 00000001.jsonl', 'datasync 00000001.jsonl', 'acknowledged b'],
    ])
  })

  it('waits for no sync where none is wanted', async () => {
    expect((await traced('never')).filter((line) => line.startsWith('datasync'))).toEqual([])
  })

  it('of commits that wait for one another comes with one sync for all', async () => {
    const trace: string[] = []
    const store = storeIn(directoryOfTest(), { disk: hookedDisk(({ name }) => void trace.push(name)) })
    await store.open()
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.commit([step(`t${index}`)])))
    expect(trace.filter((name) => name === 'datasync')).toHaveLength(1)
    await store.close()
  })
})

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { TaskStore } from '../../../src/store.js'
import { step } from './support/changes.js'
import { failure, hookedDisk, storeIn } from './support/disks.js'
import { directoryOfTest } from './support/places.js'

const COUNT = 30
/** As many are left alone. */
const MOST_SEGMENTS = 64
const RUNS = MOST_SEGMENTS + 10
const segmentsIn = (directory: string): string[] => readdirSync(directory).filter((name) => /^\d+\.jsonl$/.test(name))
const filesIn = (directory: string): string[] => readdirSync(directory).filter((name) => !name.startsWith('lock.'))

/** All of a life: steps, an end that is pruned, and enough of it that it is compacted more than once. Gives what was acknowledged. */
async function live(store: TaskStore, acknowledged: Map<string, number>): Promise<void> {
  for (let index = 0; index < COUNT; index++) {
    for (const version of [1, 2, 3]) {
      await store.commit([step(`t${index}`, version)])
      acknowledged.set(`t${index}`, version)
    }
    if (index % 5 !== 4) continue
    // While it is on its way, either may be there.
    acknowledged.delete(`t${Math.floor(index / 5)}`)
    await store.prune({ finishedBefore: Infinity, maxTasks: index - Math.floor(index / 5), limit: 1 })
  }
}

async function expectAll(directory: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const store = storeIn(directory)
  await store.open()
  for (const [id, version] of acknowledged) {
    const record = await store.get(id)
    expect(record?.version, id).toBeGreaterThanOrEqual(version)
    expect(await store.history(id), id).toHaveLength(record!.version)
    expect(record!.error, id).toBeNull()
  }
  await store.close()
}

const small = { segmentBytes: 8_000, compactionFloorBytes: 8_000 }

describe('compaction', () => {
  it('keeps the directory small, and all that counts', async () => {
    const directory = directoryOfTest()
    const acknowledged = new Map<string, number>()
    const store = storeIn(directory, small)
    await store.open()
    await live(store, acknowledged)
    await store.close()
    expect(filesIn(directory).some((name) => name.includes('snapshot'))).toBe(true)
    expect(filesIn(directory)).not.toContain('00000001.jsonl')
    expect(filesIn(directory).length).toBeLessThan(10)
    await expectAll(directory, acknowledged)
    const again = storeIn(directory)
    await again.open()
    expect((await again.list({ limit: 1_000 })).items).toHaveLength(COUNT - COUNT / 5)
    await again.close()
  })

  it('goes on giving places in the order of changes behind those it gave before', async () => {
    const directory = directoryOfTest()
    const store = storeIn(directory, small)
    await store.open()
    await live(store, new Map())
    const { items, next } = await store.changes(0, 1_000)
    await store.close()
    const again = storeIn(directory)
    await again.open()
    expect((await again.changes(0, 1_000)).items).toEqual(items)
    await again.commit([step('new')])
    expect((await again.changes(next, 10)).items.map(({ record }) => record.id)).toEqual(['new'])
    await again.close()
  })

  it('replaces segments that are many, though nothing in them is dead, before an opening is over', async () => {
    const directory = directoryOfTest()
    for (let run = 1; run <= RUNS; run++) {
      const store = storeIn(directory)
      await store.open()
      expect(segmentsIn(directory).length).toBeLessThanOrEqual(MOST_SEGMENTS)
      await store.commit([step(`t${run}`)])
      await store.close()
    }
    expect(segmentsIn(directory)).toHaveLength(RUNS - MOST_SEGMENTS - 1)
    await expectAll(directory, new Map(Array.from({ length: RUNS }, (_, run) => [`t${run + 1}`, 1])))
  })

  it('opens all the same where it cannot replace them, and waits for as many again before it tries once more', async () => {
    const directory = directoryOfTest()
    for (let run = 0; run <= MOST_SEGMENTS; run++) {
      const store = storeIn(directory)
      await store.open()
      await store.commit([step(`t${run}`)])
      await store.close()
    }
    let tries = 0
    const disk = hookedDisk(({ name, file }) => {
      if (name !== 'open' || !file.endsWith('.unfinished')) return
      tries++
      throw failure('ENOSPC')
    })
    const store = storeIn(directory, { disk })
    await store.open()
    for (let index = 0; index < 5; index++) await store.commit([step(`later${index}`)])
    await store.close()
    expect(tries).toBe(1)
  })

  it.each(['stops', 'fails once'])(
    'loses nothing where the disk %s at any operation',
    async (kind) => {
      let isClean = false
      let tried = 0
      for (let last = 1; !isClean; last += 1 + Math.floor(last / 20)) {
        const directory = directoryOfTest()
        let count = 0
        const disk = hookedDisk(() => {
          count++
          if (kind === 'stops' ? count >= last : count === last) throw failure('EIO')
        })
        const acknowledged = new Map<string, number>()
        const store = storeIn(directory, { ...small, disk })
        try {
          await store.open()
          await live(store, acknowledged)
        } catch {
          // It stopped on the way.
        }
        await store.close().catch(() => undefined)
        isClean = count < last
        await expectAll(directory, acknowledged)
        tried++
      }
      expect(tried).toBeGreaterThan(30)
    },
    60_000,
  )
})

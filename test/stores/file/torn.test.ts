import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TaskStore } from '../../../src/store.js'
import { encodeLine } from '../../../src/stores/file/line.js'
import { step } from './support/changes.js'
import { storeIn } from './support/disks.js'
import { directoryOfTest } from './support/places.js'

const IDS = ['a', 'b"\n\0', '\ud800', 'ü𝄞']
const segmentIn = (directory: string): string => {
  const name = readdirSync(directory)
    .filter((file) => file.endsWith('.jsonl') && file !== 'corrupt.jsonl')
    .sort()
    .at(-1)
  return join(directory, name!)
}

/** Tasks that have run, each of whose lines is a commit of its own; gives the length of the file behind each. */
async function fill(directory: string): Promise<number[]> {
  const lengths: number[] = []
  const store = storeIn(directory)
  await store.open()
  for (const version of [1, 2]) {
    for (const id of IDS) {
      await store.commit([step(id, version)])
      lengths.push(statSync(segmentIn(directory)).size)
    }
  }
  await store.close()
  return lengths
}

const reopened = async <T>(directory: string, read: (store: TaskStore) => Promise<T>): Promise<T> => {
  const store = storeIn(directory)
  await store.open()
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

describe('a file store that was cut off', () => {
  it('at any byte has all the commits before it, and takes the next', async () => {
    const directory = directoryOfTest()
    const lengths = await fill(directory)
    const path = segmentIn(directory)
    const whole = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.constantFrom(0, 4_096), async (cut, zeros) => {
        writeFileSync(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(zeros)]))
        const known = lengths.filter((length) => length <= cut).length
        await reopened(directory, async (store) => {
          const { items } = await store.list({})
          expect(items.reduce((sum, { version }) => sum + version, 0)).toBe(known)
          expect(await store.commit([step('next')])).toEqual(['applied'])
        })
        expect(await reopened(directory, (store) => store.get('next'))).toMatchObject({ version: 1, error: null })
        writeFileSync(segmentIn(directory), '')
      }),
      {
        numRuns: 40,
        examples: [
          [0, 0],
          [whole.length, 4_096],
          [lengths[2]! - 1, 0],
        ],
      },
    )
  })

  it('cuts the tail from the file', async () => {
    const directory = directoryOfTest()
    const length = (await fill(directory)).at(-1)!
    appendFileSync(segmentIn(directory), '12345678 {"seq":')
    await reopened(directory, async () => undefined)
    expect(statSync(segmentIn(directory)).size).toBe(length)
    expect(existsSync(join(directory, 'corrupt.jsonl'))).toBe(false)
  })
})

describe('a file store with a damaged line', () => {
  it('opens, has the rest whole, says which task it was where that can be told, and keeps the bytes', async () => {
    const directory = directoryOfTest()
    const lengths = await fill(directory)
    const path = segmentIn(directory)
    const whole = readFileSync(path)
    const clean = new Map(
      await reopened(directory, (store) => Promise.all(IDS.map(async (id) => [id, await store.get(id)] as const))),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << bit
        writeFileSync(path, damaged)
        const first = lengths.findIndex((length) => length > at)
        // A newline that is gone makes one line of two.
        const hits = whole[at] === 0x0a ? [first, first + 1] : [first]
        await reopened(directory, async (store) => {
          for (const [index, id] of IDS.entries()) {
            const record = await store.get(id)
            // Its last line was not hit: the record is whole, whatever became of its history.
            if (!hits.includes(index + IDS.length)) expect(record).toEqual(clean.get(id))
            else if (record?.error === null) expect(record.version).toBe(1)
            else expect(record).toMatchObject({ id, error: { code: 'STORE_CORRUPT' } })
          }
        })
        if (damaged[at] !== 0x0a && whole[at] !== 0x0a) {
          const start = damaged.lastIndexOf(0x0a, at) + 1
          expect(readFileSync(join(directory, 'corrupt.jsonl'), 'utf8')).toContain(`"offset":${start}`)
        }
      }),
      { numRuns: 60, examples: lengths.map((length): [number, number] => [length - 1, length % 8]) },
    )
  })

  it.each([
    ['in a text', '"name-0"', '"name-X"', { version: 2, status: 'running' }],
    ['in what makes it JSON', '"name":', '"name;', { version: 1, status: 'failed' }],
    ['in its status', '"status":"running"', '"status":"rxnning"', { version: 2, status: 'failed' }],
  ])('%s says so of the task, until a later line heals it', async (_, text, instead, told) => {
    const directory = directoryOfTest()
    await fill(directory)
    const path = segmentIn(directory)
    const content = readFileSync(path, 'latin1')
    const start =
      content.indexOf('"running"') - content.slice(0, content.indexOf('"running"')).split('\n').at(-1)!.length
    writeFileSync(path, content.slice(0, start) + content.slice(start).replace(text, instead), 'latin1')
    const expected = { id: 'a', ...told, error: { code: 'STORE_CORRUPT' } }
    for (let times = 0; times < 2; times++) {
      await reopened(directory, async (store) => {
        expect(await store.get('a')).toMatchObject(expected)
        expect((await store.history('a')).map(({ error }) => error?.code)).toEqual([undefined, 'STORE_CORRUPT'])
        expect(await store.get('ü𝄞')).toMatchObject({ version: 2, error: null })
      })
    }
    expect(readFileSync(join(directory, 'corrupt.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
    const { seq, record, transitions, errors } = { seq: 99, ...step('a', 3) }
    appendFileSync(path, encodeLine({ seq, record, transitions, errors }))
    expect(await reopened(directory, (store) => store.get('a'))).toEqual(record)
  })

  it("is never taken at another field's word for its status", async () => {
    const directory = directoryOfTest()
    const { record, ...rest } = step('a')
    const failed = { ...record, status: 'failed', metadata: { status: 'completed' } } as const
    await reopened(directory, (store) => store.commit([{ ...rest, record: failed }]))
    const path = segmentIn(directory)
    const whole = readFileSync(path)
    const at = whole.indexOf('"status":"failed"')
    for (let byte = at - 4; byte < at + 20; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(whole)
        damaged[byte]! ^= 1 << bit
        writeFileSync(path, damaged)
        const read = await reopened(directory, (store) => store.get('a'))
        expect(read?.status, `bit ${bit} of byte ${byte}`).not.toBe('completed')
      }
      for (const name of readdirSync(directory)) if (join(directory, name) !== path) rmSync(join(directory, name))
    }
  })

  it('keeps saying so once it has been compacted', async () => {
    const directory = directoryOfTest()
    await fill(directory)
    const path = segmentIn(directory)
    const content = readFileSync(path, 'latin1')
    const at = content.lastIndexOf('"name-0"')
    writeFileSync(path, `${content.slice(0, at)}"name-X"${content.slice(at + 8)}`, 'latin1')
    const store = storeIn(directory, { compactionFloorBytes: 1 })
    await store.open()
    for (let version = 1; version <= 3; version++) await store.commit([step('other', version)])
    await store.close()
    expect(await reopened(directory, (again) => again.get('ü𝄞'))).toMatchObject({ error: { code: 'STORE_CORRUPT' } })
  })
})

describe('a file store from elsewhere', () => {
  it('is refused where a newer version has written it', async () => {
    const directory = directoryOfTest()
    await fill(directory)
    writeFileSync(join(directory, '00000007.jsonl'), encodeLine({ taskward: 'segment', format: 2, seq: 0, ends: {} }))
    await expect(storeIn(directory).open()).rejects.toThrow('update taskward to open it')
    truncateSync(join(directory, '00000007.jsonl'))
    expect(await reopened(directory, async (store) => store.has!('a'))).toBe(true)
  })
})

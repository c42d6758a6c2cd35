import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/stores/memory.js'
import type { TaskStore } from '../../src/store.js'
import { testTaskStore, type StoreSubject, type TaskStoreSuiteOptions } from '../../src/testing/index.js'
import { SUITE } from '../../src/testing/task-store-suite/cases.js'

type Factory = Parameters<typeof testTaskStore>[1]

/** What the suite defines for a subject, with a runner that runs nothing by itself. */
async function planFor(factory: Factory, options: TaskStoreSuiteOptions = {}) {
  const plan = { groups: [] as string[], tests: new Map<string, () => Promise<void>>(), skipped: [] as string[] }
  const definitions: unknown[] = []
  testTaskStore('any', factory, {
    describe: (name, define) => {
      plan.groups.push(name)
      definitions.push(define())
    },
    it: Object.assign((name: string, run: () => Promise<void>) => plan.tests.set(name, run), {
      skip: (name: string) => plan.skipped.push(name),
    }),
    ...options,
  })
  await Promise.all(definitions)
  return plan
}

const able = (capabilities: Partial<TaskStore['capabilities']>): TaskStore => ({
  ...memoryStore(),
  capabilities: { durable: false, shared: false, push: false, ...capabilities },
})

describe('testTaskStore', () => {
  it('defines each case of each group, and skips with a reason what a bare store lacks', async () => {
    const { groups, tests, skipped } = await planFor(() => memoryStore())
    expect(groups).toEqual(['any', ...SUITE.map(({ name }) => name)])
    expect(tests.size + skipped.length).toBe(SUITE.flatMap(({ cases }) => cases).length)
    expect(skipped.every((name) => / \(skipped: the (store|subject) .+\)$/.test(name))).toBe(true)
    expect(skipped.length).toBeLessThan(40)
  })

  it('skips nothing where the subject has it all', async () => {
    const store = {
      ...able({ durable: true, shared: true, push: true }),
      watch: () => () => undefined,
      commitSync: () => [],
    }
    const child = { module: '/nowhere.mjs', args: null }
    const all: StoreSubject = { store, child, reopen: memoryStore, spoil: () => undefined, noticesDeath: true }
    expect((await planFor(() => all)).skipped).toEqual([])
  })

  it.each<[string, StoreSubject, RegExp]>([
    ['durability', { store: memoryStore() }, /the store is not durable/],
    ['a second opener', { store: able({ durable: true }) }, /the subject has no reopen\(\)/],
    ['other processes', { store: able({ shared: true }) }, /the subject has no child/],
    ['push', { store: able({}) }, /the store does not push/],
  ])('says that it is %s which is lacking', async (_, subject, reason) => {
    const { skipped } = await planFor(() => subject)
    expect(skipped.filter((name) => reason.test(name))).not.toEqual([])
  })

  it('disposes of what it has looked at, and of each subject it has tested, also when a test fails', async () => {
    let [made, disposed] = [0, 0]
    const factory = (): StoreSubject => {
      made++
      return {
        store: { ...memoryStore(), get: () => Promise.reject(new Error('broken')) },
        dispose: () => {
          disposed++
        },
      }
    }
    const { tests } = await planFor(factory)
    const [first] = [...tests].filter(([name]) => name.startsWith('takes a new task'))
    await expect(first![1]()).rejects.toThrow('broken')
    expect([made, disposed]).toEqual([2, 2])
  })

  it('fails each test where the factory’s own subject cannot be disposed of', async () => {
    const dispose = (): Promise<void> => Promise.reject(new Error('in use'))
    const { tests } = await planFor(() => ({ store: memoryStore(), dispose }))
    await expect([...tests.values()][0]!()).rejects.toThrow('in use')
  })

  it('waits for a factory that answers later', async () => {
    const { tests } = await planFor(() => Promise.resolve({ store: memoryStore() }))
    await expect([...tests.values()][0]!()).resolves.toBeUndefined()
  })

  it('names seed and step of what failed at random', async () => {
    const counts = () => Promise.resolve({ pending: -1, running: 0, completed: 0, failed: 0, cancelled: 0 })
    const { tests } = await planFor(() => ({ ...memoryStore(), counts }), { seed: 7 })
    const [random] = [...tests].filter(([name]) => name.includes('at random'))
    await expect(random![1]()).rejects.toThrow(/^seed 7, run 1, step \d+: /)
  })

  it('reports what each query took', async () => {
    const lines: string[] = []
    const { tests } = await planFor(() => memoryStore(), { measure: false, report: (line) => lines.push(line) })
    const [large] = [...tests].filter(([name]) => name.startsWith('answers each query'))
    await large![1]()
    expect(lines.length).toBeGreaterThan(25)
    expect(lines[0]).toMatch(/^memory: 2000 records written in [\d.]+ ms$/)
  })

  it('runs under node:test, with neither globals nor options', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'suite-'))
    try {
      const file = join(folder, 'memory.test.mts')
      const from = (path: string) => JSON.stringify(pathToFileURL(resolve(path)).href)
      writeFileSync(
        file,
        `import { memoryStore } from ${from('src/stores/memory.ts')}
         import { testTaskStore } from ${from('src/testing/task-store-suite.ts')}
         testTaskStore('at once', () => memoryStore())
         testTaskStore('later', async () => ({ store: { ...memoryStore(), counts: () => Promise.reject(new Error('broken')) } }))`,
      )
      // `NODE_TEST_CONTEXT` and its kin of the runner around this one are not for that one.
      const env = { PATH: process.env['PATH'] }
      const args = ['--import', 'tsx', '--test', '--test-reporter=tap', file]
      const { stdout } = await promisify(execFile)(process.execPath, args, { env }).catch(
        (failed: unknown) => failed as { stdout: string },
      )
      expect(stdout).toMatch(/^ok 1 - at once$/m)
      expect(stdout).toMatch(/^not ok 2 - later$/m)
      expect(stdout).toMatch(/# SKIP/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 60_000)
})

const [snippet] = /(?<=```ts\n)[^]*?(?=```)/.exec(readFileSync('docs/writing-a-store.md', 'utf8'))!
const folder = mkdtempSync('test/.snippets-')
writeFileSync(join(folder, 'log-store.ts'), snippet)
const { logStore } = (await import(resolve(folder, 'log-store.ts'))) as { logStore: (path: string) => TaskStore }
rmSync(folder, { recursive: true })

testTaskStore('the store of docs/writing-a-store.md', () => {
  const place = mkdtempSync(join(tmpdir(), 'log-store-'))
  const open = () => logStore(join(place, 'tasks.log'))
  return { store: open(), reopen: open, dispose: () => rmSync(place, { recursive: true }) }
})

import assert from 'node:assert/strict'
import type { ErrorQuery, Page, TaskQuery } from '../../core/query.js'
import type { TaskChange, TaskStore } from '../../store.js'
import { apply, errorsAll, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, moved, NOON, taskOf } from './tasks.js'
import type { TrialSettings } from './trial.js'

const MANY = 100_000
const FEW = 2_000
const PAGE = 1_000
const LIMIT_MS = 500
const ROUNDS = 5

export const largeCases: readonly SuiteCase[] = [
  {
    name: 'answers each query for a thousand records, of a great many',
    async run(trial) {
      const store = await trial.open()
      const { settings } = trial
      const total = settings.isMeasured ? MANY : FEW
      settings.report(`${store.kind}: ${total} records written in ${shown(await fill(store, total))}`)
      const slow: string[] = []
      for (const [what, ask] of questionsFor(store, total)) {
        const tookMs = await medianOf(settings.isMeasured ? ROUNDS : 1, ask)
        settings.report(`${store.kind}: ${what}: ${shown(tookMs)}`)
        if (tookMs > LIMIT_MS) slow.push(`${what} took ${shown(tookMs)}`)
      }
      if (settings.isMeasured) assert.deepEqual(slow, [], `more than ${LIMIT_MS} ms`)
      else await checkAll(store, total)
      await checkPrune(store, settings, total)
    },
  },
]

type Question = readonly [what: string, ask: () => Promise<unknown>]

function questionsFor(store: TaskStore, total: number): Question[] {
  const list = (query: TaskQuery) => async (): Promise<void> => checkSize(await store.list({ limit: PAGE, ...query }))
  const errors = (query: ErrorQuery) => async (): Promise<void> =>
    checkSize(await store.errors({ limit: PAGE, ...query }))
  const middle = { cursor: `${NOON + total / 2}:` + idOf(total / 2) }
  const lists: [string, TaskQuery][] = [
    ['list', {}],
    ['list oldest first', { order: 'oldest' }],
    ['list from the middle', middle],
    ['list by status', { status: 'failed' }],
    ['list by two statuses', { status: ['pending', 'running'] }],
    ['list by name', { name: 'name 3' }],
    ['list by lane', { lane: 'lane 1' }],
    ['list by owner', { owner: 'owner 7' }],
    ['list by parent', { parentId: 'parent 5' }],
    ['list by text', { text: 'OWNER 7' }],
    ['list by text that is nowhere', { text: 'nowhere' }],
    ['list by an owner that is nowhere', { owner: 'nowhere' }],
    ['list by time', { createdAfter: NOON + total / 4, createdBefore: NOON + total / 2 }],
    ['list by status, owner and time', { status: 'completed', owner: 'owner 7', createdBefore: NOON + total / 2 }],
    ['list by status and text, from the middle', { status: 'failed', text: 'broke 3', ...middle }],
  ]
  const failures: [string, ErrorQuery][] = [
    ['errors', {}],
    ['errors by name', { name: 'name 3' }],
    ['errors by owner', { owner: 'owner 7' }],
    ['errors by fingerprint', { fingerprint: 'f1' }],
    ['errors by code', { code: 'E1' }],
    ['errors by text', { text: 'BROKE 3' }],
    ['errors by text that is nowhere', { text: 'nowhere' }],
    ['errors by time', { createdAfter: NOON + total / 4, createdBefore: NOON + total / 2 }],
  ]
  return [
    ...lists.map(([what, query]): Question => [what, list(query)]),
    ...failures.map(([what, query]): Question => [what, errors(query)]),
    ['history of a thousand steps', async () => assert.equal((await store.history('long')).length, PAGE)],
    ['get', () => store.get(idOf(total / 2))],
    ['counts', () => store.counts()],
    ['a thousand changes', async () => assert.equal((await store.changes(0, PAGE)).items.length, PAGE)],
    ['the present place', () => store.changes(Infinity, PAGE)],
    ['a hundred orphans', async () => assert.equal((await store.orphans(100)).length, 100)],
  ]
}

/** No more than asked for; and where nothing is given, there is either nothing or a place to go on from. */
const checkSize = ({ items, nextCursor }: Page<unknown>): void =>
  assert.ok(items.length <= PAGE && (nextCursor === null || nextCursor !== ''))

/** Gives how long the commits took. */
async function fill(store: TaskStore, total: number): Promise<number> {
  let tookMs = 0
  for (let from = 0; from < total; from += PAGE) {
    const batch = Array.from({ length: Math.min(PAGE, total - from) }, (_, index) => lifeOf(from + index))
    const startedAt = performance.now()
    await apply(store, batch)
    tookMs += performance.now() - startedAt
  }
  const running = born(taskOf('long', { status: 'running', createdAt: 0 }))
  const { transitions } = moved(running.record, 'pending')
  const steps = Array.from({ length: PAGE - 2 }, (_, at) => ({ ...transitions[0]!, at }))
  await apply(store, [{ ...running, transitions: [...running.transitions, ...steps] }])
  return tookMs
}

const STATUSES = [
  'completed',
  'completed',
  'failed',
  'completed',
  'cancelled',
  'running',
  'completed',
  'pending',
] as const
const idOf = (number: number): string => `task-${String(number).padStart(6, '0')}`

function lifeOf(number: number): TaskChange {
  const status = STATUSES[number % 8]!
  const life = born(
    taskOf(idOf(number), {
      ...{ status, name: `name ${number % 10}`, lane: number % 3 ? null : `lane ${number % 2}` },
      ...{ owner: number % 5 ? `owner ${number % 40}` : null, parentId: number % 10 ? null : `parent ${number % 25}` },
      ...{ createdAt: NOON + number, metadata: { order: number, note: 'n'.repeat(100) } },
      error: status === 'failed' ? errorOf(`It broke ${number % 17}`, `E${number % 4}`) : null,
    }),
  )
  return { ...life, errors: life.errors.map((failure) => ({ ...failure, fingerprint: `f${number % 3}` })) }
}

/** What pages give together is what there is, by each filter. */
async function checkAll(store: TaskStore, total: number): Promise<void> {
  const records = Array.from({ length: total }, (_, number) => lifeOf(number).record)
  const sizes: [TaskQuery, (record: (typeof records)[number]) => boolean][] = [
    [{ status: 'failed' }, ({ status }) => status === 'failed'],
    [{ owner: 'owner 7' }, ({ owner }) => owner === 'owner 7'],
    [{ text: 'OWNER 7' }, ({ owner }) => owner === 'owner 7'],
    [{ text: 'nowhere' }, () => false],
    [{ status: 'failed', text: 'broke 3' }, ({ error }) => error?.message === 'It broke 3'],
  ]
  for (const [query, holds] of sizes) {
    const found = await listAll(store, { ...query, limit: 97, order: 'oldest' })
    assert.deepEqual(found, records.filter(holds), JSON.stringify(query))
  }
  assert.equal((await errorsAll(store, { limit: 97 })).length, total / 8)
}

/** A thousand at a time, as the supervisor prunes. */
async function checkPrune(store: TaskStore, settings: TrialSettings, total: number): Promise<void> {
  const startedAt = performance.now()
  const removed = await store.prune({ finishedBefore: Infinity, maxTasks: total / 4, limit: PAGE })
  settings.report(`${store.kind}: ${removed} pruned in ${shown(performance.now() - startedAt)}`)
  assert.equal(removed, Math.min(PAGE, total / 2))
  assert.equal(await store.get(idOf(0)), undefined)
  assert.notEqual(await store.get(idOf(total - 2)), undefined)
}

async function medianOf(rounds: number, ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    await ask()
    took.push(performance.now() - startedAt)
  }
  return took.sort((a, b) => a - b)[rounds >> 1]!
}

const shown = (ms: number): string => `${ms.toFixed(1)} ms`

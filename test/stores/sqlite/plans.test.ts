import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, recordOf } from './changes.js'
import { makePlace } from './places.js'
import { openDatabase, type SqliteDatabase, type SqliteValue } from '../../../src/stores/sqlite/driver.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'
import type { TaskStore } from '../../../src/store.js'

const place = makePlace()
let database: SqliteDatabase
let store: TaskStore
/** What SQLite says of each statement that is asked. */
let plans: string[] = []

beforeAll(async () => {
  database = openDatabase(place.path)
  store = sqliteStore({ database: explaining(database) })
  await store.open()
  await store.commit(Array.from({ length: 10 }, (_, n) => change(recordOf(`task ${String(n)}`))))
  // Statistics of a small table would lead the planner astray, were it asked.
  database.exec('ANALYZE')
})
afterAll(async () => {
  await store.close()
  database.close?.()
  place.dispose()
})

function explaining(on: SqliteDatabase): SqliteDatabase {
  const explain = (sql: string, values: SqliteValue[]): void => {
    const steps = on.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
    plans.push(...steps.map(({ detail }) => detail))
  }
  return {
    exec: (sql) => on.exec(sql),
    prepare: (sql) => {
      const statement = on.prepare(sql)
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => (explain(sql, values), statement.get(...values)),
        all: (...values) => (explain(sql, values), statement.all(...values)),
      }
    },
  }
}

const plansOf = async (ask: () => Promise<unknown>): Promise<string[]> => {
  plans = []
  await ask()
  return plans
}

const cursor = '1700000000000:x'

describe('SQLite answers by an index, and sorts nothing', () => {
  it.each<[string, string, () => Promise<unknown>]>([
    ['a list', 'tasks_created', () => store.list({})],
    ['the oldest first', 'tasks_created', () => store.list({ order: 'oldest', cursor })],
    ['a status', 'tasks_status (status=? AND', () => store.list({ status: 'failed', cursor })],
    ['what is unfinished', 'tasks_unfinished', () => store.list({ status: ['pending', 'running'], cursor })],
    ['several statuses', 'tasks_created', () => store.list({ status: ['failed', 'running'], cursor })],
    ['a name', 'tasks_name (name=? AND', () => store.list({ name: 'n', status: 'failed', cursor })],
    ['a lane', 'tasks_lane (lane=? AND', () => store.list({ lane: 'l', status: ['failed', 'running'] })],
    ['an owner', 'tasks_owner (owner=? AND', () => store.list({ owner: 'o', name: 'n', lane: 'l' })],
    ['a parent', 'tasks_parent (parent_id=? AND', () => store.list({ parentId: 'p', owner: 'o', text: 't' })],
    ['a text', 'tasks_created', () => store.list({ text: 't', createdAfter: 5, createdBefore: 9, cursor })],
    ['errors', 'errors_at', () => store.errors({ cursor })],
    [
      'errors of a fingerprint',
      'errors_fingerprint (fingerprint=? AND',
      () => store.errors({ fingerprint: 'f', code: 'c' }),
    ],
    ['errors of a code', 'errors_code (code=? AND', () => store.errors({ code: 'c', name: 'n' })],
    ['errors of a name', 'errors_name (task_name=? AND', () => store.errors({ name: 'n', text: 't' })],
    ['errors of an owner', 'errors_owner (owner=? AND', () => store.errors({ owner: 'o', name: 'n' })],
    ['changes', 'tasks_seq (seq>?)', () => store.changes(3, 5)],
    ['counts', 'COVERING INDEX taskward_tasks_status', () => store.counts()],
    ['what is to be pruned', 'tasks_finished', () => store.prune({ finishedBefore: 1, maxTasks: 100, limit: 5 })],
  ])('%s: %s', async (_, index, ask) => {
    const found = await plansOf(ask)
    expect(found.join('\n')).toContain(index)
    expect(found.filter((plan) => plan.includes('TEMP B-TREE') || /^SCAN taskward_\w+$/.test(plan))).toEqual([])
  })

  it('reads on from a cursor where it stands, at both ends of the range', async () => {
    const found = await plansOf(() => store.list({ status: 'failed', createdAfter: 5, cursor }))
    expect(found.join('\n')).toContain('(status=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))')
  })

  it('finds orphans in their order, by instance', async () => {
    const found = await plansOf(() => store.orphans(5))
    const place = found.findIndex((plan) => plan.includes('taskward_tasks_unfinished'))
    expect(place).toBeGreaterThan(-1)
    expect(found.slice(place).filter((plan) => plan.includes('TEMP B-TREE'))).toEqual([])
  })
})
